import { LANES, type Engine, type Lane, type LoadedModel, type ModelSpec } from '../contract/engine.ts';
import { GanglionError } from '../errors.ts';
import { loadWith } from './engines/registry.ts';
import { Lanes } from './lanes.ts';
import {
  toWire,
  type Answer,
  type FromHost,
  type Question,
  type QuestionKind,
  type ToHost,
} from './protocol.ts';

/** The model host's side of the protocol: holds the models, answers each message, cancels what is withdrawn. */
export class ModelServer {
  readonly #engines: readonly Engine[];
  readonly #send: (message: FromHost) => void;
  readonly #models = new Map<string, LoadedModel>();
  readonly #running = new Map<number, AbortController>();
  readonly #lanes: Lanes;
  /** What works on each model: it is not taken away under them. */
  readonly #atWork = new Map<string, Set<Promise<unknown>>>();
  /** Loading and unloading one after the other: two copies of a model would not fit. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(engines: readonly Engine[], send: (message: FromHost) => void, mono: () => number) {
    this.#engines = engines;
    this.#send = send;
    this.#lanes = new Lanes(mono);
  }

  handle(message: ToHost): void {
    if (message.type === 'load')
      void this.#run(message.id, async (signal) =>
        this.#inTurn(async () => this.#load(message.id, message.spec, signal)),
      );
    else if (message.type === 'ask') void this.#run(message.id, async (signal) => this.#ask(message, signal));
    else if (message.type === 'cancel') this.#running.get(message.id)?.abort();
    else if (message.type === 'unload') void this.#inTurn(async () => this.#unload(message.file));
    else if (message.type === 'hold') this.#lanes.hold(message.lanes);
  }

  /** Cancels what runs and lets go of the models. */
  async stop(): Promise<void> {
    for (const abort of this.#running.values()) abort.abort();
    const models = [...this.#models.values()];
    this.#models.clear();
    await Promise.allSettled(models.map(async (model) => model.dispose()));
  }

  async #run(id: number, work: (signal: AbortSignal) => Promise<FromHost>): Promise<void> {
    const abort = new AbortController();
    this.#running.set(id, abort);
    let reply: FromHost;
    try {
      reply = await work(abort.signal);
    } catch (error) {
      reply = { type: 'failed', id, error: toWire(error) };
    }
    this.#running.delete(id);
    this.#send(reply);
  }

  async #load(id: number, spec: ModelSpec, signal: AbortSignal): Promise<FromHost> {
    await this.#unload(spec.file);
    const model = await loadWith(this.#engines, spec, signal);
    this.#models.set(spec.file, model);
    const kinds = (['decide', 'chat', 'classify'] as const).filter((kind) => model[kind] !== undefined);
    return { type: 'loaded', id, info: model.info, kinds };
  }

  async #unload(file: string): Promise<void> {
    const model = this.#models.get(file);
    this.#models.delete(file);
    const atWork = this.#atWork.get(file) ?? new Set<Promise<unknown>>();
    await Promise.allSettled(atWork);
    await model?.dispose();
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Keeps the model until the answer is there. */
  async #working<T>(file: string, answer: Promise<T>): Promise<T> {
    const all = this.#atWork.get(file) ?? new Set();
    this.#atWork.set(file, all.add(answer));
    try {
      return await answer;
    } finally {
      all.delete(answer);
    }
  }

  async #ask(
    { id, file, lane, question }: Extract<ToHost, { type: 'ask' }>,
    signal: AbortSignal,
  ): Promise<FromHost> {
    const model = this.#models.get(file);
    if (model === undefined) throw new GanglionError('MODEL_NOT_READY', { file, reason: 'it is not' });
    if (model[question.kind] === undefined) throw cannot(file, question.kind);
    const answering =
      question.kind === 'classify'
        ? this.#classify(id, model, question, signal)
        : this.#inLane(id, model, question, { lane, signal, file });
    return { type: 'answer', id, answer: await this.#working(file, answering) };
  }

  /** Classifiers take milliseconds and have no place to step back at: they do not wait for a lane. */
  async #classify(
    id: number,
    model: LoadedModel,
    { request }: Extract<Question, { kind: 'classify' }>,
    signal: AbortSignal,
  ): Promise<Answer> {
    this.#send({ type: 'started', id });
    return model.classify!(request, signal);
  }

  async #inLane(
    id: number,
    model: LoadedModel,
    question: Exclude<Question, { kind: 'classify' }>,
    place: { readonly lane: Lane; readonly signal: AbortSignal; readonly file: string },
  ): Promise<Answer> {
    if (!LANES.includes(place.lane))
      throw new GanglionError('MODEL_QUESTION_INVALID', {
        file: place.file,
        expected: `one of the lanes ${LANES.join(', ')}`,
        received: place.lane,
      });
    return this.#lanes.run(place, async (turn) => {
      this.#send({ type: 'started', id });
      const answer =
        question.kind === 'decide'
          ? await model.decide!(question.request, turn)
          : await model.chat!(question.request, turn, (text) => this.#send({ type: 'piece', id, text }));
      return { ...answer, timings: { ...answer.timings, waitedMs: turn.waitedMs } };
    });
  }
}

function cannot(file: string, kind: QuestionKind): GanglionError {
  return new GanglionError('MODEL_QUESTION_INVALID', {
    file,
    expected: 'a question it can answer',
    received: kind,
  });
}
