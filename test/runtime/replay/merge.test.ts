import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import { merge, type Strand } from '../../../runtime/replay/merge.ts';

function strand(key: PropertyKey, times: readonly number[]): Strand {
  let i = -1;
  return {
    key,
    get at() {
      return times[i]!;
    },
    value: true,
    next: () => ++i < times.length,
  };
}

it('puts strands in order of time, of one moment the earlier strand first, and loses nothing', () => {
  const times = fc
    .array(fc.integer({ min: 0, max: 60 }), { maxLength: 700 })
    .map((list) => list.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(fc.array(times, { maxLength: 7 }), (lists) => {
      const merged = [...merge(lists.map((list, i) => strand(`sensor.s${i}.x`, list)))].flat();
      const expected = lists
        .flatMap((list, i) => list.map((at) => ({ key: `sensor.s${i}.x`, at, value: true })))
        .toSorted((a, b) => a.at - b.at);
      expect(merged).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
