import { isDeepStrictEqual } from 'node:util';
import { simulate } from '../../../devices/index.ts';
import type { Call } from '../../../runtime/contract/action.ts';
import { isKind } from '../../../runtime/contract/kinds.ts';
import { kindOf } from '../../../runtime/contract/ids.ts';
import type { StateSnapshot } from '../../../runtime/contract/state.ts';
import type { Answerer, EvalCase, Outcome } from './case.ts';

export interface Score {
  readonly cases: number;
  /** Share of 1 that came to what was expected. */
  readonly right: number;
  /** Share that did something where nothing was to be done. */
  readonly acted: number;
  readonly wrong: readonly { readonly question: EvalCase; readonly outcome: Outcome }[];
}

/** Asks every case and compares what comes of it: the state of the house afterwards, the properties asked for, or the rule. */
export async function scoreOf(cases: readonly EvalCase[], answerer: Answerer): Promise<Score> {
  const wrong: { question: EvalCase; outcome: Outcome }[] = [];
  let acted = 0;
  for (const question of cases) {
    const { expected: _, meant: __, ...asked } = question;
    const outcome = await answerer.answer(asked);
    if (!isSame(question.expected, outcome, question.state)) wrong.push({ question, outcome });
    const still = question.expected.type !== 'calls' || question.expected.calls.length === 0;
    if (still && outcome.type === 'calls' && outcome.calls.length > 0) acted++;
  }
  const count = Math.max(1, cases.length);
  return { cases: cases.length, right: (cases.length - wrong.length) / count, acted: acted / count, wrong };
}

export function isSame(expected: Outcome, outcome: Outcome, state: StateSnapshot): boolean {
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

function after(state: StateSnapshot, calls: readonly Call[]): StateSnapshot {
  return simulate(state, calls, (entity) => {
    const kind = kindOf(entity);
    return isKind(kind) ? kind : undefined;
  });
}

/** Calls that no state shows: the next song, a scene, a picture. */
function unseen(state: StateSnapshot, calls: readonly Call[]): string[] {
  return sorted(
    calls.filter((call) => isDeepStrictEqual(after(state, [call]), state) && !SETTINGS.test(call.command)),
  );
}

/** Doing again what is so already is nothing. */
const SETTINGS = /^(?:turn_|set_|select_|open|close|lock|unlock|play|pause|stop|mute|unmute|start|return)/;

function sorted(calls: readonly Call[]): string[] {
  return calls.map((call) => JSON.stringify([call.entity, call.command, call.args])).toSorted();
}
