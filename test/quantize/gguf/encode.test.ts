import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeQ8, fromHalf, toHalf } from '../../../quantize/gguf/encode.ts';

describe('half precision', () => {
  it('keeps every half as it is', () => {
    const changed: number[] = [];
    for (let half = 0; half < 0x1_0000; half++) {
      const value = fromHalf(half);
      const back = toHalf(value);
      if (Number.isNaN(value) ? !Number.isNaN(fromHalf(back)) : back !== half) changed.push(half);
    }
    expect(changed).toEqual([]);
  });

  it('rounds to the nearest half, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ min: -65_000, max: 65_000, noNaN: true }), (value) => {
        const half = toHalf(value);
        const error = Math.abs(fromHalf(half) - value);
        for (const neighbour of [half - 1, half + 1]) {
          const other = fromHalf(neighbour & 0xffff);
          if (Number.isNaN(other) || Math.sign(other) * Math.sign(value) < 0) continue;
          const away = Math.abs(other - value);
          expect(error).toBeLessThanOrEqual(away);
          expect(error === away && error > 0 && (half & 1) === 1).toBe(false);
        }
      }),
    );
    expect(toHalf(1e6)).toBe(0x7c00);
    expect(toHalf(65_520)).toBe(0x7c00);
    expect(toHalf(65_519)).toBe(0x7bff);
  });
});

describe('encodeQ8', () => {
  it('is off by at most half a step of its block', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 32, maxLength: 32 }),
        (list) => {
          const view = new DataView(new ArrayBuffer(34));
          encodeQ8(Float32Array.from(list), view, 0);
          const scale = fromHalf(view.getUint16(0, true));
          const largest = Math.max(...list.map(Math.abs));
          list.forEach((value, i) => {
            // Half a step, and what the half-precision scale itself loses.
            expect(Math.abs(view.getInt8(2 + i) * scale - value)).toBeLessThanOrEqual(
              largest / 254 + largest / 1024 + 1e-5,
            );
          });
        },
      ),
    );
  });
});
