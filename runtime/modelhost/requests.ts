import { LANES, type Lane } from '../contract/engine.ts';
import type { Clock, MonoMs, Timer } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import type { Answer, Question } from './protocol.ts';

export interface AskOptions {
  /** Milliseconds from now; after it the answer is no longer wanted. */
  readonly deadlineMs: number;
  /** Default: interactive. */
  readonly lane?: Lane;
  readonly signal?: AbortSignal;
  /** Told how many questions come before this one, while it waits and whenever that changes. */
  readonly onQueue?: (ahead: number) => void;
}

export type RequestEnd = 'answered' | 'failed' | 'expired' | 'aborted';

/** Node's timers go no further; nobody waits that long. */
const MAX_TIMER_MS = 0x7fff_ffff;

/** One question on its way to a model. It settles once, whatever comes first: answer, error, deadline, abort, death of the host. */
export class Request {
  readonly promise: Promise<Answer>;
  #resolve!: (answer: Answer) => void;
  #reject!: (error: GanglionError) => void;
  #timer: Timer | undefined;
  /** The host has it and has not replied yet. */
  sent = false;
  /** It has had its first turn. */
  running = false;
  settled = false;
  /** How many come before it, as it was told last. */
  ahead = -1;
  readonly id: number;
  readonly file: string;
  readonly lane: Lane;
  readonly question: Question;
  readonly options: AskOptions;
  readonly since: MonoMs;
  readonly onText: ((piece: string) => void) | undefined;
  readonly #onEnd: (request: Request, end: RequestEnd) => void;

  constructor(
    what: {
      readonly id: number;
      readonly file: string;
      readonly question: Question;
      readonly options: AskOptions;
      readonly since: MonoMs;
      readonly onText?: ((piece: string) => void) | undefined;
    },
    onEnd: (request: Request, end: RequestEnd) => void,
  ) {
    this.id = what.id;
    this.file = what.file;
    this.lane = what.options.lane ?? 'interactive';
    this.question = what.question;
    this.options = what.options;
    this.since = what.since;
    this.onText = what.onText;
    this.#onEnd = onEnd;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Starts the deadline and listens for the abort. */
  watch(clock: Clock): void {
    const { deadlineMs, signal } = this.options;
    this.#timer = clock.schedule(Math.min(deadlineMs, MAX_TIMER_MS), () => this.#expire());
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  answer(answer: Answer): void {
    if (this.#settle('answered')) this.#resolve(answer);
  }

  fail(error: GanglionError, end: RequestEnd = 'failed'): void {
    if (this.#settle(end)) this.#reject(error);
  }

  #expire(): void {
    const stage = this.running ? 'run' : 'queue';
    this.fail(
      new GanglionError('MODEL_DEADLINE', { file: this.file, deadlineMs: this.options.deadlineMs, stage }),
      'expired',
    );
  }

  readonly #abort = (): void => {
    this.fail(new GanglionError('MODEL_ABORTED', { file: this.file }), 'aborted');
  };

  #settle(end: RequestEnd): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.#timer?.cancel();
    this.options.signal?.removeEventListener('abort', this.#abort);
    this.#onEnd(this, end);
    return true;
  }
}

export interface LaneStatus {
  /** Questions that have not had a turn. */
  readonly waiting: number;
  readonly running: number;
  readonly limit: number;
  /** How long the first of them has waited, ms; 0 if none waits. */
  readonly oldestMs: number;
}

/** How many questions may be open in each lane. */
export type LaneLimits = Readonly<Record<Lane, number>>;

/** All open questions, in the order they came; bounded per lane, so that one lane cannot shut out another. */
export class RequestBoard {
  readonly #limits: LaneLimits;
  readonly #open = new Map<number, Request>();

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  /** Throws QUEUE_FULL. */
  add(request: Request): void {
    const { lane } = request;
    if (this.#count(lane) >= this.#limits[lane])
      throw new GanglionError('QUEUE_FULL', { queue: `model, ${lane} lane`, limit: this.#limits[lane] });
    this.#open.set(request.id, request);
  }

  get(id: number): Request | undefined {
    return this.#open.get(id);
  }

  remove(request: Request): void {
    this.#open.delete(request.id);
  }

  /** Those of one model that the host does not have yet. */
  unsent(file: string): readonly Request[] {
    return [...this.#open.values()].filter((request) => request.file === file && !request.sent);
  }

  /** Whether a model has an open question. */
  busy(file: string): boolean {
    for (const request of this.#open.values()) if (request.file === file) return true;
    return false;
  }

  get running(): readonly Request[] {
    return [...this.#open.values()].filter(({ running }) => running);
  }

  /** Tells those who want to know how many questions come before theirs: of higher lanes, and older ones of its own. */
  tellQueue(): void {
    const open = [...this.#open.values()].toSorted(
      (a, b) => LANES.indexOf(a.lane) - LANES.indexOf(b.lane) || a.id - b.id,
    );
    for (const [ahead, request] of open.entries()) {
      if (request.running || request.settled || request.ahead === ahead) continue;
      request.ahead = ahead;
      request.options.onQueue?.(ahead);
    }
  }

  status(now: MonoMs): Readonly<Record<Lane, LaneStatus>> {
    const of = (lane: Lane): LaneStatus => {
      const open = [...this.#open.values()].filter((request) => request.lane === lane);
      const waiting = open.filter(({ running }) => !running);
      return {
        waiting: waiting.length,
        running: open.length - waiting.length,
        limit: this.#limits[lane],
        oldestMs: waiting[0] === undefined ? 0 : now - waiting[0].since,
      };
    };
    return { interactive: of('interactive'), event: of('event'), background: of('background') };
  }

  /** All of them, and forgets them. */
  drain(): readonly Request[] {
    const all = [...this.#open.values()];
    this.#open.clear();
    return all;
  }

  #count(lane: Lane): number {
    let count = 0;
    for (const request of this.#open.values()) if (request.lane === lane) count++;
    return count;
  }
}
