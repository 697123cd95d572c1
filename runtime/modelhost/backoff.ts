export interface BackoffOptions {
  /** First delay, ms. */
  readonly baseMs: number;
  /** Longest delay, ms. */
  readonly maxMs: number;
  /** A life longer than this counts as stable and starts the delays anew, ms. */
  readonly stableMs: number;
  /** 0–1 */
  readonly random: () => number;
}

/** Delays between restarts: doubling, between half and all of the step, so that boards switched on together do not march in step. */
export class Backoff {
  readonly #options: BackoffOptions;
  #step = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** The delay after a life of `livedMs`, ms. */
  next(livedMs: number): number {
    const { baseMs, maxMs, stableMs, random } = this.#options;
    if (livedMs >= stableMs) this.#step = 0;
    const full = Math.min(maxMs, baseMs * 2 ** Math.min(this.#step, 30));
    this.#step++;
    return full * (0.5 + random() / 2);
  }
}
