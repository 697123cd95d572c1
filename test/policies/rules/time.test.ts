import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundariesOf, nextBoundary } from '../../../policies/rules/boundary.ts';
import { compileCondition } from '../../../policies/rules/compile.ts';
import { DueHeap } from '../../../policies/rules/due-heap.ts';
import { createLocalTime } from '../../../policies/rules/local-time.ts';
import { parseExpression } from '../../../policies/rules/syntax.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { readerOf, TestState } from '../support.ts';

const MINUTE = 60_000;
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
];

function localTime(zone: string, wall: number) {
  const time = createLocalTime(zone);
  time.set(wall as WallMs);
  return time;
}

describe('local time', () => {
  it('agrees with Intl in any zone, also when moved from one moment to another', () => {
    const zones = ZONES.map((zone) => createLocalTime(zone));
    const wall = fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2029, 0, 1) });
    fc.assert(
      fc.property(wall, fc.nat({ max: ZONES.length - 1 }), (wall, zone) => {
        const time = zones[zone]!;
        time.set(wall as WallMs);
        const expected = new Intl.DateTimeFormat('en-GB', {
          timeZone: ZONES[zone]!,
          weekday: 'short',
          day: 'numeric',
          month: 'numeric',
          hour: '2-digit',
          minute: '2-digit',
          hourCycle: 'h23',
        }).formatToParts(wall);
        const part = (type: string): string => expected.find((entry) => entry.type === type)!.value;
        const days = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
        expect([days[time.weekday], time.day, time.month, time.time]).toEqual([
          part('weekday'),
          Number(part('day')),
          Number(part('month')),
          `${part('hour')}:${part('minute')}`,
        ]);
        expect([time.hour, time.minute]).toEqual([Number(part('hour')), Number(part('minute'))]);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses zones that do not exist', () => {
    expect(() => createLocalTime('Europe/Berln')).toThrow('Expected an IANA time zone');
  });

  it('knows nothing while the clock is not plausible', () => {
    for (const wall of [0, Date.UTC(2024, 11, 31), Number.NaN, Number.POSITIVE_INFINITY]) {
      const time = localTime('UTC', wall);
      expect([time.plausible, time.hour, time.time]).toEqual([false, Number.NaN, undefined]);
    }
  });
});

describe('boundaries', () => {
  const conditions = fc.constantFrom(
    'now.hour >= 21 || now.hour < 6',
    'now.time == "02:30"',
    'now.time < "07:15" && now.weekday != 7',
    'now.minute in [0, 17, 59]',
    'now.minute % 7 == 3',
    'now.hour * 60 + now.minute > 150',
    'now.day == 1 && now.month == 4',
    '6 < now.hour',
    'now.hour > 5.5',
    `now.epoch >= ${Date.UTC(2026, 2, 29, 1, 7) / 1000}`,
  );

  it('come no later than any change of the condition', () => {
    // Around the changes to and from summer time of several zones.
    const starts = [
      Date.UTC(2026, 2, 28, 22),
      Date.UTC(2026, 9, 24, 22),
      Date.UTC(2026, 2, 8, 5),
      Date.UTC(2026, 3, 4, 12),
    ];
    fc.assert(
      fc.property(
        conditions,
        fc.constantFrom(...ZONES),
        fc.constantFrom(...starts),
        fc.nat({ max: 600 }),
        (source, zone, start, shift) => {
          const parsed = parseExpression(source);
          const { expr } = (parsed as typeof parsed & { ok: true }).value;
          const time = createLocalTime(zone);
          const condition = compileCondition(expr, readerOf(new TestState(), time));
          const valueAt = (wall: number): number => {
            time.set(wall as WallMs);
            return condition();
          };
          const from = start + shift * MINUTE;
          const value = valueAt(from);
          time.set(from as WallMs);
          const next = nextBoundary(boundariesOf(expr)!, from, time);
          expect(next).toBeGreaterThan(from);
          expect(next - from).toBeLessThanOrEqual(24 * 60 * MINUTE);
          for (let wall = from; wall < next; wall += MINUTE) expect(valueAt(wall)).toBe(value);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are none where the clock is not looked at', () => {
    const parsed = parseExpression('sensor.a.b > 3');
    expect(parsed.ok && boundariesOf(parsed.value.expr)).toBeUndefined();
  });
});

describe('the due heap', () => {
  it('gives ids out in the order of their times, even before odd ones, however they were set', () => {
    const step = fc.record({
      id: fc.nat({ max: 9 }),
      due: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step), fc.nat({ max: 20 }), (steps, now) => {
        const heap = new DueHeap(10);
        const model = new Map<number, number>();
        for (const { id, due } of steps) {
          if (due === undefined) heap.clear(id);
          else heap.set(id, due);
          if (due === undefined) model.delete(id);
          else model.set(id, due);
          expect(heap.at(id)).toBe(due);
          expect(heap.next() ?? 99).toBe(Math.min(99, ...model.values()));
        }
        const expected = [...model]
          .filter(([, due]) => due <= now)
          .toSorted(([a, x], [b, y]) => x - y || (a % 2) - (b % 2) || a - b)
          .map(([id]) => id);
        const taken: number[] = [];
        for (let id = heap.take(now); id >= 0; id = heap.take(now)) taken.push(id);
        expect(taken).toEqual(expected);
      }),
    );
  });
});
