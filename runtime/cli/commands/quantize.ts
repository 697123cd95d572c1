import { basename, dirname, extname, join, resolve } from 'node:path';
import { GanglionError } from '../../errors.ts';
import { formatBytes } from '../../lib/units.ts';
import { didYouMean } from '../../lib/suggest.ts';
import { wholeNumber } from '../arguments.ts';
import { defineCommand, printJson } from '../command.ts';
import { Progress } from '../progress.ts';

export const quantizeCommand = defineCommand({
  args: {
    file: { type: 'positional', required: true, description: 'a GGUF model' },
    to: { type: 'string', required: true, valueHint: 'TYPE', description: 'such as Q4_K_M or Q8_0' },
    out: {
      type: 'string',
      valueHint: 'FILE',
      description: 'default: beside the model, with the type in its name',
    },
    force: { type: 'boolean', description: 'replace the output if it is there' },
    requantize: { type: 'boolean', description: 'accept a model that is quantized already; it loses twice' },
    threads: { type: 'string', valueHint: 'N', description: 'default: all cores but one' },
  },
  notes: ['ganglion quantize qwen2.5-0.5b-f16.gguf --to Q4_K_M'],
  async run({ args, io }) {
    const { isQuantization, QUANTIZATIONS, quantizeGguf } = await import('../../../quantize/index.ts');
    const type = args.to.toUpperCase();
    if (!isQuantization(type)) {
      const hint = didYouMean(type, Object.keys(QUANTIZATIONS));
      throw new GanglionError('USAGE', {
        message: `Expected a type of quantization for --to but received ${args.to}; ${hint}.`,
      });
    }
    const input = resolve(io.cwd, args.file);
    const output = resolve(io.cwd, args.out ?? outputName(input, type));
    const stop = new AbortController();
    const forget = io.onInterrupt(() => stop.abort());
    const progress = new Progress(io, `quantizing to ${type}`, args.json === true);
    try {
      const result = await quantizeGguf({
        input,
        output,
        type,
        force: args.force === true,
        allowRequantize: args.requantize === true,
        ...(args.threads !== undefined && { threads: wholeNumber(args.threads, '--threads', 1, 256) }),
        signal: stop.signal,
        onProgress: ({ fraction, step }) => progress.update(fraction, step),
      });
      progress.done();
      if (args.json === true) printJson(io, { input, output, type, ...result });
      else {
        const sizes = `${formatBytes(result.inputBytes)} → ${formatBytes(result.outputBytes)}`;
        const per = `${result.bitsPerWeight.toFixed(2)} bits per weight`;
        io.out(`Wrote ${output}: ${sizes}, ${per}, in ${result.seconds.toFixed(1)} s.\n`);
      }
      return 0;
    } finally {
      progress.done();
      forget();
    }
  },
});

/** `model-f16.gguf` → `model-q4_k_m.gguf`. */
function outputName(input: string, type: string): string {
  const stem = basename(input, extname(input)).replace(/[-_.](f32|f16|bf16|fp16|fp32)$/i, '');
  return join(dirname(input), `${stem}-${type.toLowerCase()}.gguf`);
}
