import type { Clock } from '../../../contract/time.ts';
import { backoffMs } from '../../../lib/backoff.ts';

export interface BreakerOptions {
  readonly clock: Clock;
  /** 0–1 */
  readonly random: () => number;
  /** Failures in a row after which the server is left alone. */
  readonly failures: number;
  /** How long at first; doubles up to `maxOpenMs` while it goes on failing. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

export interface BreakerStatus {
  /** `half-open`: one request tries whether the server is back. */
  readonly state: 'closed' | 'open' | 'half-open';
  /** In a row. */
  readonly failures: number;
  /** Until it is tried again, ms; 0 unless open. */
  readonly leftMs: number;
  /** Why it is open. Goes after "but". */
  readonly reason: string;
}

/** What a request reports back, once. `neither`: it says nothing about the server. */
export type Verdict = 'success' | 'failure' | 'neither';

/**
 * Keeps requests away from a server that does not answer, so that a decision does not wait for it each time.
 *
 *     closed ── n failures in a row ──► open ── time over ──► half-open ── success ──► closed
 *                                         ▲                       │
 *                                         └────── failure ────────┘
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  /** How often it opened in a row, for the growing time. */
  #opened = 0;
  #openUntil: number | undefined;
  #probing = false;
  #reason = '';

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get status(): BreakerStatus {
    const leftMs = Math.max(0, (this.#openUntil ?? 0) - this.#options.clock.mono());
    const state = this.#openUntil === undefined ? 'closed' : leftMs > 0 ? 'open' : 'half-open';
    return { state, failures: this.#failures, leftMs: state === 'open' ? leftMs : 0, reason: this.#reason };
  }

  /** Lets a request through and returns what it reports back with; undefined: the server is left alone now. */
  admit(): ((verdict: Verdict) => void) | undefined {
    const { state } = this.status;
    if (state === 'open' || (state === 'half-open' && this.#probing)) return undefined;
    const probe = state === 'half-open';
    if (probe) this.#probing = true;
    let reported = false;
    return (verdict) => {
      if (reported) return;
      reported = true;
      if (probe) this.#probing = false;
      if (verdict === 'success') this.#close();
      else if (verdict === 'failure') this.#failed();
    };
  }

  /** The server asked to be left alone for a while. */
  pause(ms: number): void {
    const until = this.#options.clock.mono() + Math.min(ms, this.#options.maxOpenMs);
    this.#openUntil = Math.max(this.#openUntil ?? 0, until);
    this.#reason = 'it asked for fewer requests';
  }

  #failed(): void {
    this.#failures++;
    // A request from before it opened adds nothing; a failed probe opens it again.
    if (this.status.state === 'open' || this.#failures < this.#options.failures) return;
    const { clock, random, openMs, maxOpenMs } = this.#options;
    const ms = backoffMs(this.#opened++, { minMs: openMs, maxMs: maxOpenMs }, random);
    this.#openUntil = clock.mono() + ms;
    this.#reason = `it failed ${this.#failures} times in a row`;
  }

  #close(): void {
    this.#failures = 0;
    this.#opened = 0;
    // A success that set out before a pause began does not end the pause.
    if (this.status.state !== 'open') this.#openUntil = undefined;
  }
}
