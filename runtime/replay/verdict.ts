import type { PolicyExplanation } from '../../policies/index.ts';
import { formatDuration } from '../lib/units.ts';
import type { CallAccount, PartAccount } from './account.ts';

interface Facts {
  readonly explanation: PolicyExplanation;
  readonly when: PartAccount | undefined;
  readonly if: PartAccount | undefined;
  readonly calls: readonly CallAccount[];
}

/** What stands between a policy and its firing, in words: the first thing as a sentence, and all that would have to change. */
export function verdictOf({ explanation, when, if: only, calls }: Facts): {
  verdict: string;
  needs: string[];
} {
  const { status, mode, cooldownLeftMs, holdLeftMs } = explanation;
  if (status === 'off')
    return { verdict: 'It is switched off.', needs: ['its mode would have to be something other than off'] };
  if (status === 'waiting') {
    const missing = explanation.problems.map(({ message }) => message);
    return { verdict: 'It waits for what the house does not have.', needs: missing };
  }
  const needs: string[] = [];
  const reasons: string[] = [];
  const stands = (reason: string, need: string): void => {
    reasons.push(reason);
    needs.push(need);
  };
  if (status === 'paused')
    stands('it fired too often and is paused', 'its pause would have to end: one minute');
  if (when !== undefined && when.value !== true) {
    reasons.push(`its when is ${when.value === 'unknown' ? 'unknown' : 'false'} (${when.because})`);
    needs.push(...needsOf(when));
  } else if (when !== undefined && holdLeftMs !== undefined)
    stands(
      `its when has not been true for long enough`,
      `${when.source} would have to stay true for another ${formatDuration(holdLeftMs)}`,
    );
  else if (when !== undefined)
    stands(
      'its when is true already, and it fires only when that turns true',
      `${when.source} would have to turn false and then true again`,
    );
  if (cooldownLeftMs > 0)
    stands(
      'its cooldown is not over',
      `${formatDuration(cooldownLeftMs)} of its cooldown would have to pass`,
    );
  if (only !== undefined && only.value !== true) {
    reasons.push(`its if is ${only.value === 'unknown' ? 'unknown' : 'false'} (${only.because})`);
    needs.push(...needsOf(only));
  }
  for (const { call, fate, reason } of calls) {
    if (fate === 'refused') stands(`${call} would be refused`, `${call}: ${reason ?? 'it is refused'}`);
  }
  if (mode === 'suggest' || mode === 'approve')
    needs.push(`a person would have to approve it: its mode is ${mode}`);
  if (when === undefined && reasons.length === 0)
    return { verdict: 'It asks its rungs at the next change of what it listens to.', needs };
  return { verdict: `It does not fire: ${reasons.join('; ')}.`, needs };
}

function needsOf(part: PartAccount): string[] {
  if (part.value === true) return [];
  if (part.parts === undefined) return part.needs === undefined ? [] : [part.needs];
  if (part.join === 'all') return part.parts.flatMap(needsOf);
  return [`one of: ${part.parts.map((one) => needsOf(one).join(' and ')).join('; or ')}`];
}
