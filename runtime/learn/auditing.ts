import { Ladder } from '../../policies/index.ts';
import type { DecideSpec, LadderAnswer } from '../../policies/index.ts';
import type { SkippedRung } from '../contract/decision.ts';
import type { Rung, RungRequest } from '../contract/rung.ts';
import type { Clock } from '../contract/time.ts';
import { frozen } from './frozen-state.ts';

export interface AuditingOptions {
  readonly spec: DecideSpec;
  /** Rungs that would have been asked had there been no tree. */
  readonly teachers: readonly (Rung | SkippedRung)[];
  readonly clock: Clock;
  /** What the teacher says to a decision that the tree has made. */
  readonly onAnswer: (request: RungRequest, answer: LadderAnswer) => void;
  readonly onDropped: () => void;
  readonly onError: (error: unknown) => void;
}

/** Audits that may wait behind the one under way. */
const WAITING = 4;
/** Nobody waits for the answer, and the background lane comes last. Milliseconds. */
const PATIENCE_MS = 120_000;

/** Puts decisions of a tree to its teacher too: one at a time, in the background lane, on the state they were made on. */
export class Auditing {
  readonly #options: AuditingOptions;
  readonly #ladder: Ladder;
  readonly #waiting: RungRequest[] = [];
  readonly #abort = new AbortController();
  #busy = false;

  constructor(options: AuditingOptions) {
    this.#options = options;
    const { spec, teachers, clock } = options;
    this.#ladder = new Ladder({
      rungs: teachers,
      minConfidence: spec.minConfidence,
      timeoutMs: Math.max(spec.timeoutMs, PATIENCE_MS),
      clock,
    });
  }

  add(request: RungRequest): void {
    if (this.#waiting.length >= WAITING) {
      this.#options.onDropped();
      return;
    }
    const { frame, state } = request;
    const kept = { ...frame, values: frame.values.slice() };
    this.#waiting.push({ ...request, frame: kept, state: frozen(state), lane: 'background' });
    if (!this.#busy) void this.#work();
  }

  stop(): void {
    this.#abort.abort();
    this.#waiting.length = 0;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    // The decision that is checked goes out first.
    await Promise.resolve();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        const answer = await this.#ladder.decide(next, this.#abort.signal);
        if (!this.#abort.signal.aborted) this.#options.onAnswer(next, answer);
      } catch (error) {
        this.#options.onError(error);
      }
    }
    this.#busy = false;
  }
}
