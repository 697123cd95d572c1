import type { Value } from '../../../runtime/contract/reading.ts';
import type { Now } from '../firing.ts';
import type { Watch } from './watch.ts';

/** True for one moment when a property goes from one known value to another; unknown while the property is. */
export class ChangeWatch implements Watch {
  readonly slots: readonly number[];
  readonly inner: readonly number[] = [];
  readonly due = Infinity;
  readonly bytes = 120;
  value: boolean | undefined;
  readonly #read: () => Value | undefined;
  readonly #counts: (before: Value, after: Value) => boolean;
  #before: Value | undefined;

  /** @param counts which changes do */
  constructor(slot: number, read: () => Value | undefined, counts: (before: Value, after: Value) => boolean) {
    this.slots = [slot];
    this.#read = read;
    this.#counts = counts;
  }

  begin(): void {
    this.#before = this.#read();
    this.rest();
  }

  look(_now: Now, silent: boolean): void {
    const before = this.#before;
    const after = this.#read();
    // What it was before the property was out of reach still counts as before.
    if (after !== undefined) this.#before = after;
    this.value =
      after === undefined
        ? undefined
        : !silent && before !== undefined && after !== before && this.#counts(before, after);
  }

  elapse(): void {}

  rest(): void {
    this.value = this.#read() === undefined ? undefined : false;
  }
}

/** Whether a number has gone up (`sign` 1) or down (−1) by at least `by`. */
export function movedBy(sign: 1 | -1, by: number): (before: Value, after: Value) => boolean {
  return (before, after) =>
    typeof before === 'number' && typeof after === 'number' && sign * (after - before) >= by;
}
