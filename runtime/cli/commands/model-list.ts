import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { formatBytes } from '../../lib/units.ts';
import { defineCommand, printJson } from '../command.ts';
import { readConfig } from '../connection.ts';
import { table } from '../table.ts';

export const modelListCommand = defineCommand({
  args: {
    folder: {
      type: 'positional',
      required: false,
      description: 'default: the folder of the configured model, or models/',
    },
  },
  async run({ args, io }) {
    const { listModels } = await import('../../../quantize/index.ts');
    const configured = readConfig(io, args.config).model?.file;
    const folder = resolve(
      io.cwd,
      args.folder ?? (configured === undefined ? 'models' : dirname(configured)),
    );
    const models = args.folder === undefined && !existsSync(folder) ? [] : listModels(folder);
    if (args.json === true) {
      printJson(io, { folder, models });
      return 0;
    }
    if (models.length === 0) {
      io.out(`There is no .gguf or .onnx file in ${folder}.\n`);
      return 0;
    }
    const rows = models.map((model) => {
      const used = model.file === configured ? '*' : '';
      const name = relative(folder, model.file);
      if (model.format === 'unreadable') return [used, name, '', '', model.problem];
      const kind = model.format === 'gguf' ? model.quantization : 'onnx';
      const what =
        model.format === 'gguf' ? `${count(model.parameters)} ${model.architecture}` : `${model.nodes} nodes`;
      return [used, name, formatBytes(model.fileBytes), kind, what];
    });
    const columns = [
      { title: ' ', min: 1 },
      { title: 'FILE', min: 24 },
      { title: 'SIZE', align: 'right' as const },
      { title: 'TYPE' },
      { title: 'WHAT', min: 12 },
    ];
    io.out(table(columns, rows, io.columns));
    return 0;
  },
});

/** 494 032 768 → `494M`. */
export function count(parameters: number): string {
  if (parameters >= 1e9) return `${(parameters / 1e9).toFixed(1)}B`;
  if (parameters >= 1e6) return `${Math.round(parameters / 1e6)}M`;
  return parameters >= 1e3 ? `${Math.round(parameters / 1e3)}k` : String(parameters);
}
