import type { Clock, MonoMs, Timer, WallMs } from '../contract/time.ts';

/** The machine's own clocks. */
export const systemClock: Clock = {
  wall: () => Date.now() as WallMs,
  mono: () => performance.now() as MonoMs,
  schedule(delayMs, task): Timer {
    // setTimeout overflows past 2^31 − 1 ms and would fire at once.
    const timer = setTimeout(task, Math.min(delayMs, 0x7fff_ffff));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

interface Scheduled {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that stands still until `advance` moves it. For tests, replay and simulation. */
export class ManualClock implements Clock {
  #wall: number;
  #mono = 0;
  #order = 0;
  #timers: Scheduled[] = [];

  constructor(startWallMs = Date.UTC(2026, 0, 1)) {
    this.#wall = startWallMs;
  }

  wall(): WallMs {
    return this.#wall as WallMs;
  }

  mono(): MonoMs {
    return this.#mono as MonoMs;
  }

  schedule(delayMs: number, task: () => void): Timer {
    const entry: Scheduled = { due: this.#mono + Math.max(0, delayMs), order: this.#order++, task };
    this.#timers.push(entry);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== entry);
      },
    };
  }

  /** Moves both clocks on by `ms`, running what falls due, in order, at its own time. */
  advance(ms: number): void {
    const end = this.#mono + ms;
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.due <= end)
        .toSorted((a, b) => a.due - b.due || a.order - b.order)
        .at(0);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#step(next.due);
      next.task();
    }
    this.#step(end);
  }

  /** Sets the wall clock without moving the monotonic one, as NTP does. */
  setWall(wallMs: number): void {
    this.#wall = wallMs;
  }

  #step(mono: number): void {
    this.#wall += mono - this.#mono;
    this.#mono = mono;
  }
}
