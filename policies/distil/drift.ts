/** Disagreement that is to be found quickly, as a multiple of what the certificate allows. */
const RATIO = 3;
/**
 * Alarm level. In a region that just keeps its certificate a false alarm comes on average after e^5 = 148 cases or later
 * (Lorden, "Procedures for reacting to a change in distribution", 1971); in one that disagrees a fifth as often, after
 * some hundred thousands.
 */
const LEVEL = 5;

/**
 * Page's cumulative sum (Page, "Continuous inspection schemes", Biometrika 41, 1954) of the log-likelihood ratio between
 * a disagreement of three times what the certificate allows and just as much as it allows. It grows with disagreements,
 * shrinks with agreements, is never below 0, and raises the alarm at a level.
 */
export class DriftTest {
  readonly #onDisagree: number;
  readonly #onAgree: number;
  #sum: number;
  #since: number;

  /**
   * @param agreement the certificate's, 0–1
   * @param sum and since: as `state` gave them
   */
  constructor(agreement: number, state: DriftState = { sum: 0, since: 0 }) {
    const allowed = Math.min(Math.max(1 - agreement, 0.001), 0.5);
    const changed = Math.min(RATIO * allowed, (1 + allowed) / 2);
    this.#onDisagree = Math.log(changed / allowed);
    this.#onAgree = Math.log((1 - changed) / (1 - allowed));
    this.#sum = state.sum;
    this.#since = state.since;
  }

  get state(): DriftState {
    return { sum: this.#sum, since: this.#since };
  }

  /** Cases since the sum was last 0: the change is about so long ago. */
  get onset(): number {
    return this.#since;
  }

  /** Returns whether the alarm is up. */
  add(agrees: boolean): boolean {
    this.#sum = Math.max(0, this.#sum + (agrees ? this.#onAgree : this.#onDisagree));
    this.#since = this.#sum === 0 ? 0 : this.#since + 1;
    return this.#sum >= LEVEL;
  }
}

export interface DriftState {
  readonly sum: number;
  readonly since: number;
}
