import type { Condition } from '../compile.ts';
import type { Now } from '../firing.ts';
import { FALSE, type Tri, TRUE, UNKNOWN } from '../tri.ts';
import type { Watch } from './watch.ts';

/** What the steps of a sequence, or what is counted, read. */
export interface StepParts {
  readonly slots: readonly number[];
  readonly inner: readonly number[];
  readonly steps: readonly Condition[];
  readonly ms: number;
}

/** Notices a condition that turns true; from unknown to true does not count, nor does what retained messages say. */
class Edge {
  readonly #condition: Condition;
  #value: Tri = UNKNOWN;

  constructor(condition: Condition) {
    this.#condition = condition;
  }

  turned(silent: boolean): boolean {
    const before = this.#value;
    this.#value = this.#condition();
    return !silent && before === FALSE && this.#value === TRUE;
  }
}

/**
 * True for one moment when the last of several conditions turns true, the others having turned true before it, one after
 * the other, the first at most so many ms ago. Two that turn true in the same moment are not one after the other.
 */
export class SequenceWatch implements Watch {
  readonly slots: readonly number[];
  readonly inner: readonly number[];
  readonly due = Infinity;
  value = false;
  readonly #edges: readonly Edge[];
  readonly #ms: number;
  /** Per step, when the latest run that has come so far began; −Infinity if none has. */
  readonly #began: Float64Array;

  constructor({ slots, inner, steps, ms }: StepParts) {
    this.slots = slots;
    this.inner = inner;
    this.#edges = steps.map((step) => new Edge(step));
    this.#ms = ms;
    this.#began = new Float64Array(steps.length);
  }

  get bytes(): number {
    return 160 + 48 * this.#edges.length;
  }

  begin(now: Now): void {
    this.#began.fill(-Infinity);
    this.look(now, true);
  }

  look({ mono }: Now, silent: boolean): void {
    // From the last step to the first, so that one moment serves one step only.
    for (let i = this.#edges.length - 1; i >= 0; i--) {
      if (!this.#edges[i]!.turned(silent)) continue;
      const began = i === 0 ? mono : this.#began[i - 1]!;
      if (mono - began > this.#ms) continue;
      this.#began[i] = began;
      if (i < this.#edges.length - 1) continue;
      this.value = true;
      this.#began.fill(-Infinity);
    }
  }

  elapse(): void {}

  rest(): void {
    this.value = false;
  }
}

/** At most so many times are kept; a count stands still there. */
const MAX_COUNT = 1000;

/** How many times a condition has turned true within the last so many ms. */
export class CountWatch implements Watch {
  readonly slots: readonly number[];
  readonly inner: readonly number[];
  value = 0;
  due = Infinity;
  readonly #edge: Edge;
  readonly #ms: number;
  #times: number[] = [];

  constructor({ slots, inner, steps, ms }: StepParts) {
    this.slots = slots;
    this.inner = inner;
    this.#edge = new Edge(steps[0]!);
    this.#ms = ms;
  }

  get bytes(): number {
    return 160 + 8 * this.#times.length;
  }

  begin(now: Now): void {
    this.#times = [];
    this.look(now, true);
  }

  look(now: Now, silent: boolean): void {
    if (this.#edge.turned(silent)) {
      if (this.#times.length === MAX_COUNT) this.#times.shift();
      this.#times.push(now.mono);
    }
    this.elapse(now);
  }

  elapse({ mono }: Now): void {
    while (this.#times.length > 0 && this.#times[0]! <= mono - this.#ms) this.#times.shift();
    this.value = this.#times.length;
    this.due = this.#times.length === 0 ? Infinity : this.#times[0]! + this.#ms;
  }
}
