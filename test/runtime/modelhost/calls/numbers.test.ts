import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangesOf, readNumber, writeNumber } from '../../../../runtime/modelhost/calls/numbers.ts';

/** All numbers of a value, as they are written. */
function written(spec: Parameters<typeof rangesOf>[0]): string[] {
  return rangesOf(spec).flatMap(({ negative, range: { min, max, step, decimals } }) =>
    Array.from(
      { length: Math.round((max - min) / step) + 1 },
      (_, i) => `${negative ? '-' : ''}${(min + i * step).toFixed(decimals)}`,
    ),
  );
}

describe('numbers of the call language', () => {
  it('steps as people do', () => {
    expect(written({ unit: '%', min: 0, max: 100 })).toHaveLength(101);
    expect(written({ unit: 'K', min: 2203, max: 2500 })).toEqual(['2300', '2400', '2500']);
    expect(written({ unit: '°C', min: 20, max: 21.5 })).toEqual(['20', '21', '20.5', '21.5']);
    expect(written({ unit: '°C', min: -1, max: 0.5 })).toEqual(['0', '-1', '0.5', '-0.5']);
    expect(written({ min: 0, max: 1 })).toHaveLength(101);
    expect(written({ min: 0, max: 3 })).toContain('1.5');
    expect(written({ min: 0, max: 5000 }).slice(0, 3)).toEqual(['0', '5', '10']);
    expect(written({ unit: '%', min: 33.3, max: 33.4 })).toEqual(['33.3', '33.4']);
  });

  it.each([
    {},
    { min: 0 },
    { max: 3 },
    { min: 3, max: 2 },
    { min: Number.NaN, max: 1 },
    { min: 0, max: 1e300 },
    { min: 0.00001, max: 0.00002 },
  ])('offers none for %j', (spec) => {
    expect(rangesOf(spec)).toEqual([]);
  });

  it('keeps within the limits, has each number once, at most 2000, and reads back what it writes', () => {
    const limit = fc.oneof(
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      fc.double({ min: -50, max: 50, noNaN: true }),
    );
    fc.assert(
      fc.property(limit, limit, fc.constantFrom('%', 'K', '°C', undefined), (a, b, unit) => {
        const [min, max] = a < b ? [a, b] : [b, a];
        const spec = { min, max, ...(unit === undefined ? {} : { unit }) };
        const ranges = rangesOf(spec);
        const texts = written(spec);
        expect(texts.length).toBeLessThanOrEqual(2000);
        expect(new Set(texts).size).toBe(texts.length);
        const wrong = texts.filter((text) => {
          const value = readNumber(text, ranges);
          const within = value !== undefined && value >= min && value <= max;
          return !within || writeNumber(value, ranges) !== text;
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
