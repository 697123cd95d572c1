import type {
  ChatAnswer,
  ChatRequest,
  DecideRequest,
  Decided,
  Lane,
  Turn,
} from '../../../contract/engine.ts';
import type { Clock } from '../../../contract/time.ts';
import { GanglionError, isGanglionError } from '../../../errors.ts';
import { LaneGate } from './gate.ts';
import type { RemoteModel } from './remote.ts';

export interface RemoteAskOptions {
  /** Milliseconds from now; after it the answer is no longer wanted. */
  readonly deadlineMs: number;
  readonly lane?: Lane;
  readonly signal?: AbortSignal;
}

export interface RemoteAskerOptions {
  readonly model: Pick<RemoteModel, 'info' | 'decide' | 'chat' | 'dispose' | 'breaker'>;
  readonly clock: Clock;
  /** Requests the server gets at once. Default 2. */
  readonly concurrency?: number;
  /** Requests that may wait for that. Default 32. */
  readonly maxQueue?: number;
}

export interface RemoteAskerStatus {
  readonly waiting: number;
  readonly running: number;
  readonly breaker: RemoteModel['breaker'];
}

/** A remote model asked as the model host is: by deadline and lane, a few at a time. */
export class RemoteAsker {
  readonly #options: RemoteAskerOptions;
  readonly #gate: LaneGate;
  readonly #stop = new AbortController();
  #running = 0;

  constructor(options: RemoteAskerOptions) {
    this.#options = options;
    this.#gate = new LaneGate(options.concurrency ?? 2, options.maxQueue ?? 32);
  }

  /** What the model host would call its file: the server's address. */
  get file(): string {
    return this.#options.model.info.file;
  }

  get status(): RemoteAskerStatus {
    return { waiting: this.#gate.waiting, running: this.#running, breaker: this.#options.model.breaker };
  }

  /** Throws REMOTE_…, MODEL_DEADLINE, MODEL_ABORTED, MODEL_HOST_STOPPED, QUEUE_FULL. */
  decide(_file: string, request: DecideRequest, options: RemoteAskOptions): Promise<Decided> {
    return this.#within(options, (turn) => this.#options.model.decide(request, turn));
  }

  /** Throws REMOTE_…, MODEL_DEADLINE, MODEL_ABORTED, MODEL_HOST_STOPPED, QUEUE_FULL. */
  chat(
    _file: string,
    request: ChatRequest,
    options: RemoteAskOptions,
    onText: (piece: string) => void = () => {},
  ): Promise<ChatAnswer> {
    return this.#within(options, (turn) => this.#options.model.chat(request, turn, onText));
  }

  /** Withdraws what is under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#options.model.dispose();
  }

  async #within<T>(options: RemoteAskOptions, work: (turn: Turn) => Promise<T>): Promise<T> {
    const { deadlineMs, lane = 'interactive', signal } = options;
    const { clock, model } = this.#options;
    const { file } = model.info;
    if (this.#stop.signal.aborted) throw new GanglionError('MODEL_HOST_STOPPED', {});
    if (signal?.aborted === true) throw new GanglionError('MODEL_ABORTED', { file });
    if (!(deadlineMs > 0)) throw new GanglionError('MODEL_DEADLINE', { file, deadlineMs, stage: 'queue' });
    const ending = new AbortController();
    const startMs = clock.mono();
    let leave: (() => void) | undefined;
    const late = (): void => {
      const stage = leave === undefined ? 'queue' : 'run';
      ending.abort(new GanglionError('MODEL_DEADLINE', { file, deadlineMs, stage }));
    };
    const withdraw = (): void => {
      // Whoever asks has a clock as well, which may strike just before ours: that is the server's fault as much.
      if (clock.mono() - startMs >= deadlineMs * 0.95) late();
      else ending.abort(new GanglionError('MODEL_ABORTED', { file }));
    };
    const stop = (): void => ending.abort(new GanglionError('MODEL_HOST_STOPPED', {}));
    const timer = clock.schedule(deadlineMs, late);
    signal?.addEventListener('abort', withdraw, { once: true });
    this.#stop.signal.addEventListener('abort', stop, { once: true });
    const turn: Turn = {
      lane,
      signal: ending.signal,
      pass: async () => {
        leave ??= await this.#enter(lane, ending.signal);
      },
    };
    try {
      return await work(turn);
    } catch (error) {
      if (ending.signal.aborted && isGanglionError(ending.signal.reason)) throw ending.signal.reason;
      throw error;
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', withdraw);
      this.#stop.signal.removeEventListener('abort', stop);
      leave?.();
    }
  }

  async #enter(lane: Lane, signal: AbortSignal): Promise<() => void> {
    const leave = await this.#gate.enter(lane, signal);
    this.#running++;
    return () => {
      this.#running--;
      leave();
    };
  }
}
