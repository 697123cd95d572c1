import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { GanglionError } from '../runtime/errors.ts';
import type { Bench, BenchCase, BenchContext } from './harness.ts';
import { readOptions } from './support/options.ts';
import { loadJsonRulesEngine, type Matcher, OurMatcher, ScanMatcher } from './support/rule-systems.ts';
import { mixedRules, policyFile, type Step, walk } from './support/rule-world.ts';
import { median } from './support/stats.ts';

const DEFAULTS = { rounds: 5, readings: 200_000, scanned: 300, rivals: 10 };
const SHORT = { rounds: 1, readings: 20_000, scanned: 60, rivals: 2 };
/** Readings before the clock runs: code is compiled by then, and most rules that ever fire have fired once. */
const WARM = 100_000;
const SIZES = [1000, 10_000, 100_000] as const;
const MIDDLE = 10_000;
const MAX_MATCHES = 5;

/**
 * CPU time per reading of the rule engine at 1000, 10 000 and 100 000 mixed rules over 500 properties on random walks; at
 * 10 000 against json-rules-engine and against a scan over the same conditions compiled to closures, which must find
 * the same matches; and what 100 000 rules take to load from the text of a policy file to the first reading.
 *
 * Matching is computing alone, so the CPU time of the process is what it takes, collecting garbage and compiling
 * included; the wall clock would measure what else the machine does.
 */
export const rules: Bench = async (context) => {
  const options = readOptions(context.args, DEFAULTS, SHORT);
  const rival = loadJsonRulesEngine();
  if (rival === undefined)
    context.log(
      'json-rules-engine is left out: it is not installed; `npm ci --prefix bench/baselines` brings it',
    );
  const texts = new Map(SIZES.map((size) => [size, policyFile(mixedRules(size, size))]));
  const us = new Map<string, number[]>();
  const note = (name: string, value: number): void => void us.set(name, [...(us.get(name) ?? []), value]);
  const ratios: Record<string, number[]> = { vs_json_rules_engine: [], vs_scan: [], growth_1k_100k: [] };
  const steps = walk(options.readings + WARM, 7, true);
  const steady = walk(options.rivals + 2, 11, false);

  for (let round = 0; round < options.rounds; round++) {
    if (context.signal.aborted)
      throw new GanglionError('BENCH_SYSTEM', { system: 'rules', reason: 'the bench was stopped' });
    const ours = new Map<number, number>();
    for (const size of round % 2 === 0 ? SIZES : SIZES.toReversed()) {
      const loaded = load(texts.get(size)!);
      if (size === 100_000) {
        note('load', loaded.seconds);
        note('load CPU', loaded.cpuSeconds);
        note('load memory', loaded.mb);
      }
      const { microseconds, matches } = await time(loaded.matcher, steps, WARM);
      if (matches > MAX_MATCHES)
        throw new GanglionError('BENCH_SYSTEM', {
          system: 'rules',
          reason: `${size} rules matched ${matches} times a reading, more than ${MAX_MATCHES}`,
        });
      ours.set(size, microseconds);
      note(`${size}`, microseconds);
      note(`matches ${size}`, matches);
    }
    ratios['growth_1k_100k']!.push(ours.get(100_000)! / ours.get(1000)!);
    const scan = await time(new ScanMatcher(texts.get(MIDDLE)!), steps.slice(0, options.scanned + 20), 20);
    note('scan', scan.microseconds);
    ratios['vs_scan']!.push(scan.microseconds / ours.get(MIDDLE)!);
    if (rival !== undefined) {
      const theirs = await time(rival(mixedRules(MIDDLE, MIDDLE)), steady, 2);
      note('json-rules-engine', theirs.microseconds);
      ratios['vs_json_rules_engine']!.push(theirs.microseconds / ours.get(MIDDLE)!);
    }
    context.log(
      `round ${round + 1}: ${[...ours].map(([size, value]) => `${size} rules ${value.toFixed(2)} µs`).join(', ')}`,
    );
  }
  const same = await sameMatches(texts.get(MIDDLE)!, rival, steps.slice(0, 2000), steady, context);
  const value = (name: string): number => median(us.get(name) ?? []);
  const cases: BenchCase[] = [
    ...SIZES.map((size) => ({ name: `${size} rules`, value: value(`${size}`), unit: 'µs CPU/reading' })),
    ...SIZES.map((size) => ({
      name: `matches, ${size} rules`,
      value: value(`matches ${size}`),
      unit: '1/reading',
    })),
    { name: `scan, ${MIDDLE} rules`, value: value('scan'), unit: 'µs CPU/reading' },
    ...(rival === undefined
      ? []
      : [
          {
            name: `json-rules-engine, ${MIDDLE} rules`,
            value: value('json-rules-engine'),
            unit: 'µs CPU/reading',
          },
        ]),
    { name: 'load 100000 rules', value: value('load'), unit: 's' },
    { name: 'load 100000 rules, CPU', value: value('load CPU'), unit: 's' },
    { name: 'memory of 100000 rules', value: value('load memory'), unit: 'MB' },
    { name: 'identical matches', value: same, unit: '' },
  ];
  return { cases, ratios };
};

/** From text to the first reading, and the heap it keeps. */
function load(text: string): { matcher: OurMatcher; seconds: number; cpuSeconds: number; mb: number } {
  const before = heapMb();
  const start = performance.now();
  const startCpu = cpuSeconds();
  const matcher = new OurMatcher(text);
  const seconds = (performance.now() - start) / 1000;
  return { matcher, seconds, cpuSeconds: cpuSeconds() - startCpu, mb: heapMb() - before };
}

/** CPU time of this process, all its threads. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** CPU time and matches per reading, after `warm` readings. */
async function time(
  matcher: Matcher,
  steps: readonly Step[],
  warm: number,
): Promise<{ microseconds: number; matches: number }> {
  let matches = 0;
  let start = 0;
  for (let i = 0; i < steps.length; i++) {
    if (i === warm) {
      start = cpuSeconds();
      matches = 0;
    }
    const found = matcher.step(steps[i]!);
    matches += Array.isArray(found) ? found.length : (await found).length;
  }
  const count = steps.length - warm;
  return { microseconds: ((cpuSeconds() - start) * 1e6) / count, matches: matches / count };
}

/** 1 if every system finds exactly what the others find, else 0. */
async function sameMatches(
  text: string,
  rival: ReturnType<typeof loadJsonRulesEngine>,
  steps: readonly Step[],
  steady: readonly Step[],
  context: BenchContext,
): Promise<number> {
  const pairs: [Matcher, Matcher, readonly Step[]][] = [[new OurMatcher(text), new ScanMatcher(text), steps]];
  if (rival !== undefined) pairs.push([new OurMatcher(text), rival(mixedRules(MIDDLE, MIDDLE)), steady]);
  for (const [ours, theirs, stream] of pairs) {
    for (const [i, step] of stream.entries()) {
      const a = [...(await ours.step(step))].toSorted().join(' ');
      const b = [...(await theirs.step(step))].toSorted().join(' ');
      if (a === b) continue;
      context.log(`reading ${i}: expected ${b || 'nothing'} to fire but ${a || 'nothing'} did`);
      return 0;
    }
  }
  return 1;
}

let collect: (() => void) | undefined;

/** Heap and array buffers after a collection, MB. */
function heapMb(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1e6;
}
