import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Config } from '../../config/load.ts';
import { isGanglionError, messageOf } from '../../errors.ts';
import { formatBytes } from '../../lib/units.ts';
import { presentModel } from '../local-model.ts';
import { fail, ok, type Check } from './check.ts';

/** Looks inside the configured model file or folder without loading it. */
export async function checkModel(config: Pick<Config, 'model' | 'models_folder'>): Promise<Check> {
  const { model } = config;
  if (model === undefined) return ok('model', 'none configured; the llm rung abstains');
  try {
    const file = presentModel(model.file, config);
    return ok('model', `${basename(file)}: ${await describeModel(file)}`);
  } catch (error) {
    const mend = isGanglionError(error) ? error.remedy : 'Mend `model.file` in ganglion.yaml.';
    return fail('model', messageOf(error), mend);
  }
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
