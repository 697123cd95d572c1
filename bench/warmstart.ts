import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Decided, DecideRequest, ModelSpec } from '../runtime/contract/engine.ts';
import { GanglionError } from '../runtime/errors.ts';
import { alternate, type Bench } from './harness.ts';
import { benchHouse, questionOf, withCalls } from './support/deliberation.ts';
import { startHost } from './support/host-process.ts';
import { readModelOption } from './support/model-option.ts';
import { readOptions } from './support/options.ts';
import { median, quantile } from './support/stats.ts';

const DEFAULTS = { rounds: 5, entities: 40 };
const SHORT = { rounds: 1, entities: 8 };
const CONTEXT = 4096;

/**
 * The first decision after a restart of the model host, with the prefix's keys and values on disk and without: every run is
 * a new process that loads the model, and the clock runs from the question to the answer. What was prefilled is counted.
 */
export const warmstart: Bench = async (context) => {
  const model = await readModelOption(context.args, { log: context.log, contextTokens: CONTEXT });
  const options = readOptions(model.args, DEFAULTS, SHORT);
  const question = withCalls(
    await questionOf(benchHouse(options.entities), 'it is too dark to read here', 8),
    1,
  );
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-warmstart-'));
  try {
    const kept = { folder: join(folder, 'kept'), maxBytes: 2e9 };
    // Fills the cache, and the system's with the model's file.
    await firstDecision(model.spec, question, kept);
    const runs = await alternate(options.rounds, {
      warm: async () => {
        stopIfAborted(context.signal);
        return firstDecision(model.spec, question, kept);
      },
      cold: async () => firstDecision(model.spec, question, undefined),
    });
    const of = (name: string, pick: (run: FirstDecision) => number): number[] => runs[name]!.map(pick);
    const warm = of('warm', ({ ms }) => ms);
    const cold = of('cold', ({ ms }) => ms);
    const time = (name: string, values: readonly number[]) => ({
      name,
      value: median(values),
      unit: 'ms',
      p50: quantile(values, 0.5),
      p99: quantile(values, 0.99),
    });
    context.log(`warm ${median(warm).toFixed(0)} ms, cold ${median(cold).toFixed(0)} ms`);
    return {
      cases: [
        time('first decision, prefix kept', warm),
        time('first decision, prefix read anew', cold),
        {
          name: 'tokens prefilled, prefix kept',
          value: median(of('warm', (run) => run.prefilled)),
          unit: 'tokens',
        },
        { name: 'tokens found, prefix kept', value: median(of('warm', (run) => run.found)), unit: 'tokens' },
        {
          name: 'tokens prefilled, read anew',
          value: median(of('cold', (run) => run.prefilled)),
          unit: 'tokens',
        },
        time('loading the model', [...of('warm', (run) => run.loadMs), ...of('cold', (run) => run.loadMs)]),
      ],
      ratios: { vs_cold: cold.map((ms, round) => ms / warm[round]!) },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

interface FirstDecision {
  readonly ms: number;
  readonly loadMs: number;
  readonly prefilled: number;
  readonly found: number;
}

async function firstDecision(
  spec: ModelSpec,
  question: DecideRequest,
  prefixCache: { readonly folder: string; readonly maxBytes: number } | undefined,
): Promise<FirstDecision> {
  const host = await startHost(prefixCache === undefined ? {} : { prefixCache });
  try {
    const started = performance.now();
    await host.load(spec);
    const loaded = performance.now();
    const { tokens }: Decided = await host.decide(spec.file, question, { deadlineMs: 600_000 });
    const ms = performance.now() - loaded;
    return { ms, loadMs: loaded - started, prefilled: tokens.prompt, found: tokens.cached };
  } finally {
    await host.stop();
  }
}

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted)
    throw new GanglionError('BENCH_SYSTEM', { system: 'warmstart', reason: 'the bench was stopped' });
}
