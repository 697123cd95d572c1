import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actedShare,
  calibrationError,
  fitTemperature,
  nllAt,
  sureness,
  thresholdFor,
  type CalibrationSample,
} from '../../../models/synapse/eval/calibration.ts';
import { tempered } from '../../../runtime/modelhost/decode/walk.ts';

/** Decisions of a model whose logits are `scale` times too large, right exactly as often as the true ones say. */
function overconfident(scale: number): CalibrationSample[] {
  return Array.from({ length: 2000 }, (_, i): CalibrationSample => {
    const truth = 0.55 + 0.44 * ((i % 100) / 99);
    const [a, b] = [truth ** scale, (1 - truth) ** scale];
    const shares = Float64Array.of(a / (a + b), b / (a + b));
    // The golden ratio spreads evenly whatever the order.
    const right = (i * 0.618_033_988_75) % 1 < truth;
    return { branches: [shares], right, acts: i % 2 === 0, refusal: i % 4 === 0 };
  });
}

describe('temperature', () => {
  it('is found again, and makes sureness mean what it says', () => {
    for (const scale of [0.5, 1, 3]) {
      const samples = overconfident(scale);
      const temperature = fitTemperature(samples);
      expect(temperature).toBeGreaterThan(scale * 0.85);
      expect(temperature).toBeLessThan(scale * 1.15);
      expect(calibrationError(samples, temperature)).toBeLessThan(0.05);
      for (const other of [temperature / 1.3, temperature * 1.3])
        expect(nllAt(samples, other)).toBeGreaterThan(nllAt(samples, temperature));
    }
    expect(calibrationError(overconfident(3), 1)).toBeGreaterThan(0.1);
  });

  it('changes no choice, and sums up to 1', () => {
    const shares = fc
      .array(fc.double({ min: 1e-9, max: 1, noNaN: true }), { minLength: 2, maxLength: 20 })
      .map((raw) => Float64Array.from(raw, (share) => share / raw.reduce((sum, one) => sum + one, 0)));
    fc.assert(
      fc.property(shares, fc.double({ min: 0.1, max: 10, noNaN: true }), (given, temperature) => {
        const changed = tempered(given, temperature);
        expect(changed.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
        const best = given.indexOf(Math.max(...given));
        expect(changed[best]).toBe(Math.max(...changed));
        const wider = temperature > 1 ? changed[best]! - given[best]! : given[best]! - changed[best]!;
        expect(wider).toBeLessThanOrEqual(1e-12);
      }),
    );
  });

  it('holds for every choice of a decision', () => {
    const branches = [Float64Array.of(0.8, 0.2), Float64Array.of(0.9, 0.05, 0.05)];
    const sample = { branches, right: true, acts: true, refusal: false };
    expect(sureness(sample, 1)).toBeCloseTo(0.72, 9);
    expect(sureness(sample, 2)).toBeCloseTo((2 / 3) * (3 / (3 + 2 * Math.sqrt(0.5))), 9);
  });
});

describe('threshold', () => {
  const refusal = (share: number): CalibrationSample => ({
    branches: [Float64Array.of(share, 1 - share)],
    right: false,
    acts: true,
    refusal: true,
  });

  it('is the lowest at which so few refusals act', () => {
    const of = (decisions: CalibrationSample[], refusals = decisions.length) => ({ decisions, refusals });
    const samples = of([0.55, 0.62, 0.81, 0.93].map(refusal));
    expect(actedShare(samples, 1, 0.5)).toBe(1);
    expect(thresholdFor(samples, 1, 0.5)).toBe(0.63);
    expect(thresholdFor(samples, 1, 0.25)).toBe(0.82);
    expect(thresholdFor(samples, 1, 0)).toBe(0.94);
    expect(thresholdFor(of([refusal(1)]), 1, 0)).toBe(1);
    expect(thresholdFor(of([]), 1, 0)).toBe(0.5);
    // What words alone bar are refusals that did not act.
    expect(thresholdFor(of(samples.decisions, 8), 1, 0.25)).toBe(0.63);
  });
});
