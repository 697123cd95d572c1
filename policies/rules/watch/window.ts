import type { Now } from '../firing.ts';
import type { Watch } from './watch.ts';

/** A window keeps so many changes; of a property that changes more often it covers a shorter time. */
export const MAX_SAMPLES = 1024;
/** A mean moves while nothing happens: it is looked at again this often per window, but not more than once a second. */
const LOOKS = 60;

export interface WindowParts {
  readonly slot: number;
  /** NaN while unknown or not a number. */
  readonly read: () => number;
  readonly ms: number;
  readonly result: 'mean' | 'min' | 'max' | { readonly sign: 1 | -1; readonly by: number };
}

/**
 * One number over the last so many ms. A property keeps its value until the next one: the mean is weighted by time, and
 * what was true when the window began counts. Times at which the property was unknown are left out; while it is unknown
 * now, so is the window. A window that has not been filled yet covers what there is.
 *
 *     #times   when each value began, monotonic ms   (ring of MAX_SAMPLES, #size used from #first)
 *     #values  the values, NaN while unknown
 */
export class WindowWatch implements Watch {
  readonly slots: readonly number[];
  readonly inner: readonly number[] = [];
  value: number | boolean | undefined;
  due = Infinity;
  readonly #parts: WindowParts;
  #times = new Float64Array(16);
  #values = new Float64Array(16);
  #first = 0;
  #size = 0;

  constructor(parts: WindowParts) {
    this.slots = [parts.slot];
    this.#parts = parts;
  }

  get bytes(): number {
    return 16 * this.#times.length + 200;
  }

  begin(now: Now): void {
    this.#size = 0;
    this.look(now);
  }

  look(now: Now): void {
    const value = this.#parts.read();
    if (this.#size === 0 || !Object.is(this.#values[this.#at(this.#size - 1)], value))
      this.#push(now.mono, value);
    this.elapse(now);
  }

  elapse({ mono }: Now): void {
    const { ms, result } = this.#parts;
    const start = mono - ms;
    while (this.#size > 1 && this.#times[this.#at(1)]! <= start) {
      this.#first = this.#at(1);
      this.#size--;
    }
    const present = this.#values[this.#at(this.#size - 1)]!;
    let sum = 0;
    let known = 0;
    let least = Infinity;
    let most = -Infinity;
    for (let i = 0; i < this.#size; i++) {
      const value = this.#values[this.#at(i)]!;
      if (Number.isNaN(value)) continue;
      const from = Math.max(start, this.#times[this.#at(i)]!);
      const until = i + 1 < this.#size ? this.#times[this.#at(i + 1)]! : mono;
      sum += value * (until - from);
      known += until - from;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (Number.isNaN(present)) this.value = undefined;
    else if (result === 'mean') this.value = known > 0 ? sum / known : present;
    else if (result === 'min') this.value = least;
    else if (result === 'max') this.value = most;
    else this.value = (result.sign === 1 ? present - least : most - present) >= result.by;
    const leaves = this.#size > 1 ? this.#times[this.#at(1)]! + ms : Infinity;
    this.due =
      result === 'mean' && leaves < Infinity ? Math.min(leaves, mono + Math.max(1000, ms / LOOKS)) : leaves;
  }

  #at(i: number): number {
    return (this.#first + i) % this.#times.length;
  }

  #push(time: number, value: number): void {
    if (this.#size === this.#times.length) {
      if (this.#size === MAX_SAMPLES) {
        this.#first = this.#at(1);
        this.#size--;
      } else this.#grow();
    }
    const at = this.#at(this.#size++);
    this.#times[at] = time;
    this.#values[at] = value;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    const values = new Float64Array(2 * this.#times.length);
    for (let i = 0; i < this.#size; i++) {
      times[i] = this.#times[this.#at(i)]!;
      values[i] = this.#values[this.#at(i)]!;
    }
    this.#times = times;
    this.#values = values;
    this.#first = 0;
  }
}
