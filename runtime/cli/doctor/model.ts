import { basename } from 'node:path';
import type { Config } from '../../config/load.ts';
import { isGanglionError, messageOf } from '../../errors.ts';
import { formatBytes } from '../../lib/units.ts';
import { fail, ok, type Check } from './check.ts';

/** Looks inside the configured model file without loading it. */
export async function checkModel(model: Config['model']): Promise<Check> {
  if (model === undefined) return ok('model', 'none configured; the llm rung abstains');
  const { inspectModel } = await import('../../../quantize/index.ts');
  try {
    const info = inspectModel(model.file);
    const type = info.format === 'gguf' ? `${info.architecture} ${info.quantization}` : 'ONNX';
    return ok('model', `${basename(model.file)}: ${type}, ${formatBytes(info.fileBytes)}`);
  } catch (error) {
    const mend = isGanglionError(error) ? error.remedy : 'Mend `model.file` in ganglion.yaml.';
    return fail('model', messageOf(error), mend);
  }
}
