import type { Filter } from '../../runtime/contract/decoder.ts';
import type { Reading, Value } from '../../runtime/contract/reading.ts';
import type { Clock } from '../../runtime/contract/time.ts';
import { Deadband, type DeadbandOptions } from './deadband.ts';
import { Debounce } from './debounce.ts';

/** What a property's readings go through on their way to the state, in this order. */
export interface FilterOptions {
  /** Smooths numbers before anything else; text and booleans go past it. */
  readonly smooth?: readonly Filter[];
  readonly deadband?: DeadbandOptions;
  readonly debounceMs?: number;
}

/** Readings that went no further, by the stage that held them. */
export interface HeldBack {
  smooth: number;
  deadband: number;
  debounce: number;
}

/**
 * The filters of one property. What is held back is lost for the state alone: callers journal the raw reading and hand
 * it to `StateStore.refresh`, so that a steady sensor does not turn stale.
 */
export class FilterChain {
  readonly heldBack: HeldBack = { smooth: 0, deadband: 0, debounce: 0 };
  readonly #smooth: readonly Filter[];
  readonly #deadband: Deadband | undefined;
  readonly #debounce: Debounce | undefined;

  constructor(parts: {
    readonly smooth: readonly Filter[];
    readonly deadband: Deadband | undefined;
    readonly debounce: Debounce | undefined;
  }) {
    this.#smooth = parts.smooth;
    this.#deadband = parts.deadband;
    this.#debounce = parts.debounce;
  }

  /** The reading that goes on, possibly smoothed; undefined if held back (a debounced one may be released later). */
  apply(reading: Reading): Reading | undefined {
    let passing = reading;
    if (typeof reading.value === 'number') {
      const value = this.#smoothed(reading.value, reading.at);
      if (value === undefined) {
        this.heldBack.smooth++;
        return undefined;
      }
      if (value !== reading.value) passing = { ...reading, value };
    }
    // Debouncing compares within the deadband: a value that returns into it has bounced.
    if (this.#debounce !== undefined && !this.#debounce.apply(passing)) {
      this.heldBack.debounce++;
      return undefined;
    }
    if (this.#deadband === undefined || typeof passing.value !== 'number') return passing;
    if (this.#deadband.apply(passing.value) !== undefined) return passing;
    this.heldBack.deadband++;
    return undefined;
  }

  /** Drops what is waiting to be released. */
  stop(): void {
    this.#debounce?.cancel();
  }

  #smoothed(value: number, atMs: number): number | undefined {
    let smoothed: number | undefined = value;
    for (const filter of this.#smooth) {
      smoothed = filter.apply(smoothed, atMs);
      if (smoothed === undefined || !Number.isFinite(smoothed)) return undefined;
    }
    return smoothed;
  }
}

/**
 * Builds a chain from plain options.
 * @param release takes readings that have held for `debounceMs`, from a timer
 */
export function filterChain(
  options: FilterOptions,
  parts: { readonly clock: Clock; readonly release: (reading: Reading) => void },
): FilterChain {
  const deadband = options.deadband === undefined ? undefined : new Deadband(options.deadband);
  const same = (a: Value, b: Value) =>
    a === b ||
    (deadband !== undefined && typeof a === 'number' && typeof b === 'number' && deadband.within(a, b));
  const debounce =
    options.debounceMs === undefined || options.debounceMs <= 0
      ? undefined
      : new Debounce({
          clock: parts.clock,
          holdMs: options.debounceMs,
          same,
          release: (reading) => {
            if (typeof reading.value === 'number') deadband?.apply(reading.value);
            parts.release(reading);
          },
        });
  return new FilterChain({ smooth: options.smooth ?? [], deadband, debounce });
}
