/** Milliseconds since 1970-01-01 UTC, as the wall clock says. May jump when the clock is set. */
export type WallMs = number & { readonly wallClock: unique symbol };

/** Milliseconds of a clock that never jumps; only differences mean anything, and only within one process. */
export type MonoMs = number & { readonly monotonicClock: unique symbol };

/** What `Clock.schedule` gives back; cancelling twice is harmless. */
export interface Timer {
  cancel(): void;
}

/** The only way this project learns the time. Tests pass one they advance by hand. */
export interface Clock {
  wall(): WallMs;
  mono(): MonoMs;
  /** Runs `task` once after `delayMs` (≥ 0). The timer does not keep the process alive. */
  schedule(delayMs: number, task: () => void): Timer;
}
