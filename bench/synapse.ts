import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  scoreAll,
  suites,
  keywordRule,
  loadSynapse,
  readLexicon,
  recallOf,
  type Score,
  type Suite,
} from '../models/index.ts';
import { packageRoot } from '../runtime/lib/package-root.ts';
import { embeddedSynapse } from '../runtime/modelhost/synapse/card.ts';
import type { Bench, BenchCase } from './harness.ts';
import { readOptions } from './support/options.ts';

const DEFAULTS = { cases: 500 };
const SHORT = { cases: 50 };
/** What the linker lists for a request, and for guidance and rules. */
const LISTED = [8, 16] as const;

/**
 * How often the embedded model comes to what was meant, by the state of the house afterwards, on held-out texts of each task
 * and on Home Assistant's English tests; and beside it what the linker and one keyword come to without any model.
 */
export const synapse: Bench = async (context) => {
  const options = readOptions(context.args, DEFAULTS, SHORT);
  const root = packageRoot(import.meta.url);
  const data = join(process.env['GANGLION_DATA'] ?? join(root, '../shared/data'), 'ha-intents');
  const haIntents = existsSync(data) ? data : undefined;
  if (haIntents === undefined) context.log(`ha_intents is skipped: ${data} is absent; set GANGLION_DATA.`);
  const all = suites({ lexicon: readLexicon('en', root), perTask: options.cases, haIntents });
  const cases: BenchCase[] = [];
  for (const [suite, own] of all) {
    // A refusal is about nothing; what Home Assistant's tests are about is not marked.
    if (suite === 'ha_intents' || suite === 'refusals') continue;
    for (const limit of LISTED)
      cases.push({ name: `${suite}_recall_${limit}`, value: recallOf(own, limit).share, unit: '' });
  }
  const add = (scores: ReadonlyMap<Suite, Score>, suffix: string): void => {
    for (const [suite, { right, acted }] of scores) {
      cases.push({ name: `${suite}${suffix}`, value: right, unit: '' });
      if (suite === 'refusals' || suite === 'questions')
        cases.push({ name: `${suite}_acted${suffix}`, value: acted, unit: '' });
    }
  };
  add(await scoreAll(all, keywordRule), '_baseline');
  const embedded = embeddedSynapse(root);
  if (embedded === undefined) {
    context.log('The model is skipped: there is none; models/synapse/README.md says how it is made.');
    return { cases, ratios: {} };
  }
  const ms: number[] = [];
  const model = await loadSynapse(embedded.file, (took) => ms.push(took), embedded.card);
  try {
    add(await scoreAll(all, model.answerer), '');
  } finally {
    await model.dispose();
  }
  ms.sort((a, b) => a - b);
  const at = (share: number): number => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? 0;
  cases.push({ name: 'decision', value: at(0.5), unit: 'ms', p50: at(0.5), p99: at(0.99) });
  return { cases, ratios: {} };
};
