import type { Lexicon } from '../corpus/lexicon.ts';
import type { Task } from '../corpus/example.ts';
import type { Answerer, EvalCase } from './case.ts';
import { heldOutCases } from './cases.ts';
import { haIntentCases } from './ha-intents.ts';
import { scoreOf, type Score } from './score.ts';

/** What is measured, by the name its figure has. */
export const SUITES = ['requests', 'refusals', 'events', 'questions', 'rules', 'ha_intents'] as const;
export type Suite = (typeof SUITES)[number];

const TASK_OF: Readonly<Record<Exclude<Suite, 'ha_intents'>, Task>> = {
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
}

/** The cases of every suite; those without data are not there. */
export function suites({
  lexicon,
  perTask,
  haIntents,
}: SuiteOptions): ReadonlyMap<Suite, readonly EvalCase[]> {
  const made = heldOutCases(lexicon, perTask);
  const all = new Map<Suite, readonly EvalCase[]>();
  for (const suite of SUITES) {
    if (suite !== 'ha_intents')
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
