import type { ModelInfo, ModelSpec } from '../contract/engine.ts';
import type { Log } from '../contract/log.ts';
import type { Clock, Timer } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import { modelBytes } from './memory.ts';
import { ModelRecord } from './models.ts';
import { fromWire, type FromHost } from './protocol.ts';
import type { Supervisor } from './supervisor.ts';

export interface LoaderParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly supervisor: Supervisor;
  readonly budgetBytes: number;
  readonly maxCrashes: number;
  readonly loadMs: number;
  readonly nextId: () => number;
  /** Whether a model has open questions: it does not make room for another then. */
  readonly busy: (file: string) => boolean;
  /** A model is ready, or will not be. */
  readonly onSettled: (model: ModelRecord) => void;
}

/** Between two tries to load a model that failed, ms. */
const RETRY = { minMs: 30_000, maxMs: 600_000 };

/**
 * The models of the host, one copy each: loads them one at a time, so that a crash has one culprit, and again after a
 * crash; the one that was asked longest ago makes room when the budget is spent.
 */
export class ModelLoader {
  readonly #parts: LoaderParts;
  readonly #models = new Map<string, ModelRecord>();
  #timer: Timer | undefined;
  #uses = 0;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
  }

  get(file: string): ModelRecord | undefined {
    return this.#models.get(file);
  }

  get all(): readonly ModelRecord[] {
    return [...this.#models.values()];
  }

  /** Makes a model known; it is loaded when it is first asked. */
  register(spec: ModelSpec): ModelRecord {
    let model = this.#models.get(spec.file);
    if (model === undefined) {
      model = new ModelRecord(spec);
      model.state = 'unloaded';
      this.#models.set(spec.file, model);
    } else if (JSON.stringify(model.spec) !== JSON.stringify(spec)) {
      this.#parts.log.warn(
        { model: spec.file },
        `${spec.file} is named twice with different settings; it is loaded once, with the first.`,
      );
    }
    return model;
  }

  /** Loads a model, or loads it again if it is there. Settles when it is ready or has failed, over restarts of the host. */
  async load(spec: ModelSpec): Promise<ModelInfo> {
    const model = this.#models.get(spec.file) ?? this.register(spec);
    if (model.state !== 'loading' && model.state !== 'waiting') model.restart(spec);
    model.lastUse = ++this.#uses;
    const settled = model.settled();
    this.next();
    return settled;
  }

  /** A question has come for it. */
  used(model: ModelRecord): void {
    model.lastUse = ++this.#uses;
    if (model.state !== 'unloaded') return;
    model.state = 'waiting';
    this.next();
  }

  /** Loads the first model that waits for it and fits, if nothing is being loaded. */
  next(): void {
    const { supervisor } = this.#parts;
    const host = supervisor.process;
    if (supervisor.state !== 'running' || host === undefined) return;
    if (this.all.some(({ state }) => state === 'loading')) return;
    const model = this.all.find((one) => one.state === 'waiting' && this.#makeRoom(one));
    if (model === undefined) return;
    const { clock, loadMs, nextId } = this.#parts;
    model.state = 'loading';
    model.loadId = nextId();
    model.loadSince = clock.mono();
    host.loading = true;
    this.#timer = clock.schedule(loadMs, () => {
      host.kill(`it took longer than ${loadMs / 1000} s to load ${model.spec.file}`);
    });
    host.send({ type: 'load', id: model.loadId, spec: model.spec });
  }

  /** A model that failed may be tried again after a growing pause: its file may have been mended, memory be free again. */
  again(model: ModelRecord): boolean {
    if (model.state !== 'failed' || this.#parts.clock.mono() < model.retryAt) return false;
    model.state = 'unloaded';
    model.problem = undefined;
    return true;
  }

  /** Whether this reply was to a load. */
  replied(message: Extract<FromHost, { type: 'loaded' | 'failed' }>): boolean {
    const loading = this.all.find((model) => model.state === 'loading' && model.loadId === message.id);
    if (loading === undefined) return false;
    this.#ended();
    if (message.type === 'loaded') {
      loading.loadMs = this.#parts.clock.mono() - loading.loadSince;
      loading.ready(message.info, message.kinds);
      this.#makeRoom(loading);
    } else {
      this.#fail(loading, 'failed', fromWire(message.error, loading.spec.file));
    }
    this.#parts.onSettled(loading);
    this.next();
    return true;
  }

  /** The host died with these models at work. All are to be loaded again, but for one that ended it too often. */
  died(reason: string, culprits: readonly ModelRecord[]): void {
    this.#ended();
    for (const model of culprits) {
      model.crashes++;
      const { crashes } = model;
      if (crashes < this.#parts.maxCrashes) continue;
      this.#fail(
        model,
        'given-up',
        new GanglionError('MODEL_GIVEN_UP', { file: model.spec.file, crashes, reason }),
      );
    }
    for (const model of this.all) model.lost();
  }

  stop(error: GanglionError): void {
    this.#timer?.cancel();
    for (const model of this.all) {
      model.lost();
      model.reject(error);
    }
  }

  #ended(): void {
    this.#timer?.cancel();
    const host = this.#parts.supervisor.process;
    if (host !== undefined) host.loading = false;
  }

  #fail(model: ModelRecord, state: 'failed' | 'given-up', problem: GanglionError): void {
    model.fail(state, problem);
    model.retryAt = this.#parts.clock.mono() + Math.min(RETRY.maxMs, RETRY.minMs * 2 ** model.failures++);
    this.#parts.log.error({ code: problem.code }, `${problem.message} ${problem.remedy}`);
  }

  /**
   * Unloads what was asked longest ago until the model fits. False: it has to wait until those at work are done, or it
   * does not fit at all and has failed.
   */
  #makeRoom(model: ModelRecord): boolean {
    const { budgetBytes, supervisor, busy, onSettled, log } = this.#parts;
    const needed = Math.max(model.memoryBytes, modelBytes(model.spec));
    if (needed > budgetBytes && model.state !== 'ready') {
      const problem = new GanglionError('MODEL_OVER_BUDGET', {
        file: model.spec.file,
        neededMb: needed / 1e6,
        budgetMb: budgetBytes / 1e6,
      });
      this.#fail(model, 'failed', problem);
      onSettled(model);
      return false;
    }
    const others = this.all.filter((other) => other !== model && other.state === 'ready');
    let taken = others.reduce((sum, other) => sum + other.memoryBytes, 0);
    const idle = others
      .filter((other) => !busy(other.spec.file))
      .toSorted((one, other) => one.lastUse - other.lastUse);
    const busyBytes = taken - idle.reduce((sum, other) => sum + other.memoryBytes, 0);
    if (busyBytes + needed > budgetBytes && model.state !== 'ready') return false;
    for (const other of idle) {
      if (taken + needed <= budgetBytes) break;
      other.state = 'unloaded';
      taken -= other.memoryBytes;
      supervisor.send({ type: 'unload', file: other.spec.file });
      log.info({ model: other.spec.file }, `${other.spec.file} made room for ${model.spec.file}.`);
    }
    return true;
  }
}
