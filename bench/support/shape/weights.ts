import { encodeF16 } from '../../../quantize/index.ts';

/** Values in the pool: prime, so that rows of any length differ from one another for a million rows. */
const POOL = 1_048_583;

/**
 * Random weights without end, from one pool of normal deviates that is read around and around: drawing and encoding each
 * of a billion anew takes minutes. The same seed gives the same weights.
 */
export class WeightPool {
  readonly #seed: number;
  readonly #encoded = new Map<number, Uint8Array>();
  #unit: Float32Array | undefined;
  #at = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Weights of a standard deviation in half precision, in chunks of whole rows. */
  *drawF16(rows: number, rowLength: number, deviation: number): Generator<Uint8Array> {
    const pool = this.#poolOf(deviation);
    for (let row = 0; row < rows;) {
      // A row that would go past the end begins where it would have ended: the next time around, all rows differ.
      if (this.#at + rowLength > POOL) this.#at += rowLength - POOL;
      const count = Math.min(rows - row, Math.floor((POOL - this.#at) / rowLength));
      yield pool.subarray(2 * this.#at, 2 * (this.#at + count * rowLength));
      this.#at += count * rowLength;
      row += count;
    }
  }

  #poolOf(deviation: number): Uint8Array {
    let pool = this.#encoded.get(deviation);
    if (pool === undefined) {
      pool = new Uint8Array(2 * POOL);
      this.#unit ??= normalDeviates(this.#seed);
      encodeF16(
        this.#unit.map((value) => value * deviation),
        new DataView(pool.buffer),
        0,
      );
      this.#encoded.set(deviation, pool);
    }
    return pool;
  }
}

/** By Box and Muller: two uniform deviates make a normal one. */
function normalDeviates(seed: number): Float32Array {
  const random = mulberry32(seed);
  return Float32Array.from(
    { length: POOL },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
