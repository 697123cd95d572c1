import type { Certificate } from '../tree/tree-file.ts';
import { binomialAtMost, lowerBound } from './clopper-pearson.ts';

/** Times a region's count is looked at. */
export const LOOKS = 6;
/** By how much more cases there are at the next look. */
const GROWTH = 1.3;
/** Chance that a region as good as it seems passes by its last look but one. */
const POWER = 0.95;
/** A region that errs less than this is planned as if it erred so much: cross-validation is no better than that. */
const LEAST_DISAGREEMENT = 0.005;

/** When a region is looked at, and what each look may get wrong. Fixed before the first case of the test is seen. */
export interface TestPlan {
  /** Cases in the region at each look, ascending. */
  readonly checkpoints: readonly number[];
  /** Chance that one look at one region certifies wrongly: the whole error by regions and looks (Bonferroni). */
  readonly errorPerLook: number;
}

/** The plan for each of so many regions. The first look is at the fewest cases that could pass without one disagreement. */
export function planTest({ agreement, confidence }: Certificate, regions: number): TestPlan {
  const errorPerLook = (1 - confidence) / (regions * LOOKS);
  const first = Math.max(10, Math.ceil(Math.log(errorPerLook) / Math.log(agreement)));
  return {
    checkpoints: Array.from({ length: LOOKS }, (_, i) => Math.ceil(first * GROWTH ** i)),
    errorPerLook,
  };
}

/** What a look says: the agreement shown, or undefined if it is less than wanted. */
export function look(plan: TestPlan, wanted: number, agreed: number, cases: number): number | undefined {
  const shown = lowerBound(agreed, cases, plan.errorPerLook);
  return shown >= wanted ? shown : undefined;
}

/** Cases after which a region that disagrees so often has most likely passed; Infinity if the plan has no such look. */
export function casesNeeded(wanted: Certificate, regions: number, disagreement: number): number {
  const plan = planTest(wanted, regions);
  const expected = Math.max(disagreement, LEAST_DISAGREEMENT);
  for (const cases of plan.checkpoints) {
    let allowed = -1;
    while (look(plan, wanted.agreement, cases - allowed - 1, cases) !== undefined) allowed++;
    if (binomialAtMost(allowed, cases, expected) >= POWER) return cases;
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * Cases a region should get in the test so that as many regions as the budget allows pass; undefined where not even one
 * region of all leaves would.
 */
export function casesPerRegion(
  wanted: Certificate,
  disagreement: number,
  leaves: number,
  budget: number,
): number | undefined {
  for (let regions = Math.max(1, leaves); regions >= 1; regions--) {
    const cases = casesNeeded(wanted, regions, disagreement);
    if (cases * regions <= budget) return cases;
  }
  return undefined;
}
