import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawToken, sharesOf } from '../../../../../runtime/modelhost/engines/onnx/sampling.ts';

const logits = Float32Array.from([1, 3, 2, -5, 2.5, 0]);
const weights = Array.from(logits, Math.exp);
const total = weights.reduce((a, b) => a + b);

describe('sharesOf', () => {
  it('is the distribution among the allowed', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(5), { minLength: 1 }),
        fc.double({ min: -1e4, max: 1e4, noNaN: true }),
        (allowed, shift) => {
          const shares = sharesOf(
            logits.map((x) => x + shift),
            allowed,
          )!;
          const sum = allowed.reduce((all, token) => all + weights[token]!, 0);
          shares.forEach((share, i) => expect(share).toBeCloseTo(weights[allowed[i]!]! / sum, 2));
        },
      ),
    );
  });

  it('is none where scores are not finite', () => {
    expect(sharesOf(Float32Array.of(Number.NaN, 1), [0, 1])).toBeUndefined();
    expect(sharesOf(Float32Array.of(Number.POSITIVE_INFINITY, 1), [0, 1])).toBeUndefined();
    expect(sharesOf(new Float32Array(2).fill(Number.NEGATIVE_INFINITY), [0, 1])).toBeUndefined();
    // A token a model rules out is just that.
    expect([...sharesOf(Float32Array.of(Number.NEGATIVE_INFINITY, 1), [0, 1])!]).toEqual([0, 1]);
  });
});

describe('drawToken', () => {
  const counts = (temperature: number, topP: number, draws: number): number[] => {
    const found = Array.from(logits, () => 0);
    for (let i = 0; i < draws; i++) found[drawToken(logits, { temperature, topP, seed: 99 }, i)!]!++;
    return found.map((count) => count / draws);
  };

  it('takes the likeliest at temperature 0', () => {
    expect(drawToken(logits, { temperature: 0, topP: 1, seed: 1 }, 0)).toBe(1);
  });

  it('draws as often as probabilities say', () => {
    counts(1, 1, 20_000).forEach((share, i) => expect(share).toBeCloseTo(weights[i]! / total, 1));
    const warm = Array.from(logits, (x) => Math.exp(x / 3));
    const sum = warm.reduce((a, b) => a + b);
    counts(3, 1, 20_000).forEach((share, i) => expect(Math.abs(share - warm[i]! / sum)).toBeLessThan(0.015));
  });

  it('keeps to the likeliest that together reach top p', () => {
    // 1, 4 and 2 are 0.48, 0.29 and 0.18 of it.
    const drawn = (topP: number): number[] =>
      counts(1, topP, 500).flatMap((share, i) => (share > 0 ? [i] : []));
    expect(drawn(0.1)).toEqual([1]);
    expect(drawn(0.6)).toEqual([1, 4]);
    expect(drawn(0.9)).toEqual([1, 2, 4]);
  });

  it('depends on seed and position alone', () => {
    const draw = (seed: number, position: number): number =>
      drawToken(logits, { temperature: 2, topP: 1, seed }, position)!;
    const row = (seed: number): number[] => Array.from({ length: 40 }, (_, i) => draw(seed, i));
    expect(row(5)).toEqual(row(5));
    expect(row(6)).not.toEqual(row(5));
    expect(new Set(row(5)).size).toBeGreaterThan(3);
  });

  it('is none where scores are not finite', () => {
    for (const temperature of [0, 1]) {
      expect(drawToken(Float32Array.of(Number.NaN, 1), { temperature, topP: 1, seed: 1 }, 0)).toBeUndefined();
    }
  });
});
