import { Worker } from 'node:worker_threads';
import type { HistoryPoint } from '../contract/api.ts';
import { GanglionError } from '../errors.ts';
import { workerFile } from '../lib/worker-file.ts';
import type { KeeperReply, KeeperRequest } from './keeper-worker.ts';

type Question = KeeperRequest extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;

/** Main's end of the journal thread. The thread starts with the first question. */
export class Keeper {
  readonly #folder: string;
  #worker: Worker | undefined;
  #nextId = 1;
  readonly #waiting = new Map<
    number,
    { resolve: (reply: KeeperReply) => void; reject: (error: Error) => void }
  >();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Points in blocks, oldest first. */
  async query(
    question: Omit<KeeperRequest & { op: 'query' }, 'id' | 'op'>,
  ): Promise<readonly HistoryPoint[]> {
    return (await this.#ask({ op: 'query', ...question })).points ?? [];
  }

  async checkpoint(): Promise<void> {
    await this.#ask({ op: 'checkpoint' });
  }

  async prune(beforeMs: number, maxBytes: number): Promise<void> {
    await this.#ask({ op: 'prune', beforeMs, maxBytes });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#fail('it was stopped');
  }

  async #ask(question: Question): Promise<KeeperReply> {
    const id = this.#nextId++;
    const reply = await new Promise<KeeperReply>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#start().postMessage({ id, ...question });
    });
    if (reply.error !== undefined)
      throw new GanglionError('JOURNAL_UNWRITABLE', { path: this.#folder, reason: reply.error });
    return reply;
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(workerFile(import.meta.url, 'keeper-worker.js'), {
      workerData: { folder: this.#folder },
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2 },
    });
    worker.unref();
    worker.on('message', (reply: KeeperReply) => {
      this.#waiting.get(reply.id)?.resolve(reply);
      this.#waiting.delete(reply.id);
    });
    worker.on('error', (error) => {
      this.#worker = undefined;
      this.#fail(error.message);
    });
    this.#worker = worker;
    return worker;
  }

  #fail(reason: string): void {
    for (const { reject } of this.#waiting.values())
      reject(new GanglionError('JOURNAL_UNWRITABLE', { path: this.#folder, reason }));
    this.#waiting.clear();
  }
}
