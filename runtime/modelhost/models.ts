import type { ModelInfo, ModelSpec } from '../contract/engine.ts';
import type { GanglionError } from '../errors.ts';
import type { QuestionKind } from './protocol.ts';

/**
 * `waiting` → `loading` → `ready`, back to `waiting` when the host dies. `unloaded`: it made room for another, or nobody has
 * asked it yet; the next question loads it. `failed`: the file cannot be used. `given-up`: it ended the host too often.
 */
export type ModelState = 'unloaded' | 'waiting' | 'loading' | 'ready' | 'failed' | 'given-up';

export interface ModelStatus {
  readonly file: string;
  readonly state: ModelState;
  readonly info?: ModelInfo;
  /** What loading it took the last time, ms. */
  readonly loadMs?: number;
  readonly problem?: string;
  /** Times in a row it ended the host. */
  readonly crashes: number;
}

/** What the client knows of one model, across lives of the host. */
export class ModelRecord {
  spec: ModelSpec;
  state: ModelState = 'waiting';
  info: ModelInfo | undefined;
  kinds: readonly QuestionKind[] = [];
  problem: GanglionError | undefined;
  crashes = 0;
  /** When its loading began (monotonic, ms), and what it took the last time. */
  loadSince = 0;
  loadMs: number | undefined;
  /** The id of the load message under way. */
  loadId = 0;
  /** When it was asked last: a count that only grows. */
  lastUse = 0;
  /** Times it failed to load in a row, and when it may be tried again (monotonic, ms). */
  failures = 0;
  retryAt = 0;
  /** What it is thought to take, bytes; the engine's own figure once it has been loaded. */
  memoryBytes = 0;
  #waiters: {
    readonly resolve: (info: ModelInfo) => void;
    readonly reject: (error: GanglionError) => void;
  }[] = [];

  constructor(spec: ModelSpec) {
    this.spec = spec;
  }

  /** Settles when the model is ready, failed or given up, over restarts of the host. */
  async settled(): Promise<ModelInfo> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  ready(info: ModelInfo, kinds: readonly QuestionKind[]): void {
    this.state = 'ready';
    this.info = info;
    this.kinds = kinds;
    this.memoryBytes = info.memoryBytes ?? info.sizeBytes;
    this.problem = undefined;
    this.failures = 0;
    for (const { resolve } of this.#waiters.splice(0)) resolve(info);
  }

  fail(state: 'failed' | 'given-up', problem: GanglionError): void {
    this.state = state;
    this.problem = problem;
    this.reject(problem);
  }

  reject(error: GanglionError): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }

  /** Starts over with a new specification, forgetting what went wrong. */
  restart(spec: ModelSpec): void {
    this.spec = spec;
    this.state = 'waiting';
    this.problem = undefined;
    this.crashes = 0;
  }

  /** The host died; the model is to be loaded again. */
  lost(): void {
    if (this.state === 'ready' || this.state === 'loading') this.state = 'waiting';
  }

  status(): ModelStatus {
    return {
      file: this.spec.file,
      state: this.state,
      crashes: this.crashes,
      ...(this.info === undefined ? {} : { info: this.info }),
      ...(this.loadMs === undefined ? {} : { loadMs: this.loadMs }),
      ...(this.problem === undefined ? {} : { problem: this.problem.message }),
    };
  }
}
