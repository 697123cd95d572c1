import { randomInt } from 'node:crypto';
import type { Clock, Timer } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import type { Job } from './dispatcher.ts';

interface Waiting {
  readonly job: Job;
  /** Shown on CLI and HTTP only; an approval over MQTT must bring it. */
  readonly code: string;
  readonly timer: Timer;
  /** Wrong codes so far. */
  misses: number;
}

export interface ApprovalsOptions {
  readonly clock: Clock;
  readonly expiresMs: number;
  readonly onExpired: (job: Job) => void;
  /** A number from 0 to 999 999. */
  readonly random?: () => number;
}

/** After so many wrong codes an action can only be approved where no code is asked for. */
const MAX_MISSES = 5;
/** Actions that wait at once; nobody answers more. */
const MAX_WAITING = 500;

/** Actions that wait for a person, each with a one-time code and a time after which nobody cares any more. */
export class Approvals {
  readonly #options: ApprovalsOptions;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** @returns false if too many wait already */
  add(job: Job, ageMs = 0): boolean {
    if (this.#waiting.size >= MAX_WAITING) return false;
    const code = String((this.#options.random ?? (() => randomInt(1_000_000)))()).padStart(6, '0');
    const timer = this.#options.clock.schedule(Math.max(0, this.#options.expiresMs - ageMs), () => {
      this.#waiting.delete(job.action.id);
      this.#options.onExpired(job);
    });
    this.#waiting.set(job.action.id, { job, code, timer, misses: 0 });
    return true;
  }

  list(): readonly { readonly job: Job; readonly code: string }[] {
    return [...this.#waiting.values()];
  }

  /**
   * Takes an action out of the list, by id or an unambiguous start of it.
   * @param code must match where given (approval from a place anyone can write to)
   * @throws GanglionError APPROVAL_INVALID
   */
  take(id: string, code?: string): Job {
    const matches = [...this.#waiting.keys()].filter(
      (key) => key === id || (id.length >= 4 && key.startsWith(id)),
    );
    const waiting = matches.length === 1 ? this.#waiting.get(matches[0]!) : undefined;
    if (waiting === undefined) {
      throw new GanglionError('APPROVAL_INVALID', {
        id,
        reason: matches.length > 1 ? 'several actions begin so' : 'nothing with this id waits for approval',
      });
    }
    if (code !== undefined && (waiting.misses >= MAX_MISSES || code !== waiting.code)) {
      waiting.misses++;
      const reason =
        waiting.misses > MAX_MISSES
          ? 'too many codes were wrong; approve it on the command line or the dashboard'
          : 'the code is not the one shown on the command line and the dashboard';
      throw new GanglionError('APPROVAL_INVALID', { id, reason });
    }
    waiting.timer.cancel();
    this.#waiting.delete(waiting.job.action.id);
    return waiting.job;
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }
}
