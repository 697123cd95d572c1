import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeBlock, encodeBlock } from '../../../runtime/journal/block.ts';

const at = fc.integer({ min: 0, max: 4e12 });
const anyValue = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.constant(-0),
);
const decimal = fc.integer({ min: -1e7, max: 1e7 }).map((n) => n / 100);

it('gives every series back exactly, whatever it holds', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(fc.record({ at, value: anyValue }), { maxLength: 50 }),
        fc.array(fc.record({ at, value: fc.double({ noNaN: true }) }), { maxLength: 50 }),
        fc.array(fc.record({ at, value: decimal }), { maxLength: 50 }),
      ),
      (points) => {
        expect(decodeBlock(encodeBlock(points))).toEqual(points);
      },
    ),
  );
});

it('stores a slow temperature in about two bytes a point', () => {
  const points = Array.from({ length: 256 }, (_, i) => ({
    at: 1.77e12 + i * 10_000,
    value: Math.round(210 + 5 * Math.sin(i / 20)) / 10,
  }));
  expect(encodeBlock(points).length / points.length).toBeLessThan(2.5);
});
