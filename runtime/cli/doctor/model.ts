import { basename } from 'node:path';
import type { Config } from '../../config/load.ts';
import { isGanglionError, messageOf } from '../../errors.ts';
import { formatBytes } from '../../lib/units.ts';
import { presentModel } from '../local-model.ts';
import { fail, ok, type Check } from './check.ts';

/** Looks inside the configured model file without loading it. */
export async function checkModel(config: Pick<Config, 'model' | 'models_folder'>): Promise<Check> {
  const { model } = config;
  if (model === undefined) return ok('model', 'none configured; the llm rung abstains');
  const { inspectModel } = await import('../../../quantize/index.ts');
  try {
    const file = presentModel(model.file, config);
    const info = inspectModel(file);
    const type = info.format === 'gguf' ? `${info.architecture} ${info.quantization}` : 'ONNX';
    return ok('model', `${basename(file)}: ${type}, ${formatBytes(info.fileBytes)}`);
  } catch (error) {
    const mend = isGanglionError(error) ? error.remedy : 'Mend `model.file` in ganglion.yaml.';
    return fail('model', messageOf(error), mend);
  }
}
