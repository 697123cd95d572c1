import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { fuseRedundant, type RedundantSpec } from '../../../sensors/fuse/redundant.ts';
import { StateStore } from '../../../sensors/fuse/state.ts';
import { readingNow } from '../../support/readings.ts';

const KEY = 'sensor.living.temperature';
const MEMBERS: PropertyKey[] = ['sensor.a.temperature', 'sensor.b.temperature', 'sensor.c.temperature'];

function setup(method: RedundantSpec['method'], maxAgeMs = Infinity) {
  const clock = new ManualClock();
  const state = new StateStore({ clock, maxAgeMs });
  const fusion = fuseRedundant({ state, clock, groups: [{ key: KEY, members: MEMBERS, method }] });
  const read = (member: number, value: number | string | boolean) => {
    const slot = state.apply(readingNow(clock, MEMBERS[member]!, value, { unit: '°C' }));
    return slot === -1 ? [] : fusion.update(slot);
  };
  return { clock, state, fusion, read };
}

describe('redundant sensors', () => {
  it('gives the mean of those that are known, with their unit', () => {
    const { state, read } = setup('mean');
    expect(read(0, 20)).toEqual([state.slot(KEY)]);
    read(1, 22);
    expect(state.get(KEY)).toMatchObject({ value: 21, unit: '°C', standing: 'known' });
    expect(read(2, 21)).toEqual([]);
  });

  it('is not moved by one broken member when it takes the median', () => {
    const { state, read } = setup('median');
    [20, 85, 21].forEach((value, i) => read(i, value));
    expect(state.get(KEY).value).toBe(21);
    read(2, 'broken');
    expect(state.get(KEY).value).toBe(52.5);
  });

  it('lets stale and unavailable members drop out, and is unavailable without any', () => {
    const { clock, state, fusion, read } = setup('mean', 1000);
    read(0, 20);
    clock.advance(600);
    read(1, 30);
    clock.advance(400);
    expect(state.expire().flatMap((slot) => fusion.update(slot))).toEqual([state.slot(KEY)]);
    expect(state.get(KEY).value).toBe(30);
    const changed = state.setAvailable(['sensor.b'], false);
    expect(changed.flatMap((slot) => fusion.update(slot))).toEqual([state.slot(KEY)]);
    expect(state.get(KEY)).toMatchObject({ value: 30, standing: 'unavailable' });
    expect(read(2, 30)).toEqual([state.slot(KEY)]);
    expect(state.get(KEY)).toMatchObject({ value: 30, standing: 'known' });
  });

  it('keeps the present value in a tied vote', () => {
    const { state, read } = setup('vote');
    read(0, 'on');
    read(1, 'off');
    expect(state.get(KEY).value).toBe('on');
    read(2, 'off');
    expect(state.get(KEY).value).toBe('off');
    state.setAvailable(['sensor.c'], false);
    read(0, 'ajar');
    expect(state.get(KEY).value).toBe('off');
    read(1, 'shut');
    expect(state.get(KEY).value).toBe('ajar');
  });

  it('keeps mean and median between the least and the greatest member', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(values, fc.constantFrom('mean' as const, 'median' as const), (numbers, method) => {
        const { state, read } = setup(method);
        numbers.forEach((value, i) => read(i, value));
        const fused = state.get(KEY).value as number;
        expect(fused).toBeGreaterThanOrEqual(Math.min(...numbers) - 1e-9);
        expect(fused).toBeLessThanOrEqual(Math.max(...numbers) + 1e-9);
      }),
    );
  });

  it.each([
    [[{ key: KEY, members: [], method: 'mean' }], 'no members'],
    [[{ key: KEY, members: [KEY], method: 'mean' }], 'is a fused property itself'],
    [
      [
        { key: KEY, members: MEMBERS, method: 'mean' },
        { key: KEY, members: MEMBERS, method: 'vote' },
      ],
      'two groups',
    ],
  ] as [RedundantSpec[], string][])('refuses groups that cannot work (%#)', (groups, reason) => {
    const clock = new ManualClock();
    const state = new StateStore({ clock });
    expect(() => fuseRedundant({ state, clock, groups })).toThrow(reason);
  });
});
