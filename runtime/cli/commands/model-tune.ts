import { basename, resolve } from 'node:path';
import {
  boardKey,
  COORDINATES,
  identityOf,
  probeHost,
  profileOf,
  searchSettings,
  spaceOf,
  startOf,
  tuningFile,
  writeTuning,
  type SearchResult,
  type SearchStep,
  type TuneSpec,
  type TuningRecord,
} from '../../../devices/index.ts';
import type { Config } from '../../config/load.ts';
import { GanglionError } from '../../errors.ts';
import { ownMemoryBytes } from '../../modelhost/memory.ts';
import { canonical } from '../../modelhost/options.ts';
import { modelStore } from '../../modelhost/pull/open.ts';
import { isModelReference } from '../../modelhost/pull/reference.ts';
import { silent } from '../../lib/silent-log.ts';
import { formatBytes } from '../../lib/units.ts';
import { libraryVersion, packageVersion } from '../../version.ts';
import { usage } from '../arguments.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { latencyText } from '../format.ts';
import { shapeOf } from '../models/shape.ts';
import { presentModel } from '../local-model.ts';
import { Progress } from '../progress.ts';
import { Measurer } from '../tune/measure.ts';
import { trialTable, settingText, specText } from '../tune/report.ts';

/** Visits to each setting, decisions per visit, and lines of the house in the prompt. */
const THOROUGH = { rounds: 3, decisions: 5, lines: 16 } as const;
const QUICK = { rounds: 2, decisions: 3, lines: 8 } as const;

export const modelTuneCommand = defineCommand({
  args: {
    file: { type: 'positional', required: false, description: 'a GGUF model; default: the configured one' },
    quick: {
      type: 'boolean',
      description: 'fewer settings and visits: a rough answer in a fraction of the time',
    },
    'dry-run': { type: 'boolean', description: 'say what would be measured, and measure nothing' },
  },
  notes: ['ganglion model tune models/qwen2.5-0.5b-instruct-q4_k_m.gguf --quick'],
  async run({ args, io, style }) {
    const config = readConfig(io, args.config);
    const { inspectGguf } = await import('../../../quantize/index.ts');
    const file = fileOf(args.file, config, io);
    const info = inspectGguf(file);
    const probe = probeHost();
    const cap = isFile(config.model?.file, file, config) ? config.model?.memory : undefined;
    const profile = { ...profileOf(probe), ...(cap === undefined ? {} : { modelBytes: cap }) };
    const fixed = configured(config, file);
    const options = {
      probe,
      profile,
      shape: shapeOf(info),
      layers: info.layers ?? 0,
      ...(info.contextTokens === undefined ? {} : { trainedTokens: info.contextTokens }),
      fixed,
      quick: args.quick === true,
    };
    const start = startOf(options);
    const space = spaceOf(options);
    const { rounds, decisions, lines } = args.quick === true ? QUICK : THOROUGH;
    const plan = {
      file,
      board: boardKey(probe),
      start,
      fixed,
      space,
      rounds,
      writes: tuningFile(config.data, file),
    };
    if (args['dry-run'] === true) {
      if (args.json === true) printJson(io, plan);
      else printPlan(io, plan);
      return 0;
    }
    if (await new DaemonConnection(config).running())
      io.err('The daemon runs and uses the processor too; stop it for steady figures.\n');

    const stop = new AbortController();
    const forget = io.onInterrupt(() => stop.abort());
    const progress = new Progress(io, 'measuring', args.json === true);
    const { ModelHost } = await import('../../modelhost/client.ts');
    const host = new ModelHost({
      clock: io.clock,
      log: silent,
      random: Math.random,
      memoryBytes: profile.modelBytes,
    });
    try {
      await host.start();
      const measurer = new Measurer({
        host,
        file,
        clock: io.clock,
        ownBytes: async () => (host.status.pid === undefined ? undefined : ownMemoryBytes(host.status.pid)),
        decisions,
        lines,
        signal: stop.signal,
      });
      const found = await searchSettings({
        start,
        space,
        rounds,
        budgetBytes: profile.modelBytes,
        signal: stop.signal,
        measure: (spec) => measurer.measure(spec),
        onProgress: (step) => progress.update(step.done / step.most, stepText(step)),
      });
      progress.done();
      if (!('best' in found)) throw notMeasured(file, found.trials);
      const record = recordOf(
        { found, start, file, probe, info, quick: args.quick === true, budget: profile.modelBytes },
        io,
      );
      const written = writeTuning(config.data, file, record);
      if (args.json === true) printJson(io, { written, ...record });
      else {
        io.out(trialTable(found.trials, found.best, io.columns, style));
        io.out(
          `\n${verdict(found, start)}\nWritten to ${written}; the daemon uses it from its next start on.\n`,
        );
      }
      return 0;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      progress.done();
      io.err('Stopped; nothing was written.\n');
      return 1;
    } finally {
      progress.done();
      forget();
      await host.stop();
    }
  },
});

function fileOf(given: string | undefined, config: Config, io: CommandContext['io']): string {
  if (given !== undefined) return canonical(resolve(io.cwd, given));
  if (config.model !== undefined) return canonical(presentModel(config.model.file, config));
  throw usage(
    'Expected a model file, or `model.file` in the configuration, but received neither',
    'model tune',
  );
}

/** Whether a configured model, a path or a reference that was fetched, is this file. */
function isFile(configured: string | undefined, file: string, config: Config): boolean {
  if (configured === undefined) return false;
  const path = isModelReference(configured) ? modelStore(config).find(configured)?.file : configured;
  return path !== undefined && canonical(path) === file;
}

/** What the configuration says about this file: it holds, so it is not searched. */
function configured(config: Config, file: string): Partial<TuneSpec> {
  const model = [config.model, ...Object.values(config.models)].find((one) =>
    isFile(one?.file, file, config),
  );
  if (model === undefined) return {};
  const { threads, context, batch, kv, gpu_layers: gpuLayers, device } = model;
  return {
    ...(threads === undefined ? {} : { threads }),
    ...(context === undefined ? {} : { contextTokens: context }),
    ...(batch === undefined ? {} : { batchTokens: batch }),
    ...(kv === undefined ? {} : { kvType: kv }),
    ...(gpuLayers === undefined ? {} : { gpuLayers }),
    ...(device === undefined ? {} : { device }),
    ...(device === 'cpu' && gpuLayers === undefined ? { gpuLayers: 0 } : {}),
  };
}

function stepText({ trying, spec }: SearchStep): string {
  return trying === 'check' || trying === 'start' ? 'the best beside the start' : settingText(trying, spec);
}

function notMeasured(file: string, trials: SearchResult['trials']): GanglionError {
  const reason = trials.find(({ problem }) => problem !== undefined)?.problem ?? 'no setting was tried';
  return new GanglionError('MODEL_NOT_MEASURED', { file, reason: reason.replace(/\.$/, '') });
}

interface Found {
  readonly found: SearchResult;
  readonly start: TuneSpec;
  readonly file: string;
  readonly probe: ReturnType<typeof probeHost>;
  readonly info: { readonly parameters: number };
  readonly quick: boolean;
  readonly budget: number;
}

function recordOf(
  { found, start, file, probe, info, quick, budget }: Found,
  io: CommandContext['io'],
): TuningRecord {
  const { best, measurement, before, trials } = found;
  return {
    version: 1,
    model: { ...identityOf(file), parameters: Math.max(1, info.parameters) },
    board: boardKey(probe),
    boardName: probe.board.model,
    versions: {
      ganglion: packageVersion(),
      node: probe.node,
      'node-llama-cpp': libraryVersion('node-llama-cpp') ?? 'unknown',
    },
    measuredAt: new Date(io.clock.wall()).toISOString(),
    quick,
    budgetBytes: budget,
    best,
    measurement,
    ...(before === undefined ? {} : { before: { spec: start, measurement: before } }),
    trials: trials.map((trial) => ({ ...trial })),
  };
}

function verdict({ best, measurement, before }: SearchResult, start: TuneSpec): string {
  const lines = [
    `Best: ${specText(best)}.`,
    `A typical decision takes ${latencyText(measurement.decisionMs)}; a prompt is read at ${Math.round(measurement.promptTokensPerS)} tokens/s; it takes ${formatBytes(measurement.memoryBytes)}.`,
  ];
  if (before === undefined) lines.push(`Where it began (${specText(start)}) does not work here.`);
  else if (COORDINATES.some((name) => best[name] !== start[name]))
    lines.push(
      `Before (${specText(start)}): ${latencyText(before.decisionMs)}, ${Math.round(before.promptTokensPerS)} tokens/s.`,
    );
  return lines.join('\n');
}

interface Plan {
  readonly file: string;
  readonly board: string;
  readonly start: TuneSpec;
  readonly fixed: Partial<TuneSpec>;
  readonly space: ReturnType<typeof spaceOf>;
  readonly rounds: number;
  readonly writes: string;
}

function printPlan(
  io: CommandContext['io'],
  { file, board, start, fixed, space, rounds, writes }: Plan,
): void {
  io.out(`${basename(file)} on ${board}\nBegins with ${specText(start)}.\n`);
  for (const name of COORDINATES) {
    if (space[name].length < 2) continue;
    io.out(`  ${name}: ${space[name].join(', ')}\n`);
  }
  const kept = Object.keys(fixed);
  if (kept.length > 0) io.out(`Set by the configuration and left so: ${kept.join(', ')}.\n`);
  io.out(`Each setting is visited up to ${rounds} times. The best would be written to ${writes}.\n`);
}
