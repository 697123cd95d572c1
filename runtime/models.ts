import { join } from 'node:path';
import type { Config } from './config/load.ts';
import type { ModelListing } from './contract/api.ts';
import { LANES, type ChatAnswer, type ChatRequest, type Lane, type ModelSpec } from './contract/engine.ts';
import type { Log } from './contract/log.ts';
import type { RungName } from './contract/decision.ts';
import type { Rung } from './contract/rung.ts';
import type { Clock } from './contract/time.ts';
import { GanglionError, isGanglionError, messageOf } from './errors.ts';
import type { HealthBoard } from './health.ts';
import { tuningsOf, type Tunings } from './tuned.ts';
import type { ProblemDesk } from './problems.ts';
import { ModelHost } from './modelhost/client.ts';
import { canonical, defaultMemoryBytes, modelSpec } from './modelhost/options.ts';
import { Repeats } from './modelhost/repeats.ts';
import { LlmRung, OnnxRung } from './modelhost/rungs.ts';

export interface ModelsOptions {
  readonly config: Config;
  /** Classifier files by policy id, absolute. */
  readonly classifiers: ReadonlyMap<string, string>;
  readonly engineModules: readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly health: HealthBoard;
  readonly problems: ProblemDesk;
}

const CLASSIFIER_CONTEXT = 512;
/** A long answer of a slow board; whoever asked may hang up before. */
const CHAT_MS = 600_000;

/** The models this daemon uses, and the rungs they give. Without models there is no host process. */
export class Models {
  readonly #options: ModelsOptions;
  readonly #host: ModelHost | undefined;
  readonly #repeats: Repeats;
  readonly #tunings: Tunings;

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.#tunings = tuningsOf(options.config);
    const { config, classifiers, engineModules, clock, random, log, problems } = options;
    this.#repeats = new Repeats({ clock, onLoop: (error, policy) => problems.report(error, policy) });
    const further = Object.keys(config.models).length;
    if (config.model === undefined && classifiers.size === 0 && further === 0) return;
    const memoryBytes = config.model?.memory ?? defaultMemoryBytes();
    const maxBytes = config.prefix_cache.max;
    this.#host = new ModelHost({
      clock,
      log,
      random,
      memoryBytes,
      budgetBytes: memoryBytes,
      extensions: engineModules,
      ...(maxBytes === 0 ? {} : { prefixCache: { folder: join(config.data, 'prefix-cache'), maxBytes } }),
    });
  }

  get rungs(): ReadonlyMap<RungName, Rung> {
    const rungs = new Map<RungName, Rung>();
    const { config, classifiers } = this.#options;
    const host = this.#host;
    if (host === undefined) return rungs;
    if (config.model !== undefined)
      rungs.set(
        'llm',
        new LlmRung({
          host,
          file: specOf(config.model, this.#tunings).file,
          minConfidence: 0,
          repeats: this.#repeats,
        }),
      );
    if (classifiers.size > 0)
      rungs.set(
        'onnx',
        new OnnxRung({ host, fileOf: (policy) => classifiers.get(policy), minConfidence: 0 }),
      );
    return rungs;
  }

  /** Starts the host and loads in the background: rules do not wait for models. */
  start(): void {
    const host = this.#host;
    if (host === undefined) return;
    for (const spec of this.#specs())
      this.#options.health.set(`model ${shortName(spec.file)}`, 'starting', 'loading');
    this.#options.health.beforeRead(() => this.#look(host));
    void this.#load(host);
  }

  async stop(): Promise<void> {
    await this.#host?.stop();
  }

  /** Holds lanes back until the next call. */
  hold(lanes: readonly Lane[]): void {
    this.#host?.hold(lanes);
  }

  /** The language models by name, the main one first. */
  list(): readonly ModelListing[] {
    const known = new Map(this.#host?.status.models.map((model) => [model.file, model]));
    return [...this.#named()].map(([name, { file }]) => {
      const { state = 'loading', info, problem } = known.get(file) ?? {};
      return {
        name,
        state: state === 'given-up' ? 'failed' : state === 'waiting' ? 'loading' : state,
        ...(info === undefined ? {} : { info }),
        ...(problem === undefined ? {} : { problem }),
      };
    });
  }

  /** Throws MODEL_…, QUEUE_FULL. */
  async chat(
    name: string,
    request: ChatRequest,
    options: { readonly signal?: AbortSignal },
    onText?: (piece: string) => void,
  ): Promise<ChatAnswer> {
    const spec = this.#named().get(name);
    if (spec === undefined || this.#host === undefined)
      throw new GanglionError('MODEL_NOT_READY', {
        file: name,
        reason: 'no model of that name is configured',
      });
    const asking = { deadlineMs: CHAT_MS, lane: 'background' as const, ...options };
    return this.#host.chat(spec.file, request, asking, onText);
  }

  get gauges(): Record<string, number> {
    const status = this.#host?.status;
    if (status === undefined) return {};
    const { repeated, loops, refused } = this.#repeats.counters;
    return {
      model_questions_repeated: repeated,
      model_question_loops: loops,
      model_questions_refused: refused,
      model_host_running: status.state === 'running' ? 1 : 0,
      model_host_memory_bytes: status.memoryBytes,
      ...Object.fromEntries(LANES.map((lane) => [`model_waiting_${lane}`, status.lanes[lane].waiting])),
      model_waiting_oldest_ms: Math.max(...LANES.map((lane) => status.lanes[lane].oldestMs)),
      model_prefix_cache_hits: status.inside?.prefixHits ?? 0,
      model_prefix_cache_misses: status.inside?.prefixMisses ?? 0,
      ...Object.fromEntries(
        Object.entries(status.counters).map(([name, count]) => [`model_host_${name}`, count]),
      ),
    };
  }

  async #load(host: ModelHost): Promise<void> {
    const { health, problems } = this.#options;
    await host.start();
    for (const model of Object.values(this.#options.config.models))
      host.register(specOf(model, this.#tunings));
    for (const spec of this.#specs()) {
      const part = `model ${shortName(spec.file)}`;
      try {
        const info = await host.load(spec);
        health.set(part, 'ok', `${info.name} by ${info.engine}`);
      } catch (error) {
        if (isGanglionError(error) && error.code === 'MODEL_HOST_STOPPED') return;
        health.set(part, 'fail', messageOf(error));
        if (isGanglionError(error)) problems.report(error, spec.file);
      }
    }
  }

  /** A host that ended takes its models with it; they come back, or are given up, with no one asking. */
  #look(host: ModelHost): void {
    const { health } = this.#options;
    const { state: running, lastExit, models } = host.status;
    for (const { file, state, info, problem } of models) {
      const part = `model ${shortName(file)}`;
      if (state === 'failed' || state === 'given-up') health.set(part, 'fail', problem ?? state);
      else if (state === 'ready' && running === 'running')
        health.set(part, 'ok', info === undefined ? 'ready' : `${info.name} by ${info.engine}`);
      else if (running === 'restarting')
        health.set(
          part,
          'warn',
          `its host is being restarted${lastExit === undefined ? '' : `: ${lastExit}`}`,
        );
      // Loaded once before: the daemon as a whole is not starting any more.
      else if (info !== undefined) health.set(part, 'warn', 'being loaded again');
    }
  }

  #named(): ReadonlyMap<string, ModelSpec> {
    const { model, models } = this.#options.config;
    const named = new Map(Object.entries(models).map(([name, one]) => [name, specOf(one, this.#tunings)]));
    if (model === undefined) return named;
    const spec = specOf(model, this.#tunings);
    return new Map([[plainName(spec.file), spec], ...named]);
  }

  #specs(): ModelSpec[] {
    const { config, classifiers } = this.#options;
    const specs = [...new Set(classifiers.values())].map((file) =>
      modelSpec(file, { contextTokens: CLASSIFIER_CONTEXT, threads: 1 }),
    );
    if (config.model !== undefined) specs.unshift(specOf(config.model, this.#tunings));
    return specs;
  }
}

/** Where neither the configuration nor a measurement says otherwise: a house and a request fit into 2048 tokens. */
const OPEN = { contextTokens: 2048, device: 'auto', kvType: 'f16' } as const;

/** How a model of the configuration is loaded: what it leaves open is as measured on this board, or the default. */
export function specOf(model: Config['models'][string], tunings: Tunings): ModelSpec {
  const { file, context, threads, device, gpu_layers: gpuLayers, batch, kv, lora } = model;
  const tuned = tunings.get(canonical(file));
  return modelSpec(file, {
    ...OPEN,
    ...tuned,
    lora,
    ...(context === undefined ? {} : { contextTokens: context }),
    ...(device === undefined ? {} : { device }),
    ...(kv === undefined ? {} : { kvType: kv }),
    ...(threads === undefined ? {} : { threads }),
    ...(gpuLayers === undefined ? {} : { gpuLayers }),
    ...(batch === undefined ? {} : { batchTokens: batch }),
  });
}

function shortName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** `/models/qwen2.5-0.5b-q4_k_m.gguf` → `qwen2.5-0.5b-q4_k_m` */
function plainName(file: string): string {
  return shortName(file).replace(/\.(gguf|onnx)$/, '');
}
