import type { InferenceSession } from 'onnxruntime-node';
import { GanglionError } from '../../../errors.ts';
import type { OnnxHeader } from '../../../../quantize/index.ts';
import type { KvLayout, KvSlot } from './key-values.ts';

/** What a decoder may ask for besides its keys and values. */
const KNOWN_INPUTS: ReadonlySet<string> = new Set([
  'input_ids',
  'attention_mask',
  'position_ids',
  'num_logits_to_keep',
]);

/**
 * The keys and values a model takes and gives, and the width of its output.
 * Throws MODEL_UNSUPPORTED for one that is no decoder with a cache in 32-bit floats.
 */
export function layoutOf(
  file: string,
  session: Pick<InferenceSession, 'inputMetadata' | 'outputMetadata'>,
  header: Pick<OnnxHeader, 'operators'>,
): { readonly layout: KvLayout; readonly vocabularySize: number } {
  const unsupported = (reason: string): GanglionError =>
    new GanglionError('MODEL_UNSUPPORTED', { file, reason });
  const outputs = new Map(session.outputMetadata.map((output) => [output.name, output]));
  const slots: KvSlot[] = [];
  for (const input of session.inputMetadata) {
    const part = /^past_key_values\.(\d+\.(?:key|value))$/.exec(input.name)?.[1];
    if (part === undefined) {
      if (KNOWN_INPUTS.has(input.name)) continue;
      throw unsupported(`it asks for ${input.name}, which a decoder of text does not`);
    }
    if (!input.isTensor || input.type !== 'float32') {
      const type = input.isTensor ? input.type : 'no tensor';
      throw unsupported(`its ${input.name} is ${type} and not float32; use its q4, int8 or fp32 file`);
    }
    const [, heads, , headSize] = input.shape;
    if (input.shape.length !== 4 || typeof heads !== 'number' || typeof headSize !== 'number') {
      throw unsupported(
        `its ${input.name} is [${input.shape.join(', ')}] and not [batch, heads, tokens, size]`,
      );
    }
    const output = `present.${part}`;
    if (!outputs.has(output)) throw unsupported(`it does not give ${output} back`);
    slots.push({ input: input.name, output, heads, headSize });
  }
  if (slots.length === 0) throw unsupported('it has no past_key_values; export it with a cache');
  const logits = outputs.get('logits');
  const width = logits?.isTensor === true ? logits.shape.at(-1) : undefined;
  if (logits?.isTensor !== true || logits.type !== 'float32' || typeof width !== 'number') {
    throw unsupported('its logits are not float32 of a fixed width');
  }
  // One such operator per layer, each with keys and values.
  const shared = header.operators.get('GroupQueryAttention') === slots.length / 2;
  return { layout: { slots, shared }, vocabularySize: width };
}
