import { join } from 'node:path';
import type { Config } from './config/load.ts';
import type { ChatOptions, ModelListing } from './contract/api.ts';
import { LANES, type ChatAnswer, type ChatRequest, type Lane, type ModelSpec } from './contract/engine.ts';
import type { Log } from './contract/log.ts';
import type { RungName } from './contract/decision.ts';
import type { Rung } from './contract/rung.ts';
import type { Clock } from './contract/time.ts';
import { GanglionError, isGanglionError, messageOf } from './errors.ts';
import { costsText, EmbeddedModel, watchEmbedded, type UsedSynapse } from './embedded-model.ts';
import type { HealthBoard } from './health.ts';
import { modelName, settingsOf, shortName } from './model-settings.ts';
import { ModelHost } from './modelhost/client.ts';
import { canonical, defaultMemoryBytes, modelSpec } from './modelhost/options.ts';
import { ModelFiles } from './modelhost/pull/model-files.ts';
import { modelStore } from './modelhost/pull/open.ts';
import { isModelReference } from './modelhost/pull/reference.ts';
import { Repeats } from './modelhost/repeats.ts';
import { LlmRung, OnnxRung, type Asker } from './modelhost/rungs.ts';
import { SynapseReader } from './modelhost/synapse/reader.ts';
import { SynapseRung } from './modelhost/synapse/rung.ts';
import type { ProblemDesk } from './problems.ts';
import { Remote } from './remote-model.ts';
import { loadSpec } from './tuned.ts';

export interface ModelsOptions {
  readonly config: Config;
  /** The embedded model, or one like it, where it is the one that is asked. */
  readonly synapse?: UsedSynapse | undefined;
  /** Classifier files by policy id, absolute. */
  readonly classifiers: ReadonlyMap<string, string>;
  readonly engineModules: readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly health: HealthBoard;
  readonly problems: ProblemDesk;
}

/** A model as the configuration names it: a path, or where to fetch it. */
interface Configured {
  readonly name: string;
  readonly reference: string;
  readonly settings: Partial<Omit<ModelSpec, 'file'>>;
  readonly language: boolean;
  /** Loaded at the start; the others when they are first asked. */
  readonly eager: boolean;
}

const CLASSIFIER_CONTEXT = 512;
/** What the host's process takes besides its models: Node.js, libraries, buffers of the evaluation. */
const HOST_BYTES = 400e6;
/** A long answer of a slow board; whoever asked may hang up before. */
const CHAT_MS = 600_000;

/** The models this daemon uses, and the rungs they give. Without local models there is no host process. */
export class Models {
  readonly #options: ModelsOptions;
  readonly #configured: readonly Configured[];
  readonly #host: ModelHost | undefined;
  readonly #files: ModelFiles;
  readonly #repeats: Repeats;
  readonly #remote: Remote | undefined;
  readonly #embedded: EmbeddedModel | undefined;

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.#configured = configuredModels(options);
    const { config, engineModules, clock, random, log, problems } = options;
    const repeats = new Repeats({ clock, onLoop: (error, policy) => problems.report(error, policy) });
    this.#repeats = repeats;
    if (config.remote !== undefined)
      this.#remote = new Remote({ settings: config.remote, clock, random, repeats });
    this.#files = new ModelFiles({
      store: () => modelStore(config, { clock, random }),
      clock,
      random,
      onState: (file, state, detail) =>
        options.health.set(partName(file), state === 'failed' ? 'fail' : 'warn', detail),
      onFailure: (file, error) => problems.report(error, file),
    });
    if (this.#configured.length === 0) return;
    const memoryBytes = config.model?.memory ?? defaultMemoryBytes();
    const maxBytes = config.prefix_cache.max;
    this.#host = new ModelHost({
      clock,
      log,
      random,
      memoryBytes: memoryBytes + HOST_BYTES,
      budgetBytes: memoryBytes,
      extensions: engineModules,
      onDied: (error) => problems.report(error, 'model host'),
      ...(maxBytes === 0 ? {} : { prefixCache: { folder: join(config.data, 'prefix-cache'), maxBytes } }),
    });
    if (options.synapse !== undefined)
      this.#embedded = new EmbeddedModel({ synapse: options.synapse, host: this.#host, repeats });
  }

  get rungs(): ReadonlyMap<RungName, Rung> {
    const rungs = new Map<RungName, Rung>();
    const { config, classifiers } = this.#options;
    if (this.#remote !== undefined) rungs.set('remote', this.#remote.rung);
    const host = this.#host;
    if (host === undefined) return rungs;
    const asker = this.#asker(host);
    if (this.#embedded !== undefined) rungs.set('llm', new SynapseRung(this.#embedded.asked));
    else if (config.model !== undefined) {
      const { file } = config.model;
      rungs.set('llm', new LlmRung({ host: asker, file, minConfidence: 0, repeats: this.#repeats }));
    }
    if (classifiers.size > 0)
      rungs.set(
        'onnx',
        new OnnxRung({ host: asker, fileOf: (policy) => classifiers.get(policy), minConfidence: 0 }),
      );
    return rungs;
  }

  /** What reads requests in words before the ladder; undefined where a general model or none does. */
  get reader(): SynapseReader | undefined {
    return this.#embedded === undefined ? undefined : new SynapseReader(this.#embedded.asked);
  }

  /** Starts the host and loads in the background: rules do not wait for models. */
  start(): void {
    const host = this.#host;
    const { health } = this.#options;
    this.#remote?.show(health);
    if (host === undefined) return;
    for (const { reference, eager } of this.#configured)
      if (eager) health.set(partName(reference), 'starting', 'loading');
    if (this.#embedded !== undefined)
      watchEmbedded(this.#embedded, partName(this.#embedded.file), health, this.#options.problems);
    health.beforeRead(() => this.#look(host));
    // Known from the first moment, so that a person who asks while a model is being loaded waits for it.
    for (const model of this.#configured)
      if (!isModelReference(model.reference)) host.register(this.#specOf(model.reference, model));
    // The embedded model alone takes no process and no memory until somebody asks it.
    if (this.#configured.some(({ eager }) => eager)) void this.#load(host);
  }

  async stop(): Promise<void> {
    this.#files.stop();
    await this.#remote?.stop();
    await this.#host?.stop();
  }

  /** Holds lanes back until the next call. */
  hold(lanes: readonly Lane[]): void {
    this.#host?.hold(lanes);
  }

  /** The language models by name, the main one first, the server elsewhere last. */
  list(): readonly ModelListing[] {
    const known = new Map(this.#host?.status.models.map((model) => [model.file, model]));
    const local = this.#languageModels().map(({ name, reference }): ModelListing => {
      const { state = 'loading', info, problem } = known.get(this.#pathIfThere(reference)) ?? {};
      return {
        name,
        state: state === 'given-up' ? 'failed' : state === 'waiting' ? 'loading' : state,
        ...(info === undefined ? {} : { info }),
        ...(problem === undefined ? {} : { problem }),
      };
    });
    const { remote } = this.#options.config;
    return remote === undefined ? local : [...local, { name: remote.model, state: 'ready' }];
  }

  /** Throws MODEL_…, QUEUE_FULL. */
  async chat(
    name: string,
    request: ChatRequest,
    options: ChatOptions,
    onText?: (piece: string) => void,
  ): Promise<ChatAnswer> {
    const signal = options.signal ?? new AbortController().signal;
    const asking = { deadlineMs: CHAT_MS, lane: 'background' as const, ...options, signal };
    const model = this.#languageModels().find((one) => one.name === name);
    if (model !== undefined && this.#host !== undefined)
      return this.#host.chat(this.#pathOf(model.reference), request, asking, onText);
    if (this.#remote !== undefined && name === this.#options.config.remote?.model)
      return this.#remote.asker.chat(this.#remote.asker.file, request, asking, onText ?? (() => {}));
    throw new GanglionError('MODEL_NOT_READY', { file: name, reason: 'no model of that name is configured' });
  }

  get gauges(): Record<string, number> {
    const status = this.#host?.status;
    const remote = this.#remote?.gauges ?? {};
    const { repeated, loops, refused } = this.#repeats.counters;
    const asked = {
      ...remote,
      model_questions_repeated: repeated,
      model_question_loops: loops,
      model_questions_refused: refused,
    };
    if (status === undefined) return this.#remote === undefined ? {} : asked;
    return {
      ...asked,
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

  /** The host, asked by what is configured instead of by paths. */
  #asker(host: ModelHost): Asker {
    return {
      decide: async (reference, request, options) => host.decide(this.#pathOf(reference), request, options),
      classify: async (reference, request, options) =>
        host.classify(this.#pathOf(reference), request, options),
    };
  }

  /** Where the host knows a configured model by. Throws MODEL_NOT_READY while it is being fetched. */
  #pathOf(reference: string): string {
    return canonical(this.#files.pathOf(reference));
  }

  #pathIfThere(reference: string): string {
    try {
      return this.#pathOf(reference);
    } catch {
      return reference;
    }
  }

  #languageModels(): readonly Configured[] {
    return this.#configured.filter(({ language }) => language);
  }

  #specOf(file: string, { settings, language }: Configured): ModelSpec {
    return language ? loadSpec(this.#options.config.data, file, settings) : modelSpec(file, settings);
  }

  async #load(host: ModelHost): Promise<void> {
    await host.start();
    // The host loads one at a time; one that is still being fetched holds up none.
    await Promise.all(this.#configured.map((model) => this.#loadOne(host, model)));
  }

  async #loadOne(host: ModelHost, model: Configured): Promise<void> {
    const { health, problems } = this.#options;
    const { reference, eager } = model;
    const part = partName(reference);
    try {
      const file = await this.#files.resolve(reference);
      const spec = this.#specOf(file, model);
      if (!eager) {
        host.register(spec);
        return;
      }
      if (file !== reference) health.set(part, 'starting', 'loading');
      const info = await host.load(spec);
      health.set(part, 'ok', `${info.name} by ${info.engine}`);
    } catch (error) {
      const code = isGanglionError(error) ? error.code : '';
      if (code === 'MODEL_HOST_STOPPED' || code === 'MODEL_PULL_STOPPED') return;
      health.set(part, 'fail', messageOf(error));
      if (isGanglionError(error)) problems.report(error, reference);
    }
  }

  /** A host that ended takes its models with it; they come back, or are given up, with no one asking. */
  #look(host: ModelHost): void {
    const { health } = this.#options;
    const { state: running, lastExit, models } = host.status;
    const byPath = new Map(models.map((model) => [model.file, model]));
    for (const { reference, eager } of this.#configured) {
      const known = byPath.get(this.#pathIfThere(reference));
      if (known === undefined) continue;
      const { state, info, problem, loadMs } = known;
      const part = partName(reference);
      // Whether its bytes are the right ones was said at the start.
      if (reference === this.#embedded?.file && state === 'unloaded') continue;
      if (state === 'failed' || state === 'given-up') health.set(part, 'fail', problem ?? state);
      // One that is to be loaded at the start is on its way.
      else if (state === 'unloaded' && !eager) health.set(part, 'ok', 'loaded when it is asked');
      else if (state === 'ready' && running === 'running')
        health.set(
          part,
          'ok',
          info === undefined ? 'ready' : `${info.name} by ${info.engine}${costsText(info, loadMs)}`,
        );
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
}

/** The main model, the further ones, then the classifiers of policies; each once. */
function configuredModels({ config, classifiers, synapse }: ModelsOptions): readonly Configured[] {
  const { model, models } = config;
  // It answers in a language of its own and writes no text: nobody can talk with it.
  const embedded: Configured[] =
    synapse === undefined
      ? []
      : [
          {
            name: synapse.card.name,
            reference: synapse.file,
            settings: synapse.spec,
            language: false,
            eager: false,
          },
        ];
  const main: Configured[] =
    model === undefined || synapse !== undefined
      ? embedded
      : [
          {
            name: modelName(model.file),
            reference: model.file,
            settings: settingsOf(model),
            language: true,
            eager: true,
          },
        ];
  const further = Object.entries(models).map(([name, one]): Configured => ({
    name,
    reference: one.file,
    settings: settingsOf(one),
    language: true,
    eager: false,
  }));
  const classes = [...new Set(classifiers.values())].map((file): Configured => ({
    name: modelName(file),
    reference: file,
    settings: { contextTokens: CLASSIFIER_CONTEXT, threads: 1 },
    language: false,
    eager: true,
  }));
  return [...main, ...further, ...classes];
}

function partName(reference: string): string {
  return `model ${shortName(reference)}`;
}
