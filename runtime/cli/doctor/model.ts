import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Config } from '../../config/load.ts';
import type { Clock } from '../../contract/time.ts';
import { costsText } from '../../embedded-model.ts';
import { isGanglionError, messageOf } from '../../errors.ts';
import { systemClock } from '../../lib/clock.ts';
import { formatBytes } from '../../lib/units.ts';
import type { SynapseCard } from '../../modelhost/synapse/card.ts';
import { tongueName } from '../../modelhost/synapse/tongue.ts';
import { count } from '../format.ts';
import { startEmbedded } from '../local-embedded.ts';
import { presentModel } from '../local-model.ts';
import { fail, ok, type Check } from './check.ts';

type ModelConfig = Pick<Config, 'model' | 'models_folder'> & Partial<Pick<Config, 'embedded_model'>>;

/** Looks inside the configured model file or folder without loading it; the embedded one takes no time, and is loaded. */
export async function checkModel(config: ModelConfig, clock: Clock = systemClock): Promise<Check> {
  const { model, embedded_model: wanted = false } = config;
  try {
    const embedded = await checkEmbedded({ model, embedded_model: wanted }, clock);
    if (embedded !== undefined) return embedded;
  } catch (error) {
    return fail('model', messageOf(error), isGanglionError(error) ? error.remedy : 'Install Ganglion again.');
  }
  if (model === undefined) return ok('model', 'none configured; the llm rung abstains');
  try {
    const file = presentModel(model.file, config);
    return ok('model', `${basename(file)}: ${await describeModel(file)}`);
  } catch (error) {
    const mend = isGanglionError(error) ? error.remedy : 'Mend `model.file` in ganglion.yaml.';
    return fail('model', messageOf(error), mend);
  }
}

/** Undefined: it is not the one that is asked. Throws MODEL_…. */
async function checkEmbedded(
  config: Pick<Config, 'model' | 'embedded_model'>,
  clock: Clock,
): Promise<Check | undefined> {
  const started = startEmbedded(config, clock);
  if (started === undefined) return undefined;
  try {
    const { card } = started.synapse;
    const { info, loadMs } = await started.model.loaded();
    return ok('model', `${basename(started.synapse.file)}: ${cardText(card)}${costsText(info, loadMs)}`);
  } finally {
    await started.stop();
  }
}

/** `Synapse, embedded, 8M, Q8_0, 8.7 MB, knows English` */
export function cardText({ name, parameters, quantization, bytes, languages }: SynapseCard): string {
  const known = languages.map(tongueName).join(' and ');
  return `${name}, embedded, ${count(parameters)}, ${quantization}, ${formatBytes(bytes)}, knows ${known}`;
}

/** Format and size in a few words. Throws MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID. */
async function describeModel(path: string): Promise<string> {
  const { inspectModel, readHead } = await import('../../../quantize/index.ts');
  const { isTfModel, readTfModel } = await import('../../modelhost/engines/tf/model-file.ts');
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isTfModel(path, isFolder ? new Uint8Array() : readHead(path, 16))) {
    const { format, sizeBytes } = readTfModel(path);
    return `TensorFlow.js ${format} model, ${formatBytes(sizeBytes)}`;
  }
  const { imageModelFile } = await import('../../modelhost/engines/onnx/image.ts');
  const info = inspectModel(imageModelFile(path) ?? path);
  const type = info.format === 'gguf' ? `${info.architecture} ${info.quantization}` : 'ONNX';
  return `${type}, ${formatBytes(info.fileBytes)}`;
}
