import { expect, it } from 'vitest';
import type { DecideFiring } from '../../policies/index.ts';
import type { MonoMs } from '../../runtime/contract/time.ts';
import { Deliberation } from '../../runtime/deliberation.ts';
import type { DeliberationParts } from '../../runtime/deliberation.ts';
import { ManualClock } from '../../runtime/lib/clock.ts';
import { RuntimeStats } from '../../runtime/stats.ts';

it('says that a decision failed, and makes the next one of its policy', async () => {
  const errors: unknown[] = [];
  const made: string[] = [];
  let climbs = 0;
  const decide = async () => {
    await Promise.resolve();
    if (climbs++ === 0) throw new RangeError('no');
    return { explanation: 'sure' };
  };
  const ladder = { decide };
  const parts = {
    policy: () => ({ spec: { choices: [], guidance: '' }, ladder }),
    clock: new ManualClock(),
    stats: new RuntimeStats(),
    onProposal: ({ explanation }: { explanation: string }) => made.push(explanation),
    onError: (error: unknown) => errors.push(error),
  };
  const deliberation = new Deliberation(parts as unknown as DeliberationParts);
  const firing = { policy: 'air', explanation: '' } as DecideFiring;
  deliberation.decide(firing, 0 as MonoMs);
  deliberation.decide(firing, 0 as MonoMs);
  await expect.poll(() => made).toEqual(['sure']);
  expect(errors.length).toBe(1);
});

it('makes nothing of an answer to a policy that has been replaced, and asks the new one', async () => {
  const made: string[] = [];
  let answerOld: (answer: { explanation: string }) => void = () => {};
  const old = new Promise<{ explanation: string }>((resolve) => (answerOld = resolve));
  let ladder: { decide: () => unknown } = { decide: () => old };
  const parts = {
    policy: () => ({ spec: { choices: [], guidance: '' }, ladder }),
    clock: new ManualClock(),
    stats: new RuntimeStats(),
    onProposal: ({ explanation }: { explanation: string }) => made.push(explanation),
    onError: () => {},
  };
  const deliberation = new Deliberation(parts as unknown as DeliberationParts);
  const firing = { policy: 'air', explanation: '' } as DecideFiring;
  deliberation.decide(firing, 0 as MonoMs);
  deliberation.decide(firing, 0 as MonoMs);
  ladder = { decide: () => ({ explanation: 'by the new one' }) };
  answerOld({ explanation: 'by the old one' });
  await expect.poll(() => made).toEqual(['by the new one']);
});
