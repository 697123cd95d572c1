/** One decision as it was logged: what was taken, how likely that was, and what it brought. */
export interface LoggedChoice {
  readonly row: Float64Array;
  /** Index among all actions. */
  readonly action: number;
  /** Actions that were admissible then. */
  readonly admissible: readonly number[];
  /** Probability with which the policy of that time took it, above 0. */
  readonly propensity: number;
  /** −1 … 1 */
  readonly reward: number;
}

/** A policy that is to be judged: probability of each admissible action, in their order, summing to 1; for the difference of two, to 0. */
export type TargetPolicy = (row: Float64Array, admissible: readonly number[]) => readonly number[];
/** A guess of the reward of an action, for the doubly robust estimate. */
export type RewardModel = (row: Float64Array, action: number) => number;

export interface Estimate {
  /** Mean reward the policy would have had. */
  readonly value: number;
  readonly standardError: number;
  /** Logged decisions it rests on: (Σw)² / Σw² of the weights; small where the log hardly ever did what the policy does. */
  readonly effective: number;
}

/** A weight above this is cut: a decision that was taken once by luck must not decide everything. Biases towards 0. */
const MOST_WEIGHT = 100;

/** Inverse propensity scoring (Horvitz and Thompson, 1952): unbiased where every admissible action had a chance. */
export function inversePropensity(log: readonly LoggedChoice[], policy: TargetPolicy): Estimate {
  return doublyRobust(log, policy, () => 0);
}

/**
 * The doubly robust estimate: a guess of the rewards, corrected by inverse propensity where it was wrong. Right if the
 * guess or the propensities are. Source: Dudík, Langford, Li, "Doubly robust policy evaluation and learning", 2011.
 */
export function doublyRobust(
  log: readonly LoggedChoice[],
  policy: TargetPolicy,
  model: RewardModel,
): Estimate {
  let sum = 0;
  let squares = 0;
  let weights = 0;
  let weightSquares = 0;
  for (const { row, action, admissible, propensity, reward } of log) {
    const chances = policy(row, admissible);
    let guess = 0;
    let chance = 0;
    for (const [i, other] of admissible.entries()) {
      guess += chances[i]! * model(row, other);
      if (other === action) chance = chances[i]!;
    }
    const ratio = propensity > 0 ? chance / propensity : 0;
    const weight = Math.max(-MOST_WEIGHT, Math.min(MOST_WEIGHT, ratio));
    const value = guess + weight * (reward - model(row, action));
    sum += value;
    squares += value * value;
    weights += weight;
    weightSquares += weight * weight;
  }
  const n = log.length;
  const mean = n === 0 ? NaN : sum / n;
  const variance = n < 2 ? NaN : Math.max(0, squares - n * mean * mean) / (n - 1);
  return {
    value: mean,
    standardError: Math.sqrt(variance / n),
    effective: weightSquares > 0 ? weights ** 2 / weightSquares : 0,
  };
}
