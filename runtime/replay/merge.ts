import type { PropertyKey } from '../contract/ids.ts';
import type { Value } from '../contract/reading.ts';
import type { WallMs } from '../contract/time.ts';
import type { KeptReading } from './recording.ts';

/** Readings of one property in the order they came in. */
export interface Strand {
  readonly key: PropertyKey;
  /** Of the reading `next` has come to. */
  readonly at: number;
  readonly value: Value;
  next(): boolean;
}

/** So many readings at once: enough that what is done per chunk does not count. */
const CHUNK = 512;

/**
 * All strands as one, in order of time: a binary heap by the time of each strand's next reading. Of readings at one moment those
 * of earlier strands come first. Holds one chunk.
 */
export function* merge(strands: readonly Strand[]): Generator<readonly KeptReading[]> {
  const heap = new StrandHeap(strands.filter((strand) => strand.next()));
  let chunk: KeptReading[] = [];
  while (heap.size > 0) {
    const strand = heap.first;
    chunk.push({ key: strand.key, value: strand.value, at: strand.at as WallMs });
    if (strand.next()) heap.replace(strand.at);
    else heap.remove();
    if (chunk.length === CHUNK) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

class StrandHeap {
  size: number;
  readonly #strands: readonly Strand[];
  /** Numbers of strands and the times of their readings, as a heap. */
  readonly #order: Int32Array;
  readonly #times: Float64Array;

  constructor(strands: readonly Strand[]) {
    this.#strands = strands;
    this.size = strands.length;
    const order = strands.map((_, i) => i).toSorted((a, b) => strands[a]!.at - strands[b]!.at || a - b);
    this.#order = Int32Array.from(order);
    this.#times = Float64Array.from(order, (i) => strands[i]!.at);
  }

  get first(): Strand {
    return this.#strands[this.#order[0]!]!;
  }

  /** The first strand has come to another reading. */
  replace(time: number): void {
    this.#sink(time, this.#order[0]!);
  }

  /** The first strand has ended. */
  remove(): void {
    const last = --this.size;
    if (last > 0) this.#sink(this.#times[last]!, this.#order[last]!);
  }

  #sink(time: number, strand: number): void {
    const times = this.#times;
    const order = this.#order;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.#before(child + 1, times[child]!, order[child]!)) child++;
      if (!this.#before(child, time, strand)) break;
      times[at] = times[child]!;
      order[at] = order[child]!;
      at = child;
    }
    times[at] = time;
    order[at] = strand;
  }

  #before(at: number, time: number, strand: number): boolean {
    const difference = this.#times[at]! - time;
    return difference < 0 || (difference === 0 && this.#order[at]! < strand);
  }
}
