import type { AuthoredReplay } from '../contract/authoring.ts';
import type { ReplayResult } from '../replay/index.ts';

/** What is shown of a replay: the drafts' own part of it. */
export function replayOf(result: ReplayResult, own: ReadonlySet<string>): AuthoredReplay {
  const { fromMs, toMs, policies, conflicts } = result;
  return {
    fromMs,
    toMs,
    policies: policies
      .filter(({ id }) => own.has(id))
      .map(({ id, fired, days, calls, examples, held }) => ({
        id,
        fired,
        days,
        calls: calls.map(({ entity, command, count }) => ({ entity, command, count })),
        examples: examples.map(({ atMs, explanation }) => ({ atMs, explanation })),
        held: held.map(({ reason, count }) => ({ reason, count })),
      })),
    conflicts: conflicts
      // A rule and the one that ends it are no conflict.
      .filter(({ first, second }) => own.has(first.policy) !== own.has(second.policy))
      .map(
        ({ entity, first, second, kind }) =>
          `${entity}: ${second.policy} ${kind === 'opposite' ? `did ${second.call} against` : 'gave way to'} ${first.policy} (${first.call})`,
      ),
  };
}
