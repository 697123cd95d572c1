import { existsSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { synapseOf } from '../../embedded-model.ts';
import { formatBytes } from '../../lib/units.ts';
import { modelStore } from '../../modelhost/pull/open.ts';
import { isModelReference } from '../../modelhost/pull/reference.ts';
import { embeddedSynapse, type Synapse } from '../../modelhost/synapse/card.ts';
import { tongueName } from '../../modelhost/synapse/tongue.ts';
import { defineCommand, printJson } from '../command.ts';
import { count } from '../format.ts';
import { readConfig } from '../connection.ts';
import { table } from '../table.ts';

export const modelListCommand = defineCommand({
  args: {
    folder: {
      type: 'positional',
      required: false,
      description: 'default: the folder of the configured model, or models/, and what was fetched',
    },
  },
  async run({ args, io }) {
    const { listModels } = await import('../../../quantize/index.ts');
    const config = readConfig(io, args.config);
    const given = config.model?.file;
    const store = modelStore(config, { env: io.env });
    const configured = given !== undefined && isModelReference(given) ? store.find(given)?.file : given;
    const beside = given === undefined || isModelReference(given) ? 'models' : dirname(given);
    const folder = resolve(io.cwd, args.folder ?? beside);
    // A folder that is named is all that is looked at; else the fetched models are shown as well.
    const folders = args.folder === undefined ? [...new Set([folder, store.folder])] : [folder];
    const models = folders
      .filter((one) => args.folder !== undefined || existsSync(one))
      .flatMap((one) => listModels(one).map((model) => ({ ...model, pulled: one === store.folder })));
    // A folder that is named is all that is looked at.
    const embedded = args.folder === undefined ? embeddedSynapse() : undefined;
    const asked = synapseOf(config)?.file === embedded?.file;
    if (args.json === true) {
      const { file, card } = embedded ?? {};
      printJson(io, {
        folder,
        models,
        ...(card === undefined ? {} : { embedded: { file, asked, ...card } }),
      });
      return 0;
    }
    if (models.length === 0 && embedded === undefined) {
      io.out(`There is no .gguf or .onnx file in ${folders.join(' or ')}.\n`);
      return 0;
    }
    const others = models.map((model) => {
      const used = model.file === configured ? '*' : '';
      const name = relative(model.pulled ? store.folder : folder, model.file);
      const from = model.pulled ? 'fetched' : 'here';
      if (model.format === 'unreadable') return [used, name, '', '', from, model.problem];
      const kind = model.format === 'gguf' ? model.quantization : 'onnx';
      const what =
        model.format === 'gguf' ? `${count(model.parameters)} ${model.architecture}` : `${model.nodes} nodes`;
      return [used, name, formatBytes(model.fileBytes), kind, from, what];
    });
    const rows = [...(embedded === undefined ? [] : [embeddedRow(embedded, asked)]), ...others];
    const columns = [
      { title: ' ', min: 1 },
      { title: 'FILE', min: 24 },
      { title: 'SIZE', align: 'right' as const },
      { title: 'TYPE' },
      { title: 'FROM' },
      { title: 'WHAT', min: 12 },
    ];
    io.out(table(columns, rows, io.columns));
    return 0;
  },
});

function embeddedRow({ file, card }: Synapse, asked: boolean): string[] {
  const { parameters, bytes, quantization, languages, accuracies = {} } = card;
  const right = accuracies['requests'];
  const what = [
    `${count(parameters)} ${card.name}`,
    languages.map(tongueName).join(' and '),
    ...(right === undefined ? [] : [`${Math.round(right * 100)} % of requests`]),
  ];
  return [asked ? '*' : '', basename(file), formatBytes(bytes), quantization, 'embedded', what.join(', ')];
}
