import { isDeepStrictEqual } from 'node:util';
import { simulate } from '../../../devices/index.ts';
import type { Call } from '../../../runtime/contract/action.ts';
import { isKind } from '../../../runtime/contract/kinds.ts';
import { kindOf } from '../../../runtime/contract/ids.ts';
import type { StateSnapshot } from '../../../runtime/contract/state.ts';
import type { Answerer, EvalCase, Outcome } from './case.ts';
import { endedAs } from './written/accepts.ts';
import type { Accepted, End } from './written/end.ts';

export interface Score {
  readonly cases: number;
  /** Share of 1 that came to what was expected. */
  readonly right: number;
  /** Share that did something where nothing was to be done. */
  readonly acted: number;
  /** Shares of 1 by category, where the cases have some. */
  readonly categories: ReadonlyMap<string, number>;
  readonly wrong: readonly { readonly question: EvalCase; readonly outcome: Outcome }[];
}

/** Asks every case and compares what comes of it: the state of the house afterwards, the properties asked for, or the rule. */
export async function scoreOf(cases: readonly EvalCase[], answerer: Answerer): Promise<Score> {
  const wrong: { question: EvalCase; outcome: Outcome }[] = [];
  let acted = 0;
  const sorts = new Map<string, { cases: number; right: number }>();
  for (const question of cases) {
    const { expected, meant: _, category, ...asked } = question;
    const outcome = await answerer.answer(asked);
    const right = isSame(expected, outcome, question.state);
    if (!right) wrong.push({ question, outcome });
    if (isStill(expected) && outcome.type === 'calls' && outcome.calls.length > 0) acted++;
    if (category === undefined) continue;
    const sort = sorts.get(category) ?? { cases: 0, right: 0 };
    sorts.set(category, { cases: sort.cases + 1, right: sort.right + (right ? 1 : 0) });
  }
  const count = Math.max(1, cases.length);
  return {
    cases: cases.length,
    right: (cases.length - wrong.length) / count,
    acted: acted / count,
    categories: new Map([...sorts].map(([name, { cases: all, right }]) => [name, right / all])),
    wrong,
  };
}

/** Whether nothing is to be done, whatever of what is accepted it comes to. */
export function isStill(expected: Outcome | Accepted): boolean {
  if (expected.type === 'accepted')
    return expected.ends.every((end) => end.type === 'query' || end.wanted.size + end.calls.length === 0);
  return expected.type !== 'calls' || expected.calls.length === 0;
}

export function isSame(expected: Outcome | Accepted, outcome: Outcome, state: StateSnapshot): boolean {
  if (expected.type === 'accepted') return expected.ends.some((end) => endsAs(end, outcome, state));
  if (expected.type === 'calls' && outcome.type === 'calls') {
    const same = isDeepStrictEqual(after(state, expected.calls), after(state, outcome.calls));
    return same && isDeepStrictEqual(unseen(state, expected.calls), unseen(state, outcome.calls));
  }
  if (expected.type === 'query' && outcome.type === 'query')
    return isDeepStrictEqual(expected.keys.toSorted(), outcome.keys.toSorted());
  if (expected.type === 'rule' && outcome.type === 'rule') {
    const { calls, ...rest } = expected.rule;
    const { calls: others, ...other } = outcome.rule;
    return isDeepStrictEqual(rest, other) && isDeepStrictEqual(sorted(calls), sorted(others));
  }
  return false;
}

function endsAs(end: End, outcome: Outcome, state: StateSnapshot): boolean {
  if (end.type === 'query')
    return outcome.type === 'query' && isDeepStrictEqual(end.keys.toSorted(), outcome.keys.toSorted());
  // An answer changes nothing, which is right where nothing may change.
  const calls = outcome.type === 'calls' ? outcome.calls : [];
  const done = unseenCalls(state, calls).map(({ entity, command }) => `${entity}.${command}`);
  return endedAs(end.wanted, state, after(state, calls)) && isDeepStrictEqual(end.calls, done.toSorted());
}

function after(state: StateSnapshot, calls: readonly Call[]): StateSnapshot {
  return simulate(state, calls, (entity) => {
    const kind = kindOf(entity);
    return isKind(kind) ? kind : undefined;
  });
}

/** Calls that no state shows: the next song, a scene, a picture. */
function unseenCalls(state: StateSnapshot, calls: readonly Call[]): Call[] {
  return calls.filter(
    (call) => isDeepStrictEqual(after(state, [call]), state) && !SETTINGS.test(call.command),
  );
}

function unseen(state: StateSnapshot, calls: readonly Call[]): string[] {
  return sorted(unseenCalls(state, calls));
}

/** Doing again what is so already is nothing. */
const SETTINGS = /^(?:turn_|set_|select_|open|close|lock|unlock|play|pause|stop|mute|unmute|start|return)/;

function sorted(calls: readonly Call[]): string[] {
  return calls.map((call) => JSON.stringify([call.entity, call.command, call.args])).toSorted();
}
