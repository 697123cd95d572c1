import type { Clock, MonoMs, Timer, WallMs } from '../contract/time.ts';

interface Waiting {
  readonly due: number;
  readonly task: () => void;
}

/**
 * The clock of a recording: it stands still until it is moved, and what falls due on the way runs at its own time. Made for
 * being moved millions of times with few timers waiting, hence a list without an order and the next moment beside it.
 */
export class ReplayClock implements Clock {
  readonly #startMs: number;
  #mono = 0;
  #next = Infinity;
  readonly #waiting: Waiting[] = [];

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  wall(): WallMs {
    return (this.#startMs + this.#mono) as WallMs;
  }

  mono(): MonoMs {
    return this.#mono as MonoMs;
  }

  schedule(delayMs: number, task: () => void): Timer {
    const entry: Waiting = { due: this.#mono + Math.max(0, delayMs), task };
    this.#waiting.push(entry);
    if (entry.due < this.#next) this.#next = entry.due;
    return { cancel: () => this.#remove(entry) };
  }

  /** Moves on to a moment of the wall clock; one that has passed changes nothing. */
  advanceTo(wallMs: number): void {
    const end = wallMs - this.#startMs;
    while (this.#next <= end) {
      // Of several at one moment the one that has waited longest comes first.
      const entry = this.#waiting.find(({ due }) => due === this.#next)!;
      this.#mono = Math.max(this.#mono, entry.due);
      this.#remove(entry);
      entry.task();
    }
    if (end > this.#mono) this.#mono = end;
  }

  #remove(entry: Waiting): void {
    const at = this.#waiting.indexOf(entry);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    if (entry.due > this.#next) return;
    let next = Infinity;
    for (const { due } of this.#waiting) if (due < next) next = due;
    this.#next = next;
  }
}
