import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WindowWatch } from '../../../../policies/rules/watch/window.ts';
import { at, TestState } from '../../support.ts';
import { MINUTE, SECOND, watching } from './setup.ts';

const LUX = 'sensor.hall.illuminance';
const MOTION = 'binary_sensor.hall_motion.state';
const DOOR = 'binary_sensor.door.state';

describe('changed(x)', () => {
  it('fires on every change between known values, and on nothing else', () => {
    const w = watching(`changed(${LUX})`);
    expect(w.set(LUX, 1)).toHaveLength(0);
    expect(w.set(LUX, 2)).toHaveLength(1);
    expect(w.set(LUX, 3)).toHaveLength(1);
    expect(w.set(LUX, 3)).toHaveLength(0);
    expect(w.set(LUX, undefined)).toHaveLength(0);
    expect(w.value()).toBe('unknown');
    expect(w.set(LUX, 3)).toHaveLength(0);
    expect(w.set(LUX, 4, true)).toHaveLength(0);
    expect(w.set(LUX, 5)).toHaveLength(1);
    expect(w.value()).toBe(false);
  });

  it('can be joined with what holds at that moment, and asked of in `if`', () => {
    const joined = watching(`changed(${LUX}) && ${MOTION} == "on"`, {
      state0: { [LUX]: 1, [MOTION]: 'off' },
    });
    expect(joined.set(LUX, 2)).toHaveLength(0);
    expect(joined.set(MOTION, 'on')).toHaveLength(0);
    expect(joined.set(LUX, 3)).toHaveLength(1);
    const only = watching(`${MOTION} == "on"`, {
      state0: { [LUX]: 1, [MOTION]: 'off' },
      more: `if: "changed(${LUX})",`,
    });
    expect(only.set(MOTION, 'on')).toHaveLength(0);
  });

  it('says in words what changed', () => {
    const w = watching(`changed(${LUX})`, { state0: { [LUX]: 1 } });
    expect(w.set(LUX, 2)[0]?.explanation).toBe('hall illuminance changed to 2');
  });
});

describe('rose and fell', () => {
  it('compare with the value before', () => {
    const rose = watching(`rose(${LUX}, 5)`, { state0: { [LUX]: 10 } });
    expect(rose.set(LUX, 14)).toHaveLength(0);
    expect(rose.set(LUX, 19)).toHaveLength(1);
    expect(rose.set(LUX, 25)).toHaveLength(1);
    expect(rose.set(LUX, 0)).toHaveLength(0);
    const fell = watching(`fell(${LUX}, 5)`, { state0: { [LUX]: 10 } });
    expect(fell.set(LUX, 6)).toHaveLength(0);
    expect(fell.set(LUX, 1)).toHaveLength(1);
    expect(fell.set(LUX, 25)).toHaveLength(0);
  });

  it('with a time compare with the least and the greatest value within it', () => {
    const w = watching(`rose(${LUX}, 5, "10m")`, { state0: { [LUX]: 10 } });
    w.wait(4 * MINUTE);
    expect(w.set(LUX, 13)).toHaveLength(0);
    w.wait(4 * MINUTE);
    expect(w.set(LUX, 15)).toHaveLength(1);
    expect(w.set(LUX, 16)).toHaveLength(0);
    w.wait(20 * MINUTE);
    expect(w.value()).toBe(false);
    expect(w.set(LUX, 20)).toHaveLength(0);
    expect(w.set(LUX, 21)).toHaveLength(1);
  });
});

describe('windows', () => {
  it('mean is weighted by time and moves while nothing happens', () => {
    const w = watching(`mean(${LUX}, "10m") > 15`, { state0: { [LUX]: 10 } });
    w.wait(10 * MINUTE);
    expect(w.set(LUX, 20)).toHaveLength(0);
    // Half of ten minutes at 20 and half at 10 is 15, so just after five minutes it is more.
    expect(w.wait(5 * MINUTE - SECOND)).toEqual([]);
    expect(w.wait(20 * SECOND)).toHaveLength(1);
    expect(w.wait(60 * MINUTE)).toEqual([]);
  });

  it('min and max forget what has left the window', () => {
    const w = watching(`max(${LUX}, "5m") < 50`, { state0: { [LUX]: 90 } });
    w.set(LUX, 10);
    expect(w.value()).toBe(false);
    expect(w.wait(5 * MINUTE - 1)).toEqual([]);
    expect(w.wait(1)).toHaveLength(1);
    const m = watching(`min(${LUX}, "5m") >= 20`, { state0: { [LUX]: 10 } });
    m.set(LUX, 30);
    expect(m.wait(5 * MINUTE)).toHaveLength(1);
    expect(m.set(LUX, undefined)).toHaveLength(0);
    expect(m.value()).toBe('unknown');
  });

  it('count counts how often a condition turned true', () => {
    const w = watching(`count(${MOTION} == "on", "10m") >= 3`, { state0: { [MOTION]: 'off' } });
    const pulse = (): number => w.set(MOTION, 'on').length + w.set(MOTION, 'off').length;
    expect([pulse(), pulse()]).toEqual([0, 0]);
    w.wait(9 * MINUTE);
    expect(pulse()).toBe(1);
    w.wait(2 * MINUTE);
    expect(w.value()).toBe(false);
    const c = watching(`count(changed(${LUX}), "1m") == 2`, { state0: { [LUX]: 1 } });
    expect(c.set(LUX, 2)).toHaveLength(0);
    expect(c.set(LUX, 3)).toHaveLength(1);
    expect(c.set(LUX, 4)).toHaveLength(0);
    expect(c.wait(MINUTE)).toEqual([]);
    expect(c.value()).toBe(false);
  });

  it('agree with the same sums over everything that was ever read', () => {
    const step = fc.record({
      gap: fc.integer({ min: 0, max: 90 }),
      value: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
        const state = new TestState();
        const slot = state.slot(LUX);
        const read = (): number => Number(state.current(slot) ?? Number.NaN);
        const results = ['mean', 'min', 'max'] as const;
        const windows = results.map((result) => new WindowWatch({ slot, read, ms: MINUTE, result }));
        for (const window of windows) window.begin(at(0));
        const history: { from: number; value: number | undefined }[] = [{ from: 0, value: undefined }];
        let time = 0;
        for (const { gap, value } of steps) {
          time += gap * SECOND;
          state.set(LUX, value);
          for (const window of windows) window.look(at(time));
          history.push({ from: time, value });
          const start = time - MINUTE;
          const parts = history
            .map(({ from, value: v }, i) => ({
              v,
              from: Math.max(from, start),
              to: history[i + 1]?.from ?? time,
              last: i === history.length - 1,
            }))
            .filter(({ v, to, last }) => v !== undefined && (to > start || last));
          const known = parts.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0);
          const sum = parts.reduce((total, { v, from, to }) => total + v! * Math.max(0, to - from), 0);
          const present = history.at(-1)!.value;
          const watches = windows.map((window) => window.value);
          const expected =
            present === undefined
              ? [undefined, undefined, undefined]
              : [
                  known > 0 ? sum / known : present,
                  Math.min(...parts.map(({ v }) => v!)),
                  Math.max(...parts.map(({ v }) => v!)),
                ];
          const rounded = (value: unknown): unknown =>
            typeof value === 'number' ? Math.round(value * 1e9) + 0 : value;
          expect(watches.map(rounded)).toEqual(expected.map(rounded));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps its memory bounded however often the property changes', () => {
    const w = watching(`mean(${LUX}, "1h") > 1e9`, { state0: { [LUX]: 0 } });
    for (let i = 1; i < 5000; i++) {
      w.wait(100);
      w.set(LUX, i);
    }
    expect(w.engine.costs('rule').memoryBytes).toBeLessThan(40_000);
  });
});

describe('sequence(a, b, "30s")', () => {
  const when = `sequence(${DOOR} == "on", ${MOTION} == "on", "30s")`;
  const state0 = { [DOOR]: 'off', [MOTION]: 'off' };
  it('fires when b turns true at most so long after a', () => {
    const w = watching(when, { state0 });
    expect(w.set(DOOR, 'on')).toHaveLength(0);
    w.wait(30 * SECOND);
    expect(w.set(MOTION, 'on')).toHaveLength(1);
    w.set(MOTION, 'off');
    expect(w.set(MOTION, 'on')).toHaveLength(0);
  });

  it('does not fire the other way round, too late, or at the same moment', () => {
    const w = watching(when, { state0 });
    w.set(MOTION, 'on');
    expect(w.set(DOOR, 'on')).toHaveLength(0);
    w.set(MOTION, 'off');
    w.wait(31 * SECOND);
    expect(w.set(MOTION, 'on')).toHaveLength(0);
    const same = watching(when, { state0 });
    const slots = [same.state.set(DOOR, 'on'), same.state.set(MOTION, 'on')];
    expect(same.engine.changed(slots, same.now(), false, [])).toHaveLength(0);
  });

  it('takes the latest beginning, and steps that are true for a moment only', () => {
    const w = watching(`sequence(changed(${LUX}), changed(${LUX}), changed(${LUX}), "10s")`, {
      state0: { [LUX]: 0 },
    });
    expect(w.set(LUX, 1)).toHaveLength(0);
    w.wait(8 * SECOND);
    expect(w.set(LUX, 2)).toHaveLength(0);
    w.wait(8 * SECOND);
    expect(w.set(LUX, 3)).toHaveLength(0);
    w.wait(SECOND);
    expect(w.set(LUX, 4)).toHaveLength(1);
  });

  it('is not begun by what retained messages say', () => {
    const w = watching(when, { state0 });
    w.set(DOOR, 'on', true);
    expect(w.set(MOTION, 'on')).toHaveLength(0);
  });
});
