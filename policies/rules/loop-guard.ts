const MINUTE_MS = 60_000;

/** Notices a policy that fires too often: more than `limit` times within a minute. Bounded: it keeps `limit` times. */
export class LoopGuard {
  readonly #limit: number;
  /** Firing times of the last minute, oldest first. */
  #times: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Records a firing at `mono` ms, unless it would be one too many: then false. */
  admit(mono: number): boolean {
    while (this.#times.length > 0 && mono - this.#times[0]! >= MINUTE_MS) this.#times.shift();
    if (this.#times.length >= this.#limit) return false;
    this.#times.push(mono);
    return true;
  }

  clear(): void {
    this.#times = [];
  }
}
