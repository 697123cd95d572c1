import type { Engine, LoadedModel, ModelSpec } from '../contract/engine.ts';
import { GanglionError } from '../errors.ts';
import { loadWith } from './engines/registry.ts';
import { toWire, type FromHost, type Question, type ToHost } from './protocol.ts';

/** The model host's side of the protocol: holds the models, answers each message, cancels what is withdrawn. */
export class ModelServer {
  readonly #engines: readonly Engine[];
  readonly #send: (message: FromHost) => void;
  readonly #models = new Map<string, LoadedModel>();
  readonly #running = new Map<number, AbortController>();

  constructor(engines: readonly Engine[], send: (message: FromHost) => void) {
    this.#engines = engines;
    this.#send = send;
  }

  handle(message: ToHost): void {
    if (message.type === 'load')
      void this.#run(message.id, async (signal) => this.#load(message.id, message.spec, signal));
    else if (message.type === 'ask')
      void this.#run(message.id, async (signal) =>
        this.#ask(message.id, message.file, message.question, signal),
      );
    else if (message.type === 'cancel') this.#running.get(message.id)?.abort();
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
    await this.#models.get(spec.file)?.dispose();
    this.#models.delete(spec.file);
    const model = await loadWith(this.#engines, spec, signal);
    this.#models.set(spec.file, model);
    const kinds: Question['kind'][] = [];
    if (model.choose !== undefined) kinds.push('choose');
    if (model.classify !== undefined) kinds.push('classify');
    return { type: 'loaded', id, info: model.info, kinds };
  }

  async #ask(id: number, file: string, question: Question, signal: AbortSignal): Promise<FromHost> {
    const model = this.#models.get(file);
    if (model === undefined) throw new GanglionError('MODEL_NOT_READY', { file, reason: 'it is not' });
    const answer =
      question.kind === 'choose'
        ? await model.choose?.(question.request, signal)
        : await model.classify?.(question.request, signal);
    if (answer === undefined) {
      throw new GanglionError('MODEL_QUESTION_INVALID', {
        file,
        expected: 'a question it can answer',
        received: question.kind,
      });
    }
    return { type: 'answer', id, answer };
  }
}
