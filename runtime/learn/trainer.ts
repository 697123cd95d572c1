import { Piscina } from 'piscina';
import type { TrainedTree } from '../../policies/index.ts';
import { workerFile } from '../lib/worker-file.ts';
import type { TrainTask } from './train-worker.ts';

/** An idle thread costs memory for nothing, and trees are learned seldom. */
const IDLE_MS = 5000;
/** Trainings that may wait; each policy has one under way at most. */
const QUEUE = 256;
const MEMORY_MB = 256;

/** The piscina pool that learns trees: one thread, started when there is something to learn and ended after it. */
export class Trainer {
  #pool: Piscina<TrainTask, TrainedTree> | undefined;
  #running = 0;
  #stopped = false;

  /** Trainings under way or waiting. */
  get running(): number {
    return this.#running;
  }

  /**
   * The task's rows are handed over to the thread; they are gone here.
   * @throws GanglionError TRAINING_DATA, or whatever ends the thread
   */
  async train(task: TrainTask): Promise<TrainedTree> {
    if (this.#stopped) throw new DOMException('The daemon is stopping.', 'AbortError');
    this.#pool ??= new Piscina({
      filename: workerFile(import.meta.url, 'train-worker.js').href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_MS,
      maxQueue: QUEUE,
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    this.#running++;
    try {
      const { values, labels, weights } = task.data;
      const transferList = [values, labels, ...(weights === undefined ? [] : [weights])].map(
        ({ buffer }) => buffer as ArrayBuffer,
      );
      return await this.#pool.run(task, { transferList });
    } finally {
      this.#running--;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
  }
}
