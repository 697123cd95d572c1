import { GanglionError } from '../../../errors.ts';
import { metadataText, readGgufHeader, type GgufHeader } from '../../../../quantize/index.ts';

/** Arrays with a number for each layer are kept; vocabularies are not. */
const MAX_LAYERS = 1024;

/** Refuses what would abort the process inside llama.cpp, or fail there without a reason. Throws MODEL_UNSUPPORTED and what reading throws. */
export function checkModelHeader(file: string): GgufHeader {
  const header = readGgufHeader(file, { keepArraysUpTo: MAX_LAYERS });
  const unsupported = (reason: string): GanglionError =>
    new GanglionError('MODEL_UNSUPPORTED', { file, reason });
  if (metadataText(header, 'general.architecture') === undefined)
    throw unsupported('it does not name its architecture');
  if (metadataText(header, 'general.type') === 'adapter')
    throw unsupported('it is an adapter (LoRA), which goes on top of a model');
  if (header.tensors.length === 0) throw unsupported('it holds no weights, only data such as a vocabulary');
  if (metadataText(header, 'tokenizer.ggml.model') === undefined)
    throw unsupported('it has no vocabulary, so it reads no words');
  const strange = header.tensors.find(({ type }) => type === undefined);
  if (strange !== undefined)
    throw unsupported(`its tensor ${strange.name} is of the unknown type ${strange.typeNumber}`);
  return header;
}

/** Throws MODEL_UNSUPPORTED if the file is no adapter for a model of this architecture, and what reading throws. */
export function checkAdapterHeader(file: string, architecture: string): void {
  const header = readGgufHeader(file, { keepArraysUpTo: 0 });
  const unsupported = (reason: string): GanglionError =>
    new GanglionError('MODEL_UNSUPPORTED', { file, reason });
  if (metadataText(header, 'general.type') !== 'adapter' || metadataText(header, 'adapter.type') !== 'lora')
    throw unsupported('it is no LoRA adapter, though it is named as one');
  const made = metadataText(header, 'general.architecture');
  if (made !== architecture)
    throw unsupported(
      `it is an adapter for ${made ?? 'an unnamed architecture'} and the model is ${architecture}`,
    );
}
