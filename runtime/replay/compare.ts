import type { KeptDecision } from './recording.ts';
import type { RealDecisions } from './result.ts';

/** History has the time of the source, a decision that of its making: they are the same one within this, ms. */
const TOLERANCE_MS = 5000;
const SHOWN = 20;

/** When each policy really decided, oldest first. */
export function timesByPolicy(decisions: Iterable<KeptDecision>): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const { policy, at } of decisions) {
    const known = times.get(policy);
    if (known === undefined) times.set(policy, [at]);
    else known.push(at);
  }
  return times;
}

/** Pairs what the replay did with what was really decided, each one with the earliest that is left and near enough. */
export function compareTimes(replayed: readonly number[], real: readonly number[]): RealDecisions {
  const onlyReplayed: number[] = [];
  const onlyReal: number[] = [];
  let same = 0;
  let [i, j] = [0, 0];
  while (i < replayed.length && j < real.length) {
    const gap = real[j]! - replayed[i]!;
    if (Math.abs(gap) <= TOLERANCE_MS) {
      same++;
      i++;
      j++;
    } else if (gap > 0) onlyReplayed.push(replayed[i++]!);
    else onlyReal.push(real[j++]!);
  }
  onlyReplayed.push(...replayed.slice(i, i + SHOWN));
  onlyReal.push(...real.slice(j, j + SHOWN));
  return {
    decisions: real.length,
    same,
    onlyReplayed: onlyReplayed.slice(0, SHOWN),
    onlyReal: onlyReal.slice(0, SHOWN),
  };
}
