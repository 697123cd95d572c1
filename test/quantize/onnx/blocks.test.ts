import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeF16, encodeQ8 } from '../../../quantize/gguf/encode.ts';
import {
  BLOCK,
  blockScales,
  blockWeights,
  decodeBF16,
  decodeF16,
  decodeQ8,
  halfBytes,
  type BlockBits,
} from '../../../quantize/onnx/blocks.ts';

const block = fc
  .array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: BLOCK, maxLength: BLOCK })
  .map((values) => Float32Array.from(values));

/** What ONNX Runtime makes of the bytes: (stored − 2^(bits−1)) · scale. */
function restored(values: Float32Array, bits: BlockBits): number[] {
  const scales = blockScales(values, bits);
  const bytes = blockWeights(values, bits);
  return Array.from(values, (_, i) => {
    const stored = bits === 8 ? bytes[i]! : (bytes[i >> 1]! >> (i % 2 === 0 ? 0 : 4)) & 15;
    return (stored - 2 ** (bits - 1)) * scales[Math.floor(i / BLOCK)]!;
  });
}

function largest(values: Iterable<number>): number {
  return Math.max(...Array.from(values, Math.abs));
}

describe('blocks of 8 bits', () => {
  it('are at most half a step off', () => {
    fc.assert(
      fc.property(block, (values) => {
        const step = largest(values) / 127;
        restored(values, 8).forEach((x, i) =>
          expect(Math.abs(x - values[i]!)).toBeLessThanOrEqual(step * 0.501),
        );
      }),
    );
  });

  it('give Q8_0 back as it was', () => {
    fc.assert(
      fc.property(block, (values) => {
        const bytes = new Uint8Array(34);
        encodeQ8(values, new DataView(bytes.buffer), 0);
        const decoded = decodeQ8(bytes);
        restored(decoded, 8).forEach((x, i) => expect(x).toBeCloseTo(decoded[i]!, 4));
      }),
    );
  });
});

describe('blocks of 4 bits', () => {
  it('are about half a step off, the largest weight least of all, and better in sum than rounding alone', () => {
    fc.assert(
      fc.property(block, (values) => {
        const top = largest(values);
        const found = restored(values, 4);
        found.forEach((x, i) => expect(Math.abs(x - values[i]!)).toBeLessThanOrEqual(top * 0.2 + 1e-6));
        const plain = Array.from(values, (x) => {
          const step = values.find((y) => Math.abs(y) === top)! / -8;
          return step === 0 ? 0 : Math.max(-8, Math.min(7, Math.round(x / step))) * step;
        });
        const loss = (all: readonly number[]): number =>
          all.reduce((sum, x, i) => sum + (x - values[i]!) ** 2, 0);
        expect(loss(found)).toBeLessThanOrEqual(loss(plain) * 1.01 + 1e-6);
      }),
    );
  });

  it('put the first of two weights into the lower half', () => {
    const values = new Float32Array(BLOCK);
    values[0] = -8;
    values[1] = 7;
    expect(blockWeights(values, 4)[0]).toBe(0x0f << 4);
    expect(blockScales(values, 4)[0]).toBeCloseTo(1, 6);
  });

  it('keep zeros', () => {
    for (const bits of [4, 8] as const) {
      const zeros = new Float32Array(BLOCK);
      expect(restored(zeros, bits)).toEqual([...zeros]);
    }
  });
});

describe('half precision', () => {
  it('comes back as it was written', () => {
    const values = Float32Array.of(0, -0, 1, -2.5, 65504, 2 ** -24, 1e-5, 0.333251953125);
    const bytes = new Uint8Array(values.length * 2);
    encodeF16(values, new DataView(bytes.buffer), 0);
    expect(halfBytes(values)).toEqual(bytes);
    const decoded = decodeF16(bytes);
    values.forEach((x, i) => expect(decoded[i]).toBeCloseTo(x, x > 1000 ? 0 : 7));
  });

  it('is the upper half of a float in bfloat16', () => {
    expect([...decodeBF16(Uint8Array.of(0x80, 0x3f, 0x20, 0xc1))]).toEqual([1, -10]);
  });
});
