/** Buckets per doubling; the relative error of a quantile is at most 2^(1/8) − 1 = 9 %. */
const RESOLUTION = 8;
/** 2^-12 ms (a quarter of a microsecond) … 2^18 ms (four minutes). */
const LOWEST = -12;
const HIGHEST = 18;

/** Latencies in logarithmic buckets: recording allocates nothing, memory is fixed. */
export class Histogram {
  readonly #buckets = new Float64Array((HIGHEST - LOWEST) * RESOLUTION + 1);
  #count = 0;
  #sumMs = 0;

  /** @param weight how many records this one stands for */
  record(ms: number, weight = 1): void {
    const index = ms <= 0 ? 0 : Math.round((Math.log2(ms) - LOWEST) * RESOLUTION);
    const bounded = index < 0 ? 0 : index >= this.#buckets.length ? this.#buckets.length - 1 : index;
    this.#buckets[bounded]! += weight;
    this.#count += weight;
    this.#sumMs += ms * weight;
  }

  get count(): number {
    return this.#count;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  /** The value below which a share `q` (0–1) of the records lies, ms; 0 without records. */
  quantile(q: number): number {
    if (this.#count === 0) return 0;
    let rest = q * this.#count;
    for (const [index, count] of this.#buckets.entries()) {
      rest -= count;
      if (rest <= 0 && count > 0) return 2 ** (index / RESOLUTION + LOWEST);
    }
    return 2 ** HIGHEST;
  }

  reset(): void {
    this.#buckets.fill(0);
    this.#count = 0;
    this.#sumMs = 0;
  }
}
