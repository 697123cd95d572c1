import { describe, expect, it } from 'vitest';
import { binomialAtMost, incompleteBeta, lowerBound } from '../../../policies/index.ts';
import { Auditor } from '../../../policies/distil/auditor.ts';
import { DriftTest } from '../../../policies/distil/drift.ts';
import { casesNeeded, look, planTest } from '../../../policies/distil/test-plan.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { seeded } from './support.ts';

/** P(X ≤ k) summed term by term. */
function summed(k: number, n: number, p: number): number {
  let term = (1 - p) ** n;
  let sum = term;
  for (let i = 1; i <= k; i++) sum += term *= ((n - i + 1) / i) * (p / (1 - p));
  return sum;
}

describe('exact binomial bounds', () => {
  it.each([
    [0, 10, 0.1],
    [3, 20, 0.05],
    [10, 25, 0.5],
    [7, 400, 0.02],
    [40, 100, 0.3],
  ])('P(X ≤ %s of %s at %s) is the sum of its terms', (k, n, p) => {
    expect(binomialAtMost(k, n, p)).toBeCloseTo(summed(k, n, p), 12);
  });

  it('bounds as Clopper and Pearson do', () => {
    // All of n agree: the bound is the n-th root of the error.
    expect(lowerBound(59, 59, 0.05)).toBeCloseTo(0.05 ** (1 / 59), 12);
    // 95 % two-sided for 8 of 10: 0.4439 – 0.9748, as in tables.
    expect(lowerBound(8, 10, 0.025)).toBeCloseTo(0.4439, 4);
    expect(lowerBound(0, 10, 0.05)).toBe(0);
    expect(incompleteBeta(0.5, 2, 2)).toBeCloseTo(0.5, 12);
  });

  it('is below the truth no more often than its error, whatever the truth', () => {
    for (const truth of [0.9, 0.95, 0.97]) {
      let broken = 0;
      for (let agreed = 0; agreed <= 200; agreed++) {
        const chance = summed(agreed, 200, truth) - (agreed > 0 ? summed(agreed - 1, 200, truth) : 0);
        if (lowerBound(agreed, 200, 0.05) > truth) broken += chance;
      }
      expect(broken).toBeLessThanOrEqual(0.05);
    }
  });
});

describe('the plan of a test', () => {
  it('passes without a disagreement at the first look, and not a case sooner', () => {
    const plan = planTest(0.95, 0.01);
    const [first] = plan.checkpoints;
    expect(look(plan, 0.95, first!, first!)).toBeGreaterThanOrEqual(0.95);
    expect(look(plan, 0.95, first! - 1, first! - 1)).toBeUndefined();
    expect(plan.errorPerLook * plan.checkpoints.length).toBeCloseTo(0.01, 12);
  });

  it('certifies a region that just fails no more often than its error', () => {
    const plan = planTest(0.95, 0.05);
    const random = seeded(3);
    let certified = 0;
    for (let run = 0; run < 2000; run++) {
      let agreed = 0;
      let cases = 0;
      for (const checkpoint of plan.checkpoints) {
        for (; cases < checkpoint; cases++) if (random() < 0.9499) agreed++;
        if (look(plan, 0.95, agreed, cases) === undefined) continue;
        certified++;
        break;
      }
    }
    expect(certified / 2000).toBeLessThan(0.05);
    expect(certified).toBeGreaterThan(0);
  });

  it('knows what cannot pass', () => {
    expect(casesNeeded(0.95, 0.01, 0.01)).toBeLessThan(500);
    expect(casesNeeded(0.95, 0.01, 0.05)).toBe(Infinity);
  });
});

describe('the drift test', () => {
  const casesUntilAlarm = (disagreement: number, seed: number, most: number): number => {
    const random = seeded(seed);
    const test = new DriftTest(0.95);
    for (let i = 1; i <= most; i++) if (test.add(random() >= disagreement)) return i;
    return Infinity;
  };

  it('is quick where the teacher has changed and quiet where it has not', () => {
    for (let seed = 1; seed <= 20; seed++) {
      expect(casesUntilAlarm(0.5, seed, 1000)).toBeLessThan(60);
      expect(casesUntilAlarm(0.01, seed, 5000)).toBe(Infinity);
    }
  });

  it('goes on where it was', () => {
    const test = new DriftTest(0.95);
    for (let i = 0; i < 3; i++) test.add(false);
    const again = new DriftTest(0.95, test.state);
    expect([test.onset, again.add(false), again.add(false)]).toEqual([3, false, true]);
  });
});

describe('the auditor', () => {
  const DAY = 86_400_000;

  it('takes its share, and at least so many a day', () => {
    const often = new Auditor({ random: seeded(1), perDay: 10 });
    let picked = 0;
    for (let i = 0; i < 20_000; i++)
      if (often.pick((i * (DAY / 20_000)) as WallMs, 0.02) !== undefined) picked++;
    expect(picked).toBeGreaterThan(330);
    expect(picked).toBeLessThan(480);
    const seldom = new Auditor({ random: seeded(1), perDay: 10 });
    const reasons = Array.from({ length: 50 }, (_, i) => seldom.pick((i * (DAY / 50)) as WallMs, 0));
    expect(reasons.filter((reason) => reason === 'quota')).toHaveLength(10);
  });

  it('starts a new day where the clock jumps, either way', () => {
    const auditor = new Auditor({ random: () => 0.9, perDay: 1 });
    const picks = [0, 1000, 5 * DAY, 5 * DAY + 1, 2 * DAY, 2 * DAY + 1].map((at) =>
      auditor.pick(at as WallMs, 0.02),
    );
    expect(picks).toEqual(['quota', undefined, 'quota', undefined, 'quota', undefined]);
  });
});
