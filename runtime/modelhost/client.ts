import type {
  Chosen,
  ChooseRequest,
  Classified,
  ClassifyRequest,
  ModelInfo,
  ModelSpec,
} from '../contract/engine.ts';
import type { Timer } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import { ModelRecord, type ModelStatus } from './models.ts';
import { DEFAULT_TIMES, type HostTimes, type ModelHostOptions } from './options.ts';
import { fromWire, type FromHost, type Question } from './protocol.ts';
import { Request, RequestQueue, type AskOptions, type RequestEnd } from './requests.ts';
import { Supervisor } from './supervisor.ts';

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
  readonly #supervisor: Supervisor;
  readonly #counters: Record<Exclude<HostCounter, 'restarts'>, number> = {
    refused: 0,
    answered: 0,
    failed: 0,
    expired: 0,
    aborted: 0,
  };
  #loadTimer: Timer | undefined;
  #nextId = 1;

  constructor(options: ModelHostOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
    this.#queue = new RequestQueue(options.maxQueue ?? 64);
    this.#supervisor = new Supervisor(options, this.#times, {
      ready: () => this.#loadNext(),
      message: (message) => {
        if (message.type === 'loaded' || message.type === 'failed' || message.type === 'answer')
          this.#replied(message);
      },
      died: (reason, overMemory, restartMs) => this.#died(reason, overMemory, restartMs),
    });
  }

  /** Resolves when the child runs, or has ended for the first time and is being restarted: see `status`. Idempotent. */
  async start(): Promise<void> {
    if (this.#supervisor.state === 'stopped') await this.#supervisor.start();
  }

  /** Ends the child; open questions and loads reject with MODEL_HOST_STOPPED. Idempotent. */
  async stop(): Promise<void> {
    if (this.#supervisor.state === 'stopped') return;
    const stopped = this.#supervisor.stop();
    this.#loadTimer?.cancel();
    const error = new GanglionError('MODEL_HOST_STOPPED', {});
    this.#failAll(error);
    for (const model of this.#models.values()) {
      model.lost();
      model.reject(error);
    }
    await stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Loads a model, and again after every restart of the host. Resolves when it is ready, over restarts.
   * Throws MODEL_FILE_…, MODEL_UNSUPPORTED, MODEL_LOAD_FAILED, MODEL_GIVEN_UP and MODEL_HOST_STOPPED.
   */
  async load(spec: ModelSpec): Promise<ModelInfo> {
    if (this.#supervisor.state === 'stopped') throw new GanglionError('MODEL_HOST_STOPPED', {});
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
    const { process, state, restarts, lastExit } = this.#supervisor;
    return {
      state,
      ...(process?.pid === undefined ? {} : { pid: process.pid }),
      memoryBytes: process?.memoryBytes ?? 0,
      waiting: this.#queue.waiting,
      counters: { restarts, ...this.#counters },
      ...(lastExit === undefined ? {} : { lastExit }),
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
    if (this.#supervisor.state === 'stopped') throw new GanglionError('MODEL_HOST_STOPPED', {});
    const model = this.#models.get(file);
    if (model === undefined)
      throw new GanglionError('MODEL_NOT_READY', { file, reason: 'nobody asked for that' });
    if (model.problem !== undefined) throw model.problem;
    if (model.state !== 'ready') {
      const reason =
        this.#supervisor.state === 'restarting'
          ? 'the model host is being restarted'
          : 'it is still being loaded';
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
    this.#supervisor.send({ type: 'ask', id: request.id, file, question: request.question });
  }

  /** A request has settled. One that still runs is withdrawn, and the host gets `hangMs` to let go of it. */
  #ended(request: Request, how: RequestEnd): void {
    this.#counters[how]++;
    if (!request.running) {
      this.#queue.remove(request);
      return;
    }
    const host = this.#supervisor.process;
    host?.send({ type: 'cancel', id: request.id });
    this.#options.clock.schedule(this.#times.hangMs, () => {
      if (request.running && host === this.#supervisor.process)
        host?.kill('it did not let go of a question that was withdrawn');
    });
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
    if (this.#supervisor.state !== 'running') return;
    const models = [...this.#models.values()];
    if (models.some(({ state }) => state === 'loading')) return;
    const model = models.find(({ state }) => state === 'waiting');
    const host = this.#supervisor.process;
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
    const host = this.#supervisor.process;
    if (host !== undefined) host.loading = false;
  }

  /** The child is gone: everyone who waits learns it at once, so that the decision falls to the next rung. */
  #died(reason: string, overMemory: boolean, restartMs: number): void {
    this.#loadEnded();
    for (const model of this.#culprits(overMemory)) this.#blame(model, reason);
    for (const model of this.#models.values()) model.lost();
    const error = new GanglionError('MODEL_HOST_DIED', { reason });
    this.#options.log.warn(
      { code: error.code, restartMs: Math.round(restartMs) },
      `${error.message} It is being restarted.`,
    );
    this.#failAll(error);
  }

  #failAll(error: GanglionError): void {
    for (const request of this.#queue.drain()) {
      request.running = false;
      request.fail(error);
    }
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
