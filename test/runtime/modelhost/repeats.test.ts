import { describe, expect, it } from 'vitest';
import type { DecideRequest } from '../../../runtime/contract/engine.ts';
import { GanglionError } from '../../../runtime/errors.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { Repeats, type RepeatsOptions } from '../../../runtime/modelhost/repeats.ts';
import { decided } from '../../support/decided.ts';

const request: DecideRequest = {
  prompt: { system: ['role', { token: '<e1>', otherwise: 'e1' }], user: ['state: on'] },
  language: { key: 'k', root: { text: ' none' } },
};

function rig(options: Partial<RepeatsOptions> = {}) {
  const clock = new ManualClock();
  const loops: string[] = [];
  const repeats = new Repeats({
    clock,
    onLoop: (error, policy) => loops.push(`${policy}: ${error.code}`),
    ...options,
  });
  let asked = 0;
  const ask = (changes: Partial<DecideRequest> = {}, policy = 'ask', file = '/m') =>
    repeats.answer({ policy, file }, { ...request, ...changes }, async () => decided(` answer ${++asked}`));
  return { clock, loops, repeats, ask, asked: () => asked };
}

describe('the same question in the same state', () => {
  it('is answered from memory for a while, at no cost in tokens', async () => {
    const { ask, clock, repeats } = rig({ knownMs: 1000 });
    expect(await ask()).toEqual({ decided: decided(' answer 1'), repeated: false });
    clock.advance(999);
    const again = await ask();
    expect(again).toMatchObject({
      repeated: true,
      decided: { text: ' answer 1', tokens: { cached: 0, prompt: 0, generated: 0 } },
    });
    clock.advance(1);
    expect((await ask()).decided.text).toBe(' answer 2');
    expect(repeats.counters).toEqual({ repeated: 1, loops: 0, refused: 0 });
  });

  it('is another one when state, house, language, bounds or model are others', async () => {
    const { ask, asked } = rig();
    await ask();
    await ask({ prompt: { ...request.prompt, user: ['state: off'] } });
    await ask({ prompt: { ...request.prompt, system: ['role', { token: '<e2>', otherwise: 'e2' }] } });
    await ask({ language: { key: 'l', root: { text: ' none' } } });
    await ask({ minProbability: 0.5 });
    await ask({}, 'ask', '/other');
    expect(asked()).toBe(6);
    expect((await ask()).repeated).toBe(true);
  });

  it('is asked again after a failure', async () => {
    const { repeats } = rig();
    const by = { policy: 'ask', file: '/m' };
    const failing = repeats.answer(by, request, () =>
      Promise.reject(new GanglionError('MODEL_ABORTED', { file: '/m' })),
    );
    await expect(failing).rejects.toMatchObject({ code: 'MODEL_ABORTED' });
    expect((await repeats.answer(by, request, async () => decided(' x'))).repeated).toBe(false);
  });

  it('keeps a bounded number of questions, those asked last', async () => {
    const { ask, asked } = rig({ capacity: 2 });
    const numbered = (n: number) => ask({ language: { key: String(n), root: { text: '' } } });
    for (const n of [1, 2, 1, 3, 1, 2]) await numbered(n);
    expect(asked()).toBe(4);
  });
});

describe('a policy that asks the same over and over', () => {
  it('is reported once and refused until it calms down', async () => {
    const { ask, clock, loops, repeats } = rig({ loopAsks: 3, loopMs: 1000, knownMs: 10 });
    for (let i = 0; i < 3; i++) await ask({}, 'blink');
    for (let i = 0; i < 5; i++) {
      await expect(ask({}, 'blink')).rejects.toMatchObject({ code: 'MODEL_ASKED_IN_LOOP' });
      clock.advance(100);
    }
    expect(loops).toEqual(['blink: MODEL_ASKED_IN_LOOP']);
    expect(repeats.counters).toMatchObject({ loops: 1, refused: 5 });
    await ask({}, 'calm');
    clock.advance(2000);
    await ask({}, 'blink');
    for (let i = 0; i < 2; i++) await ask({}, 'blink');
    await expect(ask({}, 'blink')).rejects.toMatchObject({ code: 'MODEL_ASKED_IN_LOOP' });
    expect(loops).toHaveLength(2);
  });

  it('is not one that asks in new states, nor a person who insists', async () => {
    const { ask, loops } = rig({ loopAsks: 3, loopMs: 1000 });
    for (let i = 0; i < 50; i++) await ask({ prompt: { system: [], user: [`co2 ${i}`] } }, 'air');
    for (let i = 0; i < 50; i++) await ask();
    expect(loops).toEqual([]);
  });
});
