import { resolve } from 'node:path';
import { formatBytes } from '../../lib/units.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { clean, padEnd } from '../text.ts';

export const modelInspectCommand = defineCommand({
  args: { file: { type: 'positional', required: true, description: 'a GGUF or ONNX file' } },
  async run({ args, io, style }) {
    const { inspectModel } = await import('../../../quantize/index.ts');
    const model = inspectModel(resolve(io.cwd, args.file));
    if (args.json === true) printJson(io, model);
    else print(model, io, style);
    return 0;
  },
});

/** Every field on a line of its own; what is unknown is left out. */
function print(model: object, io: CommandContext['io'], style: CommandContext['style']): void {
  for (const [name, value] of Object.entries(model)) {
    const text = shown(name, value);
    if (text === '') continue;
    const label = name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
    io.out(`${style.dim(padEnd(label, 20))}${clean(text)}\n`);
  }
}

function shown(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (name === 'fileBytes' && typeof value === 'number') return formatBytes(value);
  if (typeof value === 'number')
    return Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(2);
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map((item: unknown) => shown('', item)).join('; ');
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${shown(key, inner)}`)
    .join(', ');
}
