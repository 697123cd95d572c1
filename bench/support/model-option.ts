import { resolve } from 'node:path';
import type { Quantization } from '../../quantize/index.ts';
import { DEVICES, type Device, type ModelSpec } from '../../runtime/contract/engine.ts';
import { GanglionError } from '../../runtime/errors.ts';
import { modelSpec } from '../../runtime/modelhost/options.ts';
import { takeText } from './options.ts';
import { modelOfShape } from './shape/model.ts';

/** What the budgets are about: half a billion parameters at Q4_K_M. */
const DEFAULT_SHAPE = 'qwen2.5-0.5b';

export interface ModelOption {
  readonly spec: ModelSpec;
  /** The file's name, or the shape's: for the report. */
  readonly name: string;
  /** What is left of the command line. */
  readonly args: readonly string[];
}

/**
 * Reads `--model FILE`, `--model-shape NAME` and `--device NAME`. Without a file a model with random weights in the shape of
 * a known one is written, which takes a moment the first time. Throws BENCH_OPTION.
 */
export async function readModelOption(
  argv: readonly string[],
  context: {
    readonly log: (line: string) => void;
    readonly contextTokens: number;
    /** Default: `qwen2.5-0.5b`. */
    readonly shape?: string;
    /** Of a shape's weights. Default: Q4_K_M. */
    readonly type?: Quantization;
  },
): Promise<ModelOption> {
  const args = [...argv];
  const file = takeText(args, '--model');
  const shape = takeText(args, '--model-shape') ?? context.shape ?? DEFAULT_SHAPE;
  const device = takeText(args, '--device') ?? 'cpu';
  if (!isDevice(device))
    throw new GanglionError('BENCH_OPTION', {
      option: '--device',
      expected: `one of ${DEVICES.join(', ')}`,
      received: device,
    });
  const path =
    file === undefined ? await writtenShape(shape, context.type ?? 'Q4_K_M', context.log) : resolve(file);
  const spec = modelSpec(path, { contextTokens: context.contextTokens, device });
  return { spec, name: file ?? shape, args };
}

async function writtenShape(shape: string, type: Quantization, log: (line: string) => void): Promise<string> {
  let tenths = -1;
  return modelOfShape(shape, {
    type,
    onProgress: ({ fraction, step }) => {
      if (Math.floor(fraction * 10) === tenths) return;
      tenths = Math.floor(fraction * 10);
      log(`a model in the shape of ${shape}: ${step}, ${tenths * 10} %`);
    },
  });
}

function isDevice(text: string): text is Device {
  return (DEVICES as readonly string[]).includes(text);
}
