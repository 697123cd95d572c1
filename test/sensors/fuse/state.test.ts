import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Reading } from '../../../runtime/contract/reading.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { StateStore } from '../../../sensors/fuse/state.ts';
import { readingNow } from '../../support/readings.ts';

const KEY = 'sensor.kitchen.temperature';

function setup(options: { maxAgeMs?: number; maxProperties?: number } = {}) {
  const clock = new ManualClock();
  const state = new StateStore({ clock, ...options });
  const read = (key: PropertyKey, value: number | string | boolean, more = {}) =>
    state.apply(readingNow(clock, key, value, more));
  return { clock, state, read };
}

describe('StateStore', () => {
  it('keeps the latest value of each property and says which slot changed', () => {
    const { state, read } = setup();
    const slot = state.slot(KEY);
    expect(state.standing(slot)).toBe('unknown');
    expect(state.current(slot)).toBeUndefined();
    expect(read(KEY, 0, { unit: '°C' })).toBe(slot);
    expect(state.current(slot)).toBe(0);
    expect(read(KEY, 0)).toBe(-1);
    expect(read(KEY, 21)).toBe(slot);
    expect(read('light.hall.state', 'on')).not.toBe(slot);
    expect(state.version).toBe(3);
    expect(state.get(KEY)).toMatchObject({ value: 21, unit: '°C', standing: 'known' });
    expect([...state.entities()]).toEqual(['sensor.kitchen', 'light.hall']);
    expect(state.snapshot()).toEqual({
      'sensor.kitchen': { temperature: 21 },
      'light.hall': { state: 'on' },
    });
  });

  it('follows a property from number to text to boolean and back', () => {
    const { state, read } = setup();
    const slot = state.slot(KEY);
    for (const value of [1, 'one', true, false, '', 0, false]) {
      expect(read(KEY, value)).toBe(slot);
      expect(state.current(slot)).toBe(value);
    }
  });

  it('reading what is not there creates nothing', () => {
    const { state } = setup();
    expect(state.get(KEY)).toMatchObject({ value: undefined, standing: 'unknown' });
    expect(state.entity('sensor.kitchen')).toEqual({});
    state.slot(KEY);
    expect(state.size).toBe(1);
    expect([...state.entities()]).toEqual([]);
  });

  it('forgets what was read by mistake, and takes the next reading whatever its time', () => {
    const { state, read } = setup();
    const slot = state.slot(KEY);
    read(KEY, 21, { unit: '°C' });
    expect(state.forget([KEY, 'sensor.never.seen'])).toEqual([slot]);
    expect(state.forget([KEY])).toEqual([]);
    expect(state.get(KEY)).toEqual({ value: undefined, standing: 'unknown', at: 0 });
    expect([...state.entities()]).toEqual([]);
    expect(read(KEY, 21)).toBe(slot);
  });

  it('refreshes the times of an unchanged value', () => {
    const { clock, state, read } = setup({ maxAgeMs: 1000 });
    read(KEY, 5);
    clock.advance(900);
    expect(read(KEY, 5)).toBe(-1);
    expect(state.get(KEY).at).toBe(clock.wall());
    clock.advance(900);
    expect(state.expire()).toEqual([]);
    expect(state.standing(state.slot(KEY))).toBe('known');
  });

  it('turns values stale once, and known again by a reading of the same value', () => {
    const { clock, state, read } = setup({ maxAgeMs: 1000 });
    const slot = read(KEY, 5);
    clock.advance(1000);
    expect(state.expire()).toEqual([slot]);
    expect(state.expire()).toEqual([]);
    expect(state.current(slot)).toBeUndefined();
    expect(state.get(KEY)).toMatchObject({ value: 5, standing: 'stale' });
    expect(state.snapshot()).toEqual({});
    expect(read(KEY, 5)).toBe(slot);
    expect(state.standing(slot)).toBe('known');
  });

  it('takes the maximum age of the property before that of the entity before the default', () => {
    const { clock, state, read } = setup({ maxAgeMs: 10_000 });
    const slow = read('sensor.a.x', 1);
    const quick = read('sensor.b.x', 1);
    state.setMaxAge('sensor.b', 1000);
    const quickToo = read('sensor.b.y', 1);
    const never = read('sensor.b.z', 1);
    state.setMaxAge(never, Infinity);
    clock.advance(1000);
    expect(new Set(state.expire())).toEqual(new Set([quick, quickToo]));
    clock.advance(9000);
    expect(state.expire()).toEqual([slow]);
    state.setMaxAge(slow, 60_000);
    expect(state.standing(slow)).toBe('known');
    state.setMaxAge(never, 1);
    expect(state.expire()).toEqual([never]);
  });

  it('does not age by jumps of the wall clock', () => {
    const { clock, state, read } = setup({ maxAgeMs: 1000 });
    const slot = read(KEY, 5);
    clock.setWall(clock.wall() + 1e9);
    expect(state.expire()).toEqual([]);
    clock.setWall(clock.wall() - 2e9);
    clock.advance(500);
    read(KEY, 6);
    expect(state.standing(slot)).toBe('known');
  });

  it('keeps the last value of an unavailable entity and gives its old standing back', () => {
    const { clock, state, read } = setup({ maxAgeMs: 1000 });
    const unknown = state.slot('light.hall.color');
    const known = read('light.hall.state', 'on');
    expect(new Set(state.setAvailable(['light.hall'], false))).toEqual(new Set([unknown, known]));
    expect(state.setAvailable(['light.hall'], false)).toEqual([]);
    expect(state.current(known)).toBeUndefined();
    expect(state.get('light.hall.state')).toMatchObject({ value: 'on', standing: 'unavailable' });
    expect(state.standing(state.slot('light.hall.brightness'))).toBe('unavailable');
    state.setAvailable(['light.hall'], true);
    expect([known, unknown].map((slot) => state.standing(slot))).toEqual(['known', 'unknown']);

    state.setAvailable(['light.hall'], false);
    expect(read('light.hall.state', 'off')).toBe(known);
    expect(state.standing(known)).toBe('unavailable');
    clock.advance(1000);
    expect(state.expire()).toEqual([]);
    expect(state.setAvailable(['light.hall'], true)).toContain(known);
    expect(state.standing(known)).toBe('stale');
    expect(state.get('light.hall.state').value).toBe('off');
  });

  it('is refreshed by readings that filters held back', () => {
    const { clock, state, read } = setup({ maxAgeMs: 1000 });
    const slot = read(KEY, 5);
    const held = () => state.refresh(readingNow(clock, KEY, 5.1));
    clock.advance(900);
    expect(held()).toBe(-1);
    clock.advance(900);
    expect(state.expire()).toEqual([]);
    clock.advance(100);
    expect(state.expire()).toEqual([slot]);
    expect(held()).toBe(slot);
    expect(state.current(slot)).toBe(5);
    expect(state.refresh(readingNow(clock, 'sensor.never.seen', 1))).toBe(-1);
  });

  it('can make one property unavailable, whatever its entity is', () => {
    const { state, read } = setup();
    const slot = read(KEY, 5);
    expect(state.setSlotAvailable(slot, false)).toBe(true);
    expect(state.setAvailable(['sensor.kitchen'], true)).toEqual([]);
    state.setAvailable(['sensor.kitchen'], false);
    expect(state.setSlotAvailable(slot, true)).toBe(false);
    expect(state.setAvailable(['sensor.kitchen'], true)).toEqual([slot]);
  });

  it('fills in restored readings silently, as old as they say they are', () => {
    const { clock, state } = setup({ maxAgeMs: 60_000 });
    state.restore([
      readingNow(clock, 'sensor.a.x', 1, { ageMs: 59_000 }),
      readingNow(clock, 'sensor.b.x', 2, { ageMs: 61_000 }),
      readingNow(clock, 'sensor.c.x', 3, { ageMs: -1e9 }),
    ]);
    expect(
      ['sensor.a.x', 'sensor.b.x', 'sensor.c.x'].map((key) => state.get(key as PropertyKey).standing),
    ).toEqual(['known', 'stale', 'known']);
    clock.advance(1000);
    expect(state.expire()).toEqual([state.slot('sensor.a.x')]);
  });

  it('does not let a retained value look younger than it says it is', () => {
    const { clock, state, read } = setup({ maxAgeMs: 60_000 });
    const slot = read(KEY, 5, { ageMs: 50_000, retained: true });
    clock.advance(10_000);
    expect(state.expire()).toEqual([slot]);
  });
});

describe('StateStore and clocks of devices', () => {
  it('does not take a reading that arrives after a newer one', () => {
    const { clock, state, read } = setup();
    const slot = read(KEY, 20);
    clock.advance(1000);
    expect(read(KEY, 19, { ageMs: 10_000 })).toBe(-1);
    expect(state.current(slot)).toBe(20);
    expect(state.counters.outOfOrder).toBe(1);
    expect(read(KEY, 21, { ageMs: 2900 })).toBe(slot);
  });

  it('follows a device whose clock was set back, after the reorder time at the latest', () => {
    const { clock, state, read } = setup();
    const slot = read(KEY, 0);
    const year = 365 * 86_400_000;
    for (let second = 1; second <= 40; second++) {
      clock.advance(1000);
      read(KEY, second, { ageMs: 50 * year });
    }
    expect(state.current(slot)).toBe(40);
    expect(state.counters.outOfOrder).toBe(29);
  });

  it('is not frozen by a clock that is ahead and then mended', () => {
    const { clock, state, read } = setup();
    const slot = read(KEY, 1, { ageMs: -1e12 });
    expect(state.get(KEY).at).toBe(clock.wall());
    clock.advance(1000);
    expect(read(KEY, 2)).toBe(slot);
    expect(state.counters.outOfOrder).toBe(0);
  });
});

describe('StateStore and hostile readings', () => {
  it('refuses numbers that are not finite and texts without end', () => {
    const { state, read } = setup();
    for (const value of [Number.NaN, Infinity, -Infinity, 'x'.repeat(4097)])
      expect(read(KEY, value)).toBe(-1);
    expect(state.counters.unusable).toBe(4);
    expect(state.size).toBe(0);
  });

  it('is bounded', () => {
    const { state, read } = setup({ maxProperties: 300 });
    for (let i = 0; i < 400; i++) read(`sensor.s${i}.x`, i);
    expect(state.size).toBe(300);
    expect(state.counters.overLimit).toBe(100);
    expect(state.current(state.slot('sensor.s299.x'))).toBe(299);
  });

  it('treats names of the language as names', () => {
    const { state, read } = setup();
    for (const name of ['__proto__', 'constructor', 'toString']) read(`sensor.x.${name}`, 1);
    expect(Object.keys(state.entity('sensor.x'))).toEqual(['__proto__', 'constructor', 'toString']);
    expect(Object.keys(state.snapshot()['sensor.x']!)).toHaveLength(3);
    expect(Object.getPrototypeOf(state.entity('sensor.x'))).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['standing']).toBeUndefined();
  });
});

describe('StateStore against a plain model', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('read' as const),
        p: fc.nat(5),
        v: fc.oneof(fc.nat(3), fc.boolean()),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 900 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('available' as const), e: fc.nat(2), is: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('age' as const),
        p: fc.nat(5),
        ms: fc.integer({ min: 1, max: 2000 }),
      }),
    },
  );

  it('has the same values and standings after any history', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, state } = setup({ maxAgeMs: 1000 });
        const key = (p: number): PropertyKey => `sensor.e${p % 3}.p${p}`;
        const last = new Map<number, { reading: Reading }>();
        const ages = new Map<number, number>();
        const gone = new Set<number>();
        for (let p = 0; p < 6; p++) state.slot(key(p));
        for (const s of steps) {
          if (s.do === 'read') {
            const reading = readingNow(clock, key(s.p), s.v);
            last.set(s.p, { reading });
            state.apply(reading);
          } else if (s.do === 'wait') clock.advance(s.ms);
          else if (s.do === 'available') {
            if (s.is) gone.delete(s.e);
            else gone.add(s.e);
            state.setAvailable([`sensor.e${s.e}`], s.is);
          } else {
            ages.set(s.p, s.ms);
            state.setMaxAge(state.slot(key(s.p)), s.ms);
          }
          state.expire();
          for (let p = 0; p < 6; p++) {
            const entry = last.get(p);
            const young = entry && clock.mono() - entry.reading.received < (ages.get(p) ?? 1000);
            const standing = gone.has(p % 3) ? 'unavailable' : !entry ? 'unknown' : young ? 'known' : 'stale';
            expect(state.get(key(p))).toMatchObject({ value: entry?.reading.value, standing });
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
