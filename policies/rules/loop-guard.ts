/** Notices a policy that fires too often: more than `limit` times within a minute. Bounded: it keeps `limit` times. */
export class LoopGuard {
  readonly #limit: number;
  /** Firing times, oldest at `#next`; absent until the first firing, as most of many rules never fire. */
  #times: Float64Array | undefined;
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Records a firing at `mono` ms, unless it would be one too many: then false. */
  admit(mono: number): boolean {
    const times = (this.#times ??= new Float64Array(this.#limit).fill(Number.NEGATIVE_INFINITY));
    if (mono - times[this.#next]! < 60_000) return false;
    times[this.#next] = mono;
    this.#next = (this.#next + 1) % times.length;
    return true;
  }

  clear(): void {
    this.#times = undefined;
    this.#next = 0;
  }
}
