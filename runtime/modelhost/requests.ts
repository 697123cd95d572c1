import { GanglionError } from '../errors.ts';
import type { Chosen, Classified } from '../contract/engine.ts';
import type { Clock, Timer } from '../contract/time.ts';
import type { Question } from './protocol.ts';

/** `interactive` goes first: a person waits. */
export type Lane = 'interactive' | 'background';

export interface AskOptions {
  /** Milliseconds from now; after it the answer is no longer wanted. */
  readonly deadlineMs: number;
  readonly lane?: Lane;
  readonly signal?: AbortSignal;
}

export type RequestEnd = 'answered' | 'failed' | 'expired' | 'aborted';

/** One question on its way to a model. It settles once, whatever comes first: answer, error, deadline, abort, death of the host. */
export class Request {
  readonly promise: Promise<Chosen | Classified>;
  #resolve!: (answer: Chosen | Classified) => void;
  #reject!: (error: GanglionError) => void;
  #timer: Timer | undefined;
  /** Sent to the host and not yet replied to. */
  running = false;
  settled = false;
  readonly id: number;
  readonly file: string;
  readonly question: Question;
  readonly options: AskOptions;
  readonly #onEnd: (request: Request, end: RequestEnd) => void;

  constructor(
    what: {
      readonly id: number;
      readonly file: string;
      readonly question: Question;
      readonly options: AskOptions;
    },
    onEnd: (request: Request, end: RequestEnd) => void,
  ) {
    this.id = what.id;
    this.file = what.file;
    this.question = what.question;
    this.options = what.options;
    this.#onEnd = onEnd;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Starts the deadline and listens for the abort. */
  watch(clock: Clock): void {
    const { deadlineMs, signal } = this.options;
    this.#timer = clock.schedule(deadlineMs, () => this.#expire());
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  answer(answer: Chosen | Classified): void {
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

/** The requests of all models, at most `limit` of them, interactive before background, else in order. */
export class RequestQueue {
  readonly #limit: number;
  readonly #waiting: Record<Lane, Request[]> = { interactive: [], background: [] };
  /** By model file: one at a time each, so that a classifier does not wait behind a language model. */
  readonly #running = new Map<string, Request>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting.interactive.length + this.#waiting.background.length;
  }

  get running(): Iterable<Request> {
    return this.#running.values();
  }

  /** Throws QUEUE_FULL. */
  add(request: Request): void {
    if (this.waiting >= this.#limit)
      throw new GanglionError('QUEUE_FULL', { queue: 'model', limit: this.#limit });
    this.#waiting[request.options.lane ?? 'interactive'].push(request);
  }

  /** Takes a request out that will not run any more. */
  remove(request: Request): void {
    const lane = this.#waiting[request.options.lane ?? 'interactive'];
    const at = lane.indexOf(request);
    if (at !== -1) lane.splice(at, 1);
  }

  /** The next request for a model whose turn it is, marked running; undefined while one runs or none waits. */
  take(file: string): Request | undefined {
    if (this.#running.has(file)) return undefined;
    for (const lane of [this.#waiting.interactive, this.#waiting.background]) {
      const at = lane.findIndex((request) => request.file === file);
      if (at === -1) continue;
      const [request] = lane.splice(at, 1);
      request!.running = true;
      this.#running.set(file, request!);
      return request;
    }
    return undefined;
  }

  /** The running request with this id; it no longer counts as running. */
  finish(id: number): Request | undefined {
    for (const [file, request] of this.#running) {
      if (request.id !== id) continue;
      this.#running.delete(file);
      request.running = false;
      return request;
    }
    return undefined;
  }

  /** All of them, and forgets them. */
  drain(): readonly Request[] {
    const all = [...this.#running.values(), ...this.#waiting.interactive, ...this.#waiting.background];
    this.#running.clear();
    this.#waiting.interactive = [];
    this.#waiting.background = [];
    return all;
  }
}
