import type { Bench, BenchCase, Measured } from './harness.ts';
import { measure, type Watch } from './support/measure.ts';
import { readOptions } from './support/options.ts';
import { pssOfTree, rssOfTree } from './support/proc.ts';
import { median, slope } from './support/stats.ts';
import { available, ganglion, nodeRed } from './support/systems.ts';

const DEFAULTS = { seconds: 900, warmup: 10, rate: 1000, rules: 100, interval: 1 };
const SHORT = { seconds: 6, warmup: 1, rate: 300, interval: 0.25 };
const MB = 1e6;

interface Sample {
  /** Since the window began. */
  readonly seconds: number;
  readonly pss: number;
  readonly rss: number;
}

/**
 * Memory of the daemon without a model under steady load, over all its processes, and Node-RED's under the same load.
 * `pss_mb` is the median over the last third of the window, `slope_mb_h` the least-squares slope over it: by default the
 * last 5 of 15 minutes.
 */
export const memory: Bench = async (context) => {
  const options = readOptions(context.args, DEFAULTS, SHORT);
  const cases: BenchCase[] = [];
  const ratios: Record<string, number[]> = {};
  for (const system of available([ganglion, nodeRed], context.log)) {
    const samples: Sample[] = [];
    const plan = {
      pairs: Math.ceil(options.rules / 2),
      qos: 1 as const,
      rate: options.rate,
      warmupS: options.warmup,
      seconds: options.seconds,
      readyS: 60,
    };
    context.log(`${system.name}: ${options.seconds} s at ${options.rate} messages/s`);
    await measure(system, plan, context, sampler(samples, options.interval));
    const last = samples.filter((sample) => sample.seconds >= (options.seconds * 2) / 3);
    const pss = median(last.map((sample) => sample.pss)) / MB;
    const rss = median(last.map((sample) => sample.rss)) / MB;
    const growth = slope(last.map((sample) => ({ x: sample.seconds / 3600, y: sample.pss / MB })));
    cases.push(
      { name: `${system.name} PSS`, value: pss, unit: 'MB' },
      { name: `${system.name} RSS`, value: rss, unit: 'MB' },
      {
        name: `${system.name} PSS, highest`,
        value: Math.max(...samples.map(({ pss: p }) => p)) / MB,
        unit: 'MB',
      },
      { name: `${system.name} PSS slope`, value: growth, unit: 'MB/h' },
    );
    if (system === ganglion) Object.assign(ratios, { pss_mb: [pss], slope_mb_h: [growth] });
    else ratios['pss_vs_nodered'] = (ratios['pss_mb'] ?? []).map((ours) => pss / ours);
  }
  return { cases, ratios } satisfies Measured;
};

/** Takes a sample at once and then every `intervalS` seconds, kept to the plan, not to the last sample. */
function sampler(samples: Sample[], intervalS: number): Watch {
  return (pid) => {
    const start = performance.now();
    const sample = (): void => {
      const seconds = (performance.now() - start) / 1000;
      samples.push({ seconds, pss: pssOfTree(pid), rss: rssOfTree(pid) });
    };
    sample();
    const timer = setInterval(sample, intervalS * 1000);
    return { stop: () => clearInterval(timer) };
  };
}
