import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  barredOf,
  failureLines,
  isSuite,
  scoreAll,
  SUITES,
  suites,
  keywordRule,
  loadSynapse,
  readLexicon,
  recallOf,
  type Score,
  type Suite,
} from '../models/index.ts';
import { GanglionError } from '../runtime/errors.ts';
import { packageRoot } from '../runtime/lib/package-root.ts';
import { embeddedSynapse } from '../runtime/modelhost/synapse/card.ts';
import type { Bench, BenchCase } from './harness.ts';
import { readOptions, takeText } from './support/options.ts';

const DEFAULTS = { cases: 500 };
const SHORT = { cases: 50 };
/** What the linker lists for a request, and for guidance and rules. */
const LISTED = [8, 16] as const;

/**
 * How often the embedded model comes to what was meant, by the state of the house afterwards, on held-out texts of each task
 * on Home Assistant's English tests, and on two sets of requests written down by hand; and beside it what the linker and one
 * keyword come to without any model. `--sets A,B` measures these alone, `--failures FILE` writes down what went wrong in them.
 */
export const synapse: Bench = async (context) => {
  const args = [...context.args];
  const only = chosenSets(takeText(args, '--sets'));
  const failures = takeText(args, '--failures');
  const options = readOptions(args, DEFAULTS, SHORT);
  const root = packageRoot(import.meta.url);
  const data = join(process.env['GANGLION_DATA'] ?? join(root, '../shared/data'), 'ha-intents');
  const haIntents = existsSync(data) ? data : undefined;
  if (haIntents === undefined && only.has('ha_intents'))
    context.log(`ha_intents is skipped: ${data} is absent; set GANGLION_DATA.`);
  const all = suites({ lexicon: readLexicon('en', root), perTask: options.cases, haIntents, only });
  const cases: BenchCase[] = [];
  for (const [suite, own] of all) {
    // A refusal is about nothing; what the tests of others and written requests are about is not marked.
    if (suite === 'ha_intents' || suite === 'written' || suite === 'fresh' || suite === 'refusals') continue;
    for (const limit of LISTED)
      cases.push({ name: `${suite}_recall_${limit}`, value: recallOf(own, limit).share, unit: '' });
  }
  for (const suite of ['written', 'fresh'] as const) {
    const own = all.get(suite);
    if (own !== undefined) cases.push({ name: `${suite}_barred`, value: barredOf(own).share, unit: '' });
  }
  const add = (scores: ReadonlyMap<Suite, Score>, suffix: string): void => {
    for (const [suite, { right, acted, categories }] of scores) {
      cases.push({ name: `${suite}${suffix}`, value: right, unit: '' });
      for (const [category, share] of categories)
        cases.push({ name: `${suite}_${category}${suffix}`, value: share, unit: '' });
      if (suite === 'refusals' || suite === 'questions')
        cases.push({ name: `${suite}_acted${suffix}`, value: acted, unit: '' });
    }
  };
  const baseline = await scoreAll(all, keywordRule);
  add(baseline, '_baseline');
  const embedded = embeddedSynapse(root);
  if (embedded === undefined) {
    if (failures !== undefined) writeFailures(failures, 'linker and keyword', baseline, context);
    context.log('The model is skipped: there is none; models/synapse/README.md says how it is made.');
    return { cases, ratios: {} };
  }
  const ms: number[] = [];
  const model = await loadSynapse(embedded.file, (took) => ms.push(took), embedded.card);
  try {
    const scores = await scoreAll(all, model.pair);
    add(scores, '');
    if (failures !== undefined) writeFailures(failures, 'linker and model', scores, context);
    ms.length = 0;
    add(await scoreAll(all, model.alone), '_alone');
  } finally {
    await model.dispose();
  }
  ms.sort((a, b) => a - b);
  const at = (share: number): number => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? 0;
  cases.push({ name: 'decision', value: at(0.5), unit: 'ms', p50: at(0.5), p99: at(0.99) });
  return { cases, ratios: {} };
};

/** Throws BENCH_OPTION for a set that there is not. */
function chosenSets(text: string | undefined): ReadonlySet<Suite> {
  const names = text === undefined ? SUITES : text.split(',');
  return new Set(
    names.map((name) => {
      if (isSuite(name)) return name;
      const expected = `names out of ${SUITES.join(', ')}, joined by commas`;
      throw new GanglionError('BENCH_OPTION', { option: '--sets', expected, received: name });
    }),
  );
}

function writeFailures(
  file: string,
  who: string,
  scores: ReadonlyMap<Suite, Score>,
  { log }: Pick<Parameters<Bench>[0], 'log'>,
): void {
  const lines = [...scores].flatMap(([suite, score]) => failureLines(`${suite}, ${who}`, score));
  writeFileSync(file, `${lines.join('\n')}\n`);
  log(`What the ${who} got wrong is in ${file}.`);
}
