import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import {
  boardKey,
  CATALOGUE,
  measuredHere,
  measureMemoryGBs,
  probeHost,
  profileOf,
  rankModels,
  readTuning,
  speedMeasured,
  type BoardSpeed,
  type Candidate,
  type Profile,
  type Ranked,
} from '../../../devices/index.ts';
import type { Config } from '../../config/load.ts';
import { isModelReference } from '../../modelhost/pull/reference.ts';
import { defaultModelsFolder } from '../../modelhost/pull/settings.ts';
import { formatBytes, parseBytes } from '../../lib/units.ts';
import { usage } from '../arguments.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { configFile, readConfig } from '../connection.ts';
import { latencyText } from '../format.ts';
import { shapeOf } from '../models/shape.ts';
import { table } from '../table.ts';
import { wrap } from '../text.ts';

export const modelRecommendCommand = defineCommand({
  args: {
    memory: {
      type: 'string',
      valueHint: 'SIZE',
      description: 'what a model may take, such as 1GB; default: `model.memory`, or what fits this board',
    },
  },
  notes: ['ganglion model recommend --memory 1GB'],
  async run({ args, io, style }) {
    const config = readConfig(io, args.config);
    const probe = probeHost();
    const profile = profileOf(probe);
    const budgetBytes = budgetOf(args.memory) ?? config.model?.memory ?? profile.modelBytes;
    const key = boardKey(probe);
    const local = await localModels(config, folders(config, io, args.config), key);
    const board = boardSpeed(profile, speedMeasured(measuredHere(config.data, key)), () => io.clock.mono());
    const here = new Set(local.map(({ source }) => source.split('/').at(-1)?.toLowerCase()));
    const far = CATALOGUE.filter(({ reference }) => !here.has(reference.split('/').at(-1)?.toLowerCase()));
    const ranked = rankModels({
      candidates: [
        ...local,
        ...far.map((model): Candidate => ({ ...model, source: model.reference, local: false })),
      ],
      board,
      budgetBytes,
      choice: {
        contextTokens: config.model?.context ?? profile.contextTokens,
        batchTokens: config.model?.batch ?? profile.batchTokens,
        kvType: config.model?.kv ?? profile.kvType,
      },
      contextFixed: config.model?.context !== undefined,
      deadlineMs: config.model?.deadline ?? 20_000,
    });
    if (args.json === true) {
      printJson(io, {
        board: key,
        profile: profile.id,
        budgetBytes,
        speed: board,
        models: ranked.map(plain),
      });
      return 0;
    }
    print(ranked, { profile, board, budgetBytes }, io, style);
    return 0;
  },
});

function budgetOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const bytes = parseBytes(given);
  if (bytes === undefined || bytes <= 0)
    throw usage(`Expected a size such as 1GB for --memory but received ${given}`, 'model recommend');
  return bytes;
}

/** Where model files may lie: the folder of the configured one, `models/` beside the configuration, and that of fetched ones. */
function folders(config: Config, io: CommandContext['io'], given: string | undefined): string[] {
  const file = configFile(io, given);
  const base = file === undefined ? io.cwd : dirname(file);
  const main = config.model?.file;
  const named = main === undefined || isModelReference(main) ? [] : [dirname(main)];
  return [
    ...new Set([...named, resolve(base, 'models'), config.models_folder ?? defaultModelsFolder(io.env)]),
  ].filter((folder) => existsSync(folder));
}

/** GGUF files that can be read, with what was measured of them on this board. Parts of split models are left out. */
async function localModels(config: Config, places: readonly string[], board: string): Promise<Candidate[]> {
  const { listModels } = await import('../../../quantize/index.ts');
  const seen = new Map(
    places
      .flatMap((place) => listModels(place))
      .flatMap((info) => (info.format === 'gguf' && info.split === undefined ? [[info.file, info]] : [])),
  );
  return [...seen].map(([file, info]): Candidate => {
    const tuning = readTuning(config.data, file, board);
    const found = 'found' in tuning ? tuning.found : undefined;
    return {
      ...shapeOf(info),
      name: info.name === '' ? basename(file) : info.name,
      quantization: info.quantization,
      source: file,
      local: true,
      ...(found === undefined ? {} : { measured: { measurement: found.measurement, choice: found.best } }),
    };
  });
}

/** By what was measured of any model here; else by the board's profile, its memory being timed if the table has none. */
function boardSpeed(profile: Profile, known: BoardSpeed | undefined, nowMs: () => number): BoardSpeed {
  if (known !== undefined) return known;
  const { speed } = profile;
  if (speed.memoryGBs !== undefined || speed.promptGflops === undefined) return speed;
  const memoryGBs = measureMemoryGBs(nowMs);
  if (!Number.isFinite(memoryGBs)) return speed;
  return { ...speed, memoryGBs, source: `${speed.source}; memory timed just now` };
}

/** What machines read: no nesting that people made up for tables. */
function plain({
  candidate,
  rank,
  contextTokens,
  memory,
  memoryMeasured,
  speed,
  speedSource,
  why,
}: Ranked): object {
  const { name, quantization, source, local, licence, parameters, accuracy } = candidate;
  return {
    rank: rank ?? null,
    fits: rank !== undefined,
    name,
    quantization,
    source,
    local,
    licence: licence ?? null,
    parameters,
    contextTokens,
    memoryBytes: memory.totalBytes,
    memory,
    memoryMeasured,
    decisionMs: speed?.decisionMs ?? null,
    promptTokensPerS: speed?.promptTokensPerS ?? null,
    speedSource,
    accuracy: accuracy ?? null,
    why,
  };
}

function print(
  ranked: readonly Ranked[],
  about: { readonly profile: Profile; readonly board: BoardSpeed; readonly budgetBytes: number },
  io: CommandContext['io'],
  style: CommandContext['style'],
): void {
  const { profile, board, budgetBytes } = about;
  io.out(`${style.bold(profile.name)}: a model may take ${formatBytes(budgetBytes)}.\n`);
  io.out(`${wrap(`Speed: ${board.source}. ~ marks what is estimated.`, io.columns)}\n\n`);
  const fitting = ranked.filter(({ rank }) => rank !== undefined);
  if (fitting.length === 0) io.out(`No model fits. ${profile.advice}\n`);
  else io.out(rankTable(fitting, io));
  const others = ranked.filter(({ rank }) => rank === undefined);
  if (others.length > 0) io.out('\nNot for this board:\n');
  for (const { candidate, why } of others)
    io.out(`${wrap(`${label(candidate)}: ${why}`, io.columns, '  ')}\n`);
  const [first] = fitting;
  if (first !== undefined) io.out(`\n${next(first.candidate)}\n`);
}

function rankTable(fitting: readonly Ranked[], io: CommandContext['io']): string {
  const rows = fitting.map(
    ({ candidate, rank, contextTokens, memory, memoryMeasured, speed, speedSource }) => [
      String(rank),
      label(candidate),
      String(contextTokens),
      `${memoryMeasured ? '' : '~'}${formatBytes(memory.totalBytes)}`,
      speed === undefined
        ? 'unknown'
        : `${speedSource.startsWith('measured') ? '' : '~'}${latencyText(speed.decisionMs)}`,
      candidate.accuracy === undefined ? 'not measured' : `${Math.round(candidate.accuracy.share * 100)} %`,
      candidate.local ? 'here' : (candidate.licence ?? ''),
    ],
  );
  const right = { align: 'right' as const, min: 7 };
  return table(
    [
      { title: '#', min: 2, align: 'right' },
      { title: 'MODEL', min: 20 },
      { title: 'CONTEXT', ...right },
      { title: 'MEMORY', ...right },
      { title: 'DECISION', ...right },
      { title: 'ACCURACY', min: 12 },
      { title: 'LICENCE', min: 7 },
    ],
    rows,
    io.columns,
  );
}

function label({ name, quantization }: Candidate): string {
  return name.toLowerCase().includes(quantization.toLowerCase()) ? name : `${name} ${quantization}`;
}

function next({ local, source }: Candidate): string {
  return local
    ? `Measure it: ganglion model tune ${source}`
    : `Fetch the first: ganglion model pull ${source}`;
}
