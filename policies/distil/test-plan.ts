import { binomialAtMost, lowerBound } from './clopper-pearson.ts';

/** Times a region's count is looked at. */
const LOOKS = 8;
/** By how much more cases there are at the next look. */
const GROWTH = 1.3;
/** Chance that a region as good as it seems passes by the look it is planned for. */
const POWER = 0.9;
/** Chance of passing below which a test is given up. */
const FUTILITY = 0.25;
/** A region that errs less than this is planned as if it erred so much: cross-validation is no better than that. */
const LEAST_DISAGREEMENT = 0.005;

/** When a region is looked at, and what each look may get wrong. Fixed before the first case of the test is seen. */
export interface TestPlan {
  /** Cases in the region at each look, ascending. */
  readonly checkpoints: readonly number[];
  /** Chance that one look certifies wrongly: the region's error by its looks (Bonferroni). */
  readonly errorPerLook: number;
}

/**
 * The plan for one region. The first look is at the fewest cases that could pass without one disagreement.
 * @param error chance that the region is certified wrongly
 */
export function planTest(agreement: number, error: number): TestPlan {
  const errorPerLook = error / LOOKS;
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

/**
 * Whether a region that goes on disagreeing as often as it has is unlikely to pass by its last look. Giving up early
 * certifies nothing, so it costs no error.
 */
export function isHopeless(plan: TestPlan, wanted: number, agreed: number, cases: number): boolean {
  const last = plan.checkpoints.at(-1) ?? 0;
  if (cases >= last) return true;
  const soFar = cases - agreed;
  const allowed = mostDisagreements(plan, wanted, last);
  return binomialAtMost(allowed - soFar, last - cases, soFar / cases) < FUTILITY;
}

/** How often a region may disagree and pass at so many cases; −1: it cannot. */
function mostDisagreements(plan: TestPlan, wanted: number, cases: number): number {
  // The bound falls with every disagreement. Bisected: a bound is costly, and this runs between two readings.
  let [passes, fails] = [-1, cases + 1];
  while (fails - passes > 1) {
    const middle = (passes + fails) >> 1;
    if (look(plan, wanted, cases - middle, cases) === undefined) fails = middle;
    else passes = middle;
  }
  return passes;
}

/** Cases after which a region that disagrees so often has most likely passed; Infinity if the plan has no such look. */
export function casesNeeded(agreement: number, error: number, disagreement: number): number {
  const plan = planTest(agreement, error);
  const expected = Math.max(disagreement, LEAST_DISAGREEMENT);
  for (const cases of plan.checkpoints) {
    const allowed = mostDisagreements(plan, agreement, cases);
    if (binomialAtMost(allowed, cases, expected) >= POWER) return cases;
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * Cases a region should get in the test so that as many regions as the budget allows pass; undefined where not even one
 * region of all leaves would.
 * @param error chance that any of them is certified wrongly: it is divided over them
 */
export function casesPerRegion(
  agreement: number,
  error: number,
  { disagreement, leaves, budget }: { disagreement: number; leaves: number; budget: number },
): number | undefined {
  // More regions need more cases each, so the most that the budget allows are found by bisection.
  let best: number | undefined;
  let [fits, exceeds] = [0, Math.max(1, leaves) + 1];
  while (exceeds - fits > 1) {
    const regions = (fits + exceeds) >> 1;
    const cases = casesNeeded(agreement, error / regions, disagreement);
    if (cases * regions <= budget) [fits, best] = [regions, cases];
    else exceeds = regions;
  }
  return best;
}
