import { Piscina } from 'piscina';
import type { ActuatorResult, ActuatorTask } from '../contract/actuator.ts';
import { GanglionError, messageOf } from '../errors.ts';
import type { BrokerSettings } from '../lib/mqtt-options.ts';
import { Turnstile } from '../lib/turnstile.ts';
import { workerFile } from '../lib/worker-file.ts';
import type { HandlerTask } from './handler-worker.ts';
import type { PublishTask } from './publish-worker.ts';

export interface PoolOptions {
  readonly broker: BrokerSettings;
  readonly handlerThreads: number;
  readonly handlerTimeoutMs: number;
  readonly handlerMemoryBytes: number;
  readonly queue: number;
}

/** Beyond its own time-out a handler gets this long before its thread is ended. */
const GRACE_MS = 500;
/** An idle handler thread costs memory for nothing. */
const IDLE_MS = 60_000;

/**
 * The two piscina pools every action leaves through, each started with its first task. Publishing has one thread and
 * one MQTT connection, shared by many tasks at a time; user code has threads that may be ended at any moment.
 */
export class Pools {
  readonly #options: PoolOptions;
  readonly #threads: Turnstile;
  #publishing: Piscina<readonly PublishTask[], ActuatorResult[]> | undefined;
  #handlers: Piscina<HandlerTask, readonly ActuatorResult[]> | undefined;

  #stopped = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#threads = new Turnstile(options.handlerThreads);
  }

  /** Publishes a batch. Never throws: what went wrong is in the results. */
  async publish(tasks: readonly PublishTask[]): Promise<readonly ActuatorResult[]> {
    try {
      return await this.#publisher().run(tasks);
    } catch (error) {
      return tasks.map(() => ({ status: 'failed', detail: messageOf(error) }));
    }
  }

  /** Runs user code on a batch. Never throws; a handler that hangs, exits or eats memory fails its own tasks only. */
  async handle(task: HandlerTask): Promise<readonly ActuatorResult[]> {
    // Waits here rather than in piscina's queue: a handler's time begins when a thread is free for it.
    await this.#threads.take();
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), task.timeoutMs + GRACE_MS);
    try {
      return await this.#handlerPool().run(task, { signal: abort.signal });
    } catch (error) {
      const handler = task.kind === 'webhook' ? 'webhook' : (task.name ?? task.module);
      const reason = abort.signal.aborted
        ? `it did not return within ${task.timeoutMs} ms`
        : messageOf(error);
      return failedAll(task.tasks, handler, reason);
    } finally {
      clearTimeout(timer);
      this.#threads.release();
    }
  }

  get gauges(): Record<string, number> {
    return {
      pool_publish_queued: this.#publishing?.queueSize ?? 0,
      pool_handlers_queued: this.#handlers?.queueSize ?? 0,
      pool_threads: (this.#publishing?.threads.length ?? 0) + (this.#handlers?.threads.length ?? 0),
    };
  }

  get handlerTimeoutMs(): number {
    return this.#options.handlerTimeoutMs;
  }

  #publisher(): Piscina<readonly PublishTask[], ActuatorResult[]> {
    this.#refuseStopped();
    this.#publishing ??= new Piscina({
      filename: workerFile(import.meta.url, 'publish-worker.js').href,
      workerData: { broker: this.#options.broker },
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 256,
      maxQueue: this.#options.queue,
      // A thread that sleeps in Atomics.wait between tasks would not answer the broker's pings.
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 },
    });
    return this.#publishing;
  }

  #handlerPool(): Piscina<HandlerTask, readonly ActuatorResult[]> {
    this.#refuseStopped();
    this.#handlers ??= new Piscina({
      filename: workerFile(import.meta.url, 'handler-worker.js').href,
      minThreads: 0,
      maxThreads: this.#options.handlerThreads,
      idleTimeout: IDLE_MS,
      maxQueue: this.#options.queue,
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(16, Math.round(this.#options.handlerMemoryBytes / 1e6)),
      },
    });
    return this.#handlers;
  }

  /** A pool made after the stop would be a thread that nobody ends. */
  #refuseStopped(): void {
    if (this.#stopped)
      throw new GanglionError('HANDLER_FAILED', { handler: 'pool', reason: 'the daemon is stopping' });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const pools = [this.#publishing, this.#handlers];
    this.#publishing = undefined;
    this.#handlers = undefined;
    await Promise.all(pools.map(async (pool) => pool?.destroy()));
  }
}

function failedAll(tasks: readonly ActuatorTask[], handler: string, reason: string): ActuatorResult[] {
  const detail = new GanglionError('HANDLER_FAILED', { handler, reason }).message;
  return tasks.map(() => ({ status: 'failed', detail }));
}
