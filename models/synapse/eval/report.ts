import type { Lexicon } from '../corpus/lexicon.ts';
import type { Task } from '../corpus/example.ts';
import type { Answerer, EvalCase } from './case.ts';
import { heldOutCases } from './cases.ts';
import { haIntentCases } from './ha-intents.ts';
import { scoreOf, type Score } from './score.ts';
import { secondCases, writtenCases } from './written/cases.ts';

/** What is measured, by the name its figure has. */
export const SUITES = [
  'requests',
  'refusals',
  'events',
  'questions',
  'rules',
  'ha_intents',
  'written',
  'fresh',
] as const;
export type Suite = (typeof SUITES)[number];

export function isSuite(name: string): name is Suite {
  return (SUITES as readonly string[]).includes(name);
}

const TASK_OF: Readonly<Record<Exclude<Suite, 'ha_intents' | 'written' | 'fresh'>, Task>> = {
  requests: 'request',
  refusals: 'refusal',
  events: 'event',
  questions: 'question',
  rules: 'rule',
};

export interface SuiteOptions {
  readonly lexicon: Lexicon;
  /** Held-out cases of each task. */
  readonly perTask: number;
  /** The folder of Home Assistant's intents; undefined: left out. */
  readonly haIntents: string | undefined;
  /** Which are wanted. */
  readonly only: ReadonlySet<Suite>;
}

/** The cases of every suite; those without data are not there. */
export function suites({
  lexicon,
  perTask,
  haIntents,
  only,
}: SuiteOptions): ReadonlyMap<Suite, readonly EvalCase[]> {
  const generated = SUITES.some((suite) => suite in TASK_OF && only.has(suite));
  const made = generated ? heldOutCases(lexicon, perTask) : [];
  const all = new Map<Suite, readonly EvalCase[]>();
  for (const suite of SUITES) {
    if (!only.has(suite)) continue;
    if (suite === 'written') all.set(suite, writtenCases());
    else if (suite === 'fresh') all.set(suite, secondCases());
    else if (suite !== 'ha_intents')
      all.set(
        suite,
        made.filter(({ task }) => task === TASK_OF[suite]),
      );
    else if (haIntents !== undefined) all.set(suite, haIntentCases(haIntents));
  }
  return all;
}

export async function scoreAll(
  all: ReadonlyMap<Suite, readonly EvalCase[]>,
  answerer: Answerer,
): Promise<ReadonlyMap<Suite, Score>> {
  const scores = new Map<Suite, Score>();
  for (const [suite, cases] of all) scores.set(suite, await scoreOf(cases, answerer));
  return scores;
}
