import type {
  ChatAnswer,
  ChatRequest,
  Classified,
  ClassifyRequest,
  Decided,
  DecideRequest,
  Lane,
  ModelInfo,
  ModelSpec,
} from '../contract/engine.ts';
import { GanglionError, messageOf } from '../errors.ts';
import { ModelLoader } from './loader.ts';
import type { ModelRecord, ModelStatus } from './models.ts';
import { DEFAULT_LANE_LIMITS, DEFAULT_TIMES, type HostTimes, type ModelHostOptions } from './options.ts';
import {
  fromWire,
  type Answers,
  type FromHost,
  type HostCounters,
  type Question,
  type QuestionKind,
} from './protocol.ts';
import { Request, RequestBoard, type AskOptions, type LaneStatus, type RequestEnd } from './requests.ts';
import { Supervisor } from './supervisor.ts';

export interface HostStatus {
  readonly state: 'stopped' | 'starting' | 'running' | 'restarting';
  readonly pid?: number;
  /** Own memory at the last look, bytes. */
  readonly memoryBytes: number;
  readonly lanes: Readonly<Record<Lane, LaneStatus>>;
  /** Lanes that are held back. */
  readonly held: readonly Lane[];
  readonly counters: Readonly<Record<HostCounter, number>>;
  /** What the host itself counted in its present life. */
  readonly inside?: HostCounters;
  /** Why the host ended last. */
  readonly lastExit?: string;
  readonly models: readonly ModelStatus[];
}

type HostCounter = 'restarts' | 'refused' | RequestEnd;

const QUESTIONS: Readonly<Record<QuestionKind, string>> = {
  decide: 'a question with a closed answer',
  chat: 'a conversation',
  classify: 'a row of features',
};

/**
 * The main process's side of the model host: starts the child, keeps it alive, loads the models again after a crash, and
 * hands questions over; the host works on them lane by lane. Nothing native is loaded on this side.
 * Construct → start → load → decide | chat | classify → stop.
 */
export class ModelHost {
  readonly #options: ModelHostOptions;
  readonly #times: HostTimes;
  readonly #board: RequestBoard;
  readonly #loader: ModelLoader;
  readonly #supervisor: Supervisor;
  readonly #counters: Record<Exclude<HostCounter, 'restarts'>, number> = {
    refused: 0,
    answered: 0,
    failed: 0,
    expired: 0,
    aborted: 0,
  };
  #held: readonly Lane[] = [];
  #nextId = 1;

  constructor(options: ModelHostOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
    this.#board = new RequestBoard({ ...DEFAULT_LANE_LIMITS, ...options.laneLimits });
    this.#supervisor = new Supervisor(options, this.#times, {
      ready: () => {
        this.#supervisor.send({ type: 'hold', lanes: this.#held });
        this.#loader.next();
      },
      message: (message) => this.#received(message),
      died: (reason, overMemory, restartMs) => this.#died(reason, overMemory, restartMs),
    });
    this.#loader = new ModelLoader({
      clock: options.clock,
      log: options.log,
      supervisor: this.#supervisor,
      budgetBytes: options.budgetBytes ?? Infinity,
      maxCrashes: options.maxCrashes ?? 3,
      loadMs: this.#times.loadMs,
      nextId: () => this.#nextId++,
      busy: (file) => this.#board.busy(file),
      onSettled: (model) => this.#settled(model),
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
    const error = new GanglionError('MODEL_HOST_STOPPED', {});
    this.#failAll(error);
    this.#loader.stop(error);
    await stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Loads a model, and again after every restart of the host. Resolves when it is ready, over restarts.
   * Throws MODEL_FILE_…, MODEL_UNSUPPORTED, MODEL_LOAD_FAILED, MODEL_OVER_BUDGET, MODEL_GIVEN_UP and MODEL_HOST_STOPPED.
   */
  async load(spec: ModelSpec): Promise<ModelInfo> {
    if (this.#supervisor.state === 'stopped') throw new GanglionError('MODEL_HOST_STOPPED', {});
    return this.#loader.load(spec);
  }

  /** Makes a model known that is loaded when it is first asked. */
  register(spec: ModelSpec): void {
    this.#loader.register(spec);
  }

  /** Picks one string of a closed language. Throws MODEL_…, QUEUE_FULL; see docs/errors.md. */
  async decide(file: string, request: DecideRequest, options: AskOptions): Promise<Decided> {
    return this.#ask(file, { kind: 'decide', request }, options);
  }

  /** Writes an answer freely; `onText` gets it in pieces. Throws MODEL_…, QUEUE_FULL. */
  async chat(
    file: string,
    request: ChatRequest,
    options: AskOptions,
    onText?: (piece: string) => void,
  ): Promise<ChatAnswer> {
    return this.#ask(file, { kind: 'chat', request }, options, onText);
  }

  /** Scores the classes of one row of features. Throws MODEL_…, QUEUE_FULL. */
  async classify(file: string, request: ClassifyRequest, options: AskOptions): Promise<Classified> {
    return this.#ask(file, { kind: 'classify', request }, options);
  }

  /** Holds lanes back until the next call: the board is too hot, memory runs short. */
  hold(lanes: readonly Lane[]): void {
    this.#held = lanes;
    this.#supervisor.send({ type: 'hold', lanes });
  }

  /** The model's own description, undefined until it has been loaded once. */
  info(file: string): ModelInfo | undefined {
    return this.#loader.get(file)?.info;
  }

  get status(): HostStatus {
    const { process, state, restarts, lastExit } = this.#supervisor;
    return {
      state,
      ...(process?.pid === undefined ? {} : { pid: process.pid }),
      memoryBytes: process?.memoryBytes ?? 0,
      lanes: this.#board.status(this.#options.clock.mono()),
      held: this.#held,
      counters: { restarts, ...this.#counters },
      ...(process?.counters === undefined ? {} : { inside: process.counters }),
      ...(lastExit === undefined ? {} : { lastExit }),
      models: this.#loader.all.map((model) => model.status()),
    };
  }

  async #ask<K extends QuestionKind>(
    file: string,
    question: Question & { readonly kind: K },
    options: AskOptions,
    onText?: (piece: string) => void,
  ): Promise<Answers[K]> {
    const model = this.#refuseUnready(file, question, options.lane ?? 'interactive');
    if (options.signal?.aborted === true) throw new GanglionError('MODEL_ABORTED', { file });
    if (!(options.deadlineMs > 0 && Number.isFinite(options.deadlineMs))) {
      throw new GanglionError('MODEL_DEADLINE', { file, deadlineMs: options.deadlineMs, stage: 'queue' });
    }
    const { clock } = this.#options;
    const request = new Request(
      { id: this.#nextId++, file, question, options, since: clock.mono(), onText },
      (ended, how) => this.#ended(ended, how),
    );
    try {
      this.#board.add(request);
    } catch (error) {
      this.#counters.refused++;
      throw error;
    }
    request.watch(clock);
    this.#loader.used(model);
    if (model.state === 'ready') this.#send(request);
    this.#board.tellQueue();
    return request.promise as Promise<Answers[K]>;
  }

  /** The model, if it can be asked this now or as soon as it is loaded again. */
  #refuseUnready(file: string, question: Question, lane: Lane): ModelRecord {
    if (this.#supervisor.state === 'stopped') throw new GanglionError('MODEL_HOST_STOPPED', {});
    const model = this.#loader.get(file);
    if (model === undefined)
      throw new GanglionError('MODEL_NOT_READY', { file, reason: 'nobody asked for that' });
    if (model.problem !== undefined && !this.#loader.again(model)) throw model.problem;
    const restarting = this.#supervisor.state === 'restarting';
    // A person waits until the model is there. A policy does too where it is on its way back after it made room for
    // another; else its decision falls to the next rung at once.
    const returning = model.state === 'unloaded' || this.#board.busy(file);
    if (model.state !== 'ready' && lane !== 'interactive' && (restarting || !returning)) {
      const reason = restarting ? 'the model host is being restarted' : 'it is still being loaded';
      throw new GanglionError('MODEL_NOT_READY', { file, reason });
    }
    if (model.info !== undefined && !model.kinds.includes(question.kind))
      throw wrongKind(model, question.kind);
    return model;
  }

  #send(request: Request): void {
    const { id, file, lane, question } = request;
    try {
      this.#supervisor.send({ type: 'ask', id, file, lane, question });
      request.sent = true;
    } catch (error) {
      // What a caller put into the question cannot be sent to another process.
      const expected = 'a question of plain data';
      request.fail(
        new GanglionError('MODEL_QUESTION_INVALID', { file, expected, received: messageOf(error) }),
      );
    }
  }

  /** A model that was waited for is there, or will not be. */
  #settled(model: ModelRecord): void {
    for (const request of this.#board.unsent(model.spec.file)) {
      if (model.problem !== undefined) request.fail(model.problem);
      else if (model.kinds.includes(request.question.kind)) this.#send(request);
      else request.fail(wrongKind(model, request.question.kind));
    }
  }

  /** A request has settled. One that the host still works on is withdrawn, and the host gets `hangMs` to let go of it. */
  #ended(request: Request, how: RequestEnd): void {
    this.#counters[how]++;
    if (!request.sent || how === 'answered' || how === 'failed') {
      this.#left(request);
      return;
    }
    this.#supervisor.send({ type: 'cancel', id: request.id });
    this.#expectRelease(request);
  }

  /** A host that keeps a withdrawn question too long hangs. While it loads a model it may be deaf for longer. */
  #expectRelease(request: Request): void {
    const host = this.#supervisor.process;
    this.#options.clock.schedule(this.#times.hangMs, () => {
      if (this.#board.get(request.id) !== request || host !== this.#supervisor.process) return;
      if (host?.loading === true) this.#expectRelease(request);
      else host?.kill('it did not let go of a question that was withdrawn');
    });
  }

  /** One question fewer: whoever waits is nearer, and a model that waited for room may have it. */
  #left(request: Request): void {
    this.#board.remove(request);
    this.#board.tellQueue();
    this.#loader.next();
  }

  #received(message: FromHost): void {
    if (message.type === 'started' || message.type === 'piece') {
      const request = this.#board.get(message.id);
      if (request === undefined) return;
      request.running = true;
      if (message.type === 'piece' && !request.settled) request.onText?.(message.text);
    } else if (message.type === 'answer') {
      const request = this.#take(message.id);
      if (request === undefined) return;
      const model = this.#loader.get(request.file);
      if (model !== undefined) model.crashes = 0;
      request.answer(message.answer);
    } else if (message.type === 'loaded') {
      this.#loader.replied(message);
    } else if (message.type === 'failed' && !this.#loader.replied(message)) {
      const request = this.#take(message.id);
      request?.fail(fromWire(message.error, request.file));
    }
  }

  #take(id: number): Request | undefined {
    const request = this.#board.get(id);
    if (request !== undefined) this.#left(request);
    return request;
  }

  /** The child is gone: everyone who waits learns it at once, so that the decision falls to the next rung. */
  #died(reason: string, overMemory: boolean, restartMs: number): void {
    this.#loader.died(reason, this.#culprits(overMemory));
    const error = new GanglionError('MODEL_HOST_DIED', { reason });
    this.#options.log.warn(
      { code: error.code, restartMs: Math.round(restartMs) },
      `${error.message} It is being restarted.`,
    );
    this.#options.onDied?.(error);
    this.#failAll(error);
  }

  #failAll(error: GanglionError): void {
    for (const request of this.#board.drain()) request.fail(error);
  }

  /** Whoever was being loaded or asked; for too much memory with nobody at work, all that were loaded. */
  #culprits(overMemory: boolean): readonly ModelRecord[] {
    const asked = new Set(this.#board.running.map(({ file }) => file));
    const busy = this.#loader.all.filter(
      (model) => model.state === 'loading' || (model.state === 'ready' && asked.has(model.spec.file)),
    );
    return busy.length > 0 || !overMemory ? busy : this.#loader.all.filter(({ state }) => state === 'ready');
  }
}

function wrongKind({ spec, kinds }: ModelRecord, kind: QuestionKind): GanglionError {
  const expected = kinds.map((known) => QUESTIONS[known]).join(' or ');
  return new GanglionError('MODEL_QUESTION_INVALID', {
    file: spec.file,
    expected,
    received: QUESTIONS[kind],
  });
}
