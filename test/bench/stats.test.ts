import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { geometricMean, median, quantile, slope, spreadOf } from '../../bench/support/stats.ts';

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe('quantile', () => {
  test('agrees with hand-computed values', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20], 0.25)).toBe(12.5);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('sorts by size, not as text', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  test('grows with q and stays between the extremes', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), share, share, (values, a, b) => {
        const [low, high] = [quantile(values, Math.min(a, b)), quantile(values, Math.max(a, b))];
        expect(low).toBeLessThanOrEqual(high + 1e-9);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
        expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
      }),
    );
  });
});

describe('slope', () => {
  test('finds the line that the points lie on', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100, max: 100 }), fc.integer({ min: -100, max: 100 }), (rise, start) => {
        const points = Array.from({ length: 20 }, (_, x) => ({ x, y: start + rise * x }));
        expect(slope(points)).toBeCloseTo(rise, 9);
      }),
    );
  });

  test('is that of least squares where points lie beside it', () => {
    const points = [
      { x: 0, y: 1 },
      { x: 1, y: 3 },
      { x: 2, y: 2 },
    ];
    expect(slope(points)).toBeCloseTo(0.5);
    expect(slope([{ x: 1, y: 1 }])).toBeNaN();
  });
});

test('the spread names least, median and most of the runs', () => {
  expect(spreadOf([3, 1, 2, 5, 4])).toEqual({ min: 1, median: 3, max: 5, runs: 5 });
});

test('the geometric mean of a ratio and its inverse is one', () => {
  expect(geometricMean([4, 0.25])).toBeCloseTo(1);
});
