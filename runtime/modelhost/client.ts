import type {
  Chosen,
  ChooseRequest,
  Classified,
  ClassifyRequest,
  ModelInfo,
  ModelSpec,
} from '../contract/engine.ts';
import type { Log } from '../contract/log.ts';
import type { Clock, MonoMs, Timer } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import { Backoff } from './backoff.ts';
import { HostProcess } from './host-process.ts';
import { ModelRecord, type ModelStatus } from './models.ts';
import { fromWire, type FromHost, type Question } from './protocol.ts';
import { Request, RequestQueue, type AskOptions, type RequestEnd } from './requests.ts';

export interface ModelHostOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** 0–1; for the jitter of restarts. */
  readonly random: () => number;
  /** Memory of its own the host may take, bytes. Memory-mapped weights do not count on Linux. */
  readonly memoryBytes: number;
  /** Questions that may wait, over all models. */
  readonly maxQueue?: number;
  /** Times in a row a model may end the host before it is given up. */
  readonly maxCrashes?: number;
  /** Modules whose engines the host loads besides its own: absolute paths or package names. */
  readonly extensions?: readonly string[];
  /** Intervals, ms. Defaults: see DEFAULT_TIMES. */
  readonly times?: Partial<HostTimes>;
}

export interface HostTimes {
  /** Between two looks at memory and pulse. */
  readonly pollMs: number;
  /** Silence after which the host counts as hung; also how long a withdrawn question may go on. */
  readonly hangMs: number;
  readonly loadMs: number;
  readonly stopMs: number;
  readonly restartBaseMs: number;
  readonly restartMaxMs: number;
  /** A life longer than this starts the restart delays anew. */
  readonly stableMs: number;
}

export const DEFAULT_TIMES: HostTimes = {
  pollMs: 1000,
  // A classifier blocks the host's thread while it runs; none worth having takes longer than this.
  hangMs: 30_000,
  // A 7B model read from an SD card at 20 MB/s takes 4 minutes.
  loadMs: 600_000,
  stopMs: 1200,
  restartBaseMs: 500,
  restartMaxMs: 60_000,
  stableMs: 120_000,
};

export interface HostStatus {
  readonly state: 'stopped' | 'starting' | 'running' | 'restarting';
  readonly pid?: number;
  /** Own memory at the last look, bytes. */
  readonly memoryBytes: number;
  readonly waiting: number;
  readonly counters: Readonly<Record<HostCounter, number>>;
  /** Why the host ended last. */
  readonly lastExit?: string;
  readonly models: readonly ModelStatus[];
}

type HostCounter = 'restarts' | 'refused' | RequestEnd;

/** Niceness of the host: decisions by rules keep their latency while a model works. */
const PRIORITY = 10;

/**
 * The main process's side of the model host: starts the child, keeps it alive, loads the models again after a crash, and
 * asks them one question at a time each. Nothing native is loaded on this side.
 * Construct → start → load → choose | classify → stop.
 */
export class ModelHost {
  readonly #options: ModelHostOptions;
  readonly #times: HostTimes;
  readonly #models = new Map<string, ModelRecord>();
  readonly #queue: RequestQueue;
  readonly #backoff: Backoff;
  readonly #counters: Record<HostCounter, number> = {
    restarts: 0,
    refused: 0,
    answered: 0,
    failed: 0,
    expired: 0,
    aborted: 0,
  };
  #state: HostStatus['state'] = 'stopped';
  #process: HostProcess | undefined;
  #startedAt = 0 as MonoMs;
  #restart: Timer | undefined;
  #loadTimer: Timer | undefined;
  #lastExit: string | undefined;
  #started: (() => void) | undefined;
  #nextId = 1;

  constructor(options: ModelHostOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
    this.#queue = new RequestQueue(options.maxQueue ?? 64);
    this.#backoff = new Backoff({
      baseMs: this.#times.restartBaseMs,
      maxMs: this.#times.restartMaxMs,
      stableMs: this.#times.stableMs,
      random: options.random,
    });
  }

  /** Resolves when the child runs, or has ended for the first time and is being restarted: see `status`. */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#state = 'starting';
    await new Promise<void>((resolve) => {
      this.#started = resolve;
      this.#spawn();
    });
  }

  /** Ends the child; open questions and loads reject with MODEL_HOST_STOPPED. Idempotent. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#restart?.cancel();
    this.#loadTimer?.cancel();
    const error = new GanglionError('MODEL_HOST_STOPPED', {});
    for (const request of this.#queue.drain()) request.fail(error);
    for (const model of this.#models.values()) {
      model.lost();
      model.reject(error);
    }
    const running = this.#process;
    this.#process = undefined;
    this.#started?.();
    await running?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Loads a model, and again after every restart of the host. Resolves when it is ready, over restarts.
   * Throws MODEL_FILE_…, MODEL_UNSUPPORTED, MODEL_LOAD_FAILED, MODEL_GIVEN_UP and MODEL_HOST_STOPPED.
   */
  async load(spec: ModelSpec): Promise<ModelInfo> {
    if (this.#state === 'stopped') throw new GanglionError('MODEL_HOST_STOPPED', {});
    let model = this.#models.get(spec.file);
    if (model === undefined) {
      model = new ModelRecord(spec);
      this.#models.set(spec.file, model);
    } else if (model.state !== 'loading') {
      model.restart(spec);
    }
    const settled = model.settled();
    this.#loadNext();
    return settled;
  }

  /** Picks one of the choices. Throws MODEL_…, QUEUE_FULL; see docs/errors.md. */
  async choose(file: string, request: ChooseRequest, options: AskOptions): Promise<Chosen> {
    return (await this.#ask(file, { kind: 'choose', request }, options)) as Chosen;
  }

  /** Scores the classes of one row of features. Throws MODEL_…, QUEUE_FULL. */
  async classify(file: string, request: ClassifyRequest, options: AskOptions): Promise<Classified> {
    return this.#ask(file, { kind: 'classify', request }, options);
  }

  /** The model's own description, undefined until it has been loaded once. */
  info(file: string): ModelInfo | undefined {
    return this.#models.get(file)?.info;
  }

  get status(): HostStatus {
    const pid = this.#process?.pid;
    return {
      state: this.#state,
      ...(pid === undefined ? {} : { pid }),
      memoryBytes: this.#process?.memoryBytes ?? 0,
      waiting: this.#queue.waiting,
      counters: { ...this.#counters },
      ...(this.#lastExit === undefined ? {} : { lastExit: this.#lastExit }),
      models: [...this.#models.values()].map((model) => model.status()),
    };
  }

  async #ask(file: string, question: Question, options: AskOptions): Promise<Chosen | Classified> {
    this.#refuseUnready(file, question);
    if (options.signal?.aborted === true) throw new GanglionError('MODEL_ABORTED', { file });
    if (!(options.deadlineMs > 0)) {
      throw new GanglionError('MODEL_DEADLINE', { file, deadlineMs: options.deadlineMs, stage: 'queue' });
    }
    const request = new Request({ id: this.#nextId++, file, question, options }, (ended, how) =>
      this.#ended(ended, how),
    );
    try {
      this.#queue.add(request);
    } catch (error) {
      this.#counters.refused++;
      throw error;
    }
    request.watch(this.#options.clock);
    this.#pump(file);
    return request.promise;
  }

  #refuseUnready(file: string, question: Question): void {
    if (this.#state === 'stopped') throw new GanglionError('MODEL_HOST_STOPPED', {});
    const model = this.#models.get(file);
    if (model === undefined)
      throw new GanglionError('MODEL_NOT_READY', { file, reason: 'nobody asked for that' });
    if (model.problem !== undefined) throw model.problem;
    if (model.state !== 'ready') {
      const reason =
        this.#state === 'restarting' ? 'the model host is being restarted' : 'it is still being loaded';
      throw new GanglionError('MODEL_NOT_READY', { file, reason });
    }
    if (!model.kinds.includes(question.kind)) {
      const expected = model.kinds.includes('choose') ? 'a question in words' : 'a row of features';
      const received = question.kind === 'choose' ? 'a question in words' : 'a row of features';
      throw new GanglionError('MODEL_QUESTION_INVALID', { file, expected, received });
    }
  }

  #pump(file: string): void {
    const request = this.#queue.take(file);
    if (request === undefined) return;
    this.#process?.send({ type: 'ask', id: request.id, file, question: request.question });
  }

  /** A request has settled. One that still runs is withdrawn, and the host gets `hangMs` to let go of it. */
  #ended(request: Request, how: RequestEnd): void {
    this.#counters[how]++;
    if (!request.running) {
      this.#queue.remove(request);
      return;
    }
    const host = this.#process;
    host?.send({ type: 'cancel', id: request.id });
    this.#options.clock.schedule(this.#times.hangMs, () => {
      if (request.running && host === this.#process)
        host?.kill('it did not let go of a question that was withdrawn');
    });
  }

  #spawn(): void {
    const { clock, log, memoryBytes, extensions } = this.#options;
    const host = new HostProcess(
      { clock, log, memoryBytes, extensions: extensions ?? [], priority: PRIORITY, ...this.#times },
      {
        message: (message) => {
          if (host === this.#process) this.#received(message);
        },
        exit: (reason, overMemory) => {
          if (host === this.#process) this.#died(reason, overMemory);
        },
      },
    );
    this.#process = host;
    this.#startedAt = clock.mono();
    host.start();
  }

  #received(message: FromHost): void {
    switch (message.type) {
      case 'ready':
        this.#state = 'running';
        this.#started?.();
        this.#loadNext();
        break;
      case 'loaded':
      case 'failed':
      case 'answer':
        this.#replied(message);
        break;
      case 'log':
        this.#options.log[message.level]({ modelHost: this.#process?.pid }, message.message);
        break;
      case 'pong':
        break;
    }
  }

  #replied(message: Extract<FromHost, { id: number }>): void {
    const loading = [...this.#models.values()].find(
      (model) => model.state === 'loading' && model.loadId === message.id,
    );
    if (loading !== undefined) {
      this.#loadEnded();
      if (message.type === 'loaded') loading.ready(message.info, message.kinds);
      else if (message.type === 'failed') loading.fail('failed', fromWire(message.error, loading.spec.file));
      if (loading.problem !== undefined)
        this.#options.log.error({ code: loading.problem.code }, loading.problem.message);
      this.#loadNext();
      return;
    }
    const request = this.#queue.finish(message.id);
    if (request === undefined) return;
    if (message.type === 'answer') {
      const model = this.#models.get(request.file);
      if (model !== undefined) model.crashes = 0;
      request.answer(message.answer);
    } else if (message.type === 'failed') {
      request.fail(fromWire(message.error, request.file));
    }
    this.#pump(request.file);
  }

  /** Loads one model at a time, so that a crash has one culprit. */
  #loadNext(): void {
    if (this.#state !== 'running') return;
    const models = [...this.#models.values()];
    if (models.some(({ state }) => state === 'loading')) return;
    const model = models.find(({ state }) => state === 'waiting');
    const host = this.#process;
    if (model === undefined || host === undefined) return;
    model.state = 'loading';
    model.loadId = this.#nextId++;
    host.loading = true;
    this.#loadTimer = this.#options.clock.schedule(this.#times.loadMs, () => {
      host.kill(`it took longer than ${this.#times.loadMs / 1000} s to load ${model.spec.file}`);
    });
    host.send({ type: 'load', id: model.loadId, spec: model.spec });
  }

  #loadEnded(): void {
    this.#loadTimer?.cancel();
    if (this.#process !== undefined) this.#process.loading = false;
  }

  /** The child is gone: everyone who waits learns it at once, so that the decision falls to the next rung. */
  #died(reason: string, overMemory: boolean): void {
    this.#loadEnded();
    this.#process = undefined;
    this.#lastExit = reason;
    this.#state = 'restarting';
    for (const model of this.#culprits(overMemory)) this.#blame(model, reason);
    for (const model of this.#models.values()) model.lost();
    const error = new GanglionError('MODEL_HOST_DIED', { reason });
    for (const request of this.#queue.drain()) {
      request.running = false;
      request.fail(error);
    }
    const delayMs = this.#backoff.next(this.#options.clock.mono() - this.#startedAt);
    this.#options.log.warn(
      { code: error.code, restartMs: Math.round(delayMs) },
      `${error.message} It is being restarted.`,
    );
    this.#restart = this.#options.clock.schedule(delayMs, () => {
      this.#counters.restarts++;
      this.#spawn();
    });
    this.#started?.();
  }

  /** Whoever was being loaded or asked; for too much memory with nobody at work, all that were loaded. */
  #culprits(overMemory: boolean): readonly ModelRecord[] {
    const asked = new Set([...this.#queue.running].map(({ file }) => file));
    const models = [...this.#models.values()];
    const busy = models.filter(
      (model) => model.state === 'loading' || (model.state === 'ready' && asked.has(model.spec.file)),
    );
    return busy.length > 0 || !overMemory ? busy : models.filter(({ state }) => state === 'ready');
  }

  #blame(model: ModelRecord, reason: string): void {
    model.crashes++;
    if (model.crashes < (this.#options.maxCrashes ?? 3)) return;
    const problem = new GanglionError('MODEL_GIVEN_UP', {
      file: model.spec.file,
      crashes: model.crashes,
      reason,
    });
    model.fail('given-up', problem);
    this.#options.log.error({ code: problem.code }, `${problem.message} ${problem.remedy}`);
  }
}
