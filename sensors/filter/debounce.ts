import type { Reading, Value } from '../../runtime/contract/reading.ts';
import type { Clock, Timer } from '../../runtime/contract/time.ts';

export interface DebounceOptions {
  readonly clock: Clock;
  /** How long a new value must hold, ms. */
  readonly holdMs: number;
  /** Whether two values are the same as far as bouncing goes. Default: equal. */
  readonly same?: (a: Value, b: Value) => boolean;
  /** Takes a value that has held, from a timer. */
  readonly release: (reading: Reading) => void;
}

/** Lets a new value through once it has held for a while. The first one passes at once: there is nothing to bounce from. */
export class Debounce {
  readonly #clock: Clock;
  readonly #holdMs: number;
  readonly #same: (a: Value, b: Value) => boolean;
  readonly #release: (reading: Reading) => void;
  #passed: Value | undefined;
  #candidate: Reading | undefined;
  #timer: Timer | undefined;

  constructor(options: DebounceOptions) {
    this.#clock = options.clock;
    this.#holdMs = options.holdMs;
    this.#same = options.same ?? Object.is;
    this.#release = options.release;
  }

  /** Returns whether the reading passes now; otherwise it may be released later. */
  apply(reading: Reading): boolean {
    if (this.#passed === undefined || this.#same(this.#passed, reading.value)) {
      this.#passed ??= reading.value;
      this.cancel();
      return true;
    }
    const holding = this.#candidate !== undefined && this.#same(this.#candidate.value, reading.value);
    this.#candidate = reading;
    if (!holding) {
      this.#timer?.cancel();
      this.#timer = this.#clock.schedule(this.#holdMs, () => this.#fire());
    }
    return false;
  }

  /** Forgets the value that is waiting. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#candidate = undefined;
  }

  #fire(): void {
    const reading = this.#candidate;
    this.cancel();
    if (reading === undefined) return;
    this.#passed = reading.value;
    this.#release(reading);
  }
}
