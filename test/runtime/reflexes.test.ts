import { expect, it } from 'vitest';
import type { RuleEngine } from '../../policies/index.ts';
import { ManualClock } from '../../runtime/lib/clock.ts';
import { Reflexes } from '../../runtime/reflexes.ts';

it('looks again, a second later, after a look that failed', () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  let looks = 0;
  const engine: Pick<RuleEngine, 'prime' | 'nextDue' | 'due'> = {
    prime: () => [],
    nextDue: () => (looks < 2 ? clock.mono() : undefined),
    due: () => {
      looks++;
      if (looks === 1) throw new RangeError('no');
      return [];
    },
  };
  const reflexes = new Reflexes({
    engine: engine as RuleEngine,
    clock,
    onFirings: () => {},
    onOverdue: () => undefined,
    onRechecked: () => {},
    onError: (error) => errors.push(error),
  });
  reflexes.prime();
  clock.advance(999);
  expect([looks, errors.length]).toEqual([1, 1]);
  clock.advance(1);
  expect([looks, errors.length]).toEqual([2, 1]);
});
