import { normal, type Random } from './distributions.ts';

/** Learns what actions are worth. Rewards are from −1 to 1. */
export interface Learner {
  /** A number per action: the highest is to be taken. Drawn or raised so that what is little known is tried. */
  explore(row: Float64Array, actions: readonly number[]): number[];
  /** What each action is expected to bring. */
  expect(row: Float64Array, actions: readonly number[]): number[];
  learn(row: Float64Array, action: number, reward: number): void;
}

/**
 * Thompson sampling with a normal distribution per action: mean of the rewards, standard deviation 1/√(n + 1). Source:
 * Agrawal and Goyal, "Further optimal regret bounds for Thompson sampling", 2013.
 *
 *     count, sum   (actions)
 */
export class GaussianThompson implements Learner {
  readonly #count: Float64Array;
  readonly #sum: Float64Array;
  readonly #random: Random;

  constructor(actions: number, random: Random) {
    this.#count = new Float64Array(actions);
    this.#sum = new Float64Array(actions);
    this.#random = random;
  }

  explore(row: Float64Array, actions: readonly number[]): number[] {
    const means = this.expect(row, actions);
    return actions.map((action, i) => means[i]! + normal(this.#random) / Math.sqrt(this.#count[action]! + 1));
  }

  expect(_row: Float64Array, actions: readonly number[]): number[] {
    return actions.map((action) => this.#sum[action]! / (this.#count[action]! + 1));
  }

  learn(_row: Float64Array, action: number, reward: number): void {
    this.#count[action]!++;
    this.#sum[action]! += reward;
  }
}

/**
 * LinUCB with a separate ridge regression per action. Source: Li, Chu, Langford, Schapire, "A contextual-bandit approach to
 * personalized news article recommendation", 2010, algorithm 1. The inverse is updated by Sherman and Morrison's formula. A
 * constant is added to the features; a missing feature counts as 0, so features should be scaled to about −1 … 1.
 *
 *     inverse   A⁻¹ of each action   (actions, width, width), width = features + 1
 *     target    b of each action     (actions, width)
 */
export class LinUcb implements Learner {
  readonly #width: number;
  readonly #inverse: Float64Array;
  readonly #target: Float64Array;
  readonly #alpha: number;
  readonly #row: Float64Array;
  readonly #product: Float64Array;

  /** @param alpha how much not being known counts in favour of an action */
  constructor(actions: number, features: number, alpha = 1) {
    this.#width = features + 1;
    this.#alpha = alpha;
    this.#inverse = new Float64Array(actions * this.#width * this.#width);
    this.#target = new Float64Array(actions * this.#width);
    this.#row = new Float64Array(this.#width);
    this.#product = new Float64Array(this.#width);
    for (let action = 0; action < actions; action++)
      for (let i = 0; i < this.#width; i++) this.#inverse[(action * this.#width + i) * this.#width + i] = 1;
  }

  explore(row: Float64Array, actions: readonly number[]): number[] {
    this.#take(row);
    return actions.map(
      (action) => this.#mean(action) + this.#alpha * Math.sqrt(Math.max(0, this.#spread(action))),
    );
  }

  expect(row: Float64Array, actions: readonly number[]): number[] {
    this.#take(row);
    return actions.map((action) => this.#mean(action));
  }

  learn(row: Float64Array, action: number, reward: number): void {
    this.#take(row);
    const divisor = 1 + this.#spread(action); // leaves A⁻¹x in #product
    const width = this.#width;
    const start = action * width * width;
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < width; j++)
        this.#inverse[start + i * width + j]! -= (this.#product[i]! * this.#product[j]!) / divisor;
      this.#target[action * width + i]! += reward * this.#row[i]!;
    }
  }

  #take(row: Float64Array): void {
    for (let i = 0; i < this.#width - 1; i++) this.#row[i] = Number.isFinite(row[i]) ? row[i]! : 0;
    this.#row[this.#width - 1] = 1;
  }

  /** θᵀx with θ = A⁻¹b, which is bᵀ(A⁻¹x) as A is symmetric. */
  #mean(action: number): number {
    this.#spread(action);
    let sum = 0;
    for (let i = 0; i < this.#width; i++) sum += this.#target[action * this.#width + i]! * this.#product[i]!;
    return sum;
  }

  /** xᵀA⁻¹x; leaves A⁻¹x in #product. */
  #spread(action: number): number {
    const width = this.#width;
    const start = action * width * width;
    let spread = 0;
    for (let i = 0; i < width; i++) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += this.#inverse[start + i * width + j]! * this.#row[j]!;
      this.#product[i] = sum;
      spread += sum * this.#row[i]!;
    }
    return spread;
  }
}
