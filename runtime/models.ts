import { cpus } from 'node:os';
import type { Config } from './config/load.ts';
import type { ModelSpec } from './contract/engine.ts';
import type { Log } from './contract/log.ts';
import type { RungName } from './contract/decision.ts';
import type { Rung } from './contract/rung.ts';
import type { Clock } from './contract/time.ts';
import { isGanglionError, messageOf } from './errors.ts';
import type { HealthBoard } from './health.ts';
import type { ProblemDesk } from './problems.ts';
import { ModelHost } from './modelhost/client.ts';
import { Repeats } from './modelhost/repeats.ts';
import { ModelFiles } from './modelhost/pull/model-files.ts';
import { LlmRung, OnnxRung, type Asker } from './modelhost/rungs.ts';
import { modelStore } from './modelhost/pull/open.ts';
import { Remote } from './remote-model.ts';

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

/** Memory of the host beyond mapped weights where the configuration does not say. */
const DEFAULT_MEMORY_BYTES = 1.5e9;
const CLASSIFIER_CONTEXT = 512;

/** The models this daemon uses, and the rungs they give. Without models there is no host process. */
export class Models {
  readonly #options: ModelsOptions;
  readonly #host: ModelHost | undefined;
  readonly #remote: Remote | undefined;
  readonly #files: ModelFiles;
  readonly #repeats: Repeats;

  constructor(options: ModelsOptions) {
    this.#options = options;
    const { config, classifiers, engineModules, clock, random, log, problems } = options;
    this.#repeats = new Repeats({ clock, onLoop: (error, policy) => problems.report(error, policy) });
    const repeats = this.#repeats;
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
    if (config.model === undefined && classifiers.size === 0) return;
    this.#host = new ModelHost({
      clock,
      log,
      random,
      memoryBytes: config.model?.memory ?? DEFAULT_MEMORY_BYTES,
      extensions: engineModules,
    });
  }

  get rungs(): ReadonlyMap<RungName, Rung> {
    const rungs = new Map<RungName, Rung>();
    const { config, classifiers } = this.#options;
    const host = this.#host;
    if (this.#remote !== undefined) rungs.set('remote', this.#remote.rung);
    if (host === undefined) return rungs;
    if (config.model !== undefined)
      rungs.set(
        'llm',
        new LlmRung({
          host: this.#fetched(host),
          file: config.model.file,
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

  /** The host, asked by what is configured instead of by paths. */
  #fetched(host: ModelHost): Pick<Asker, 'decide'> {
    return {
      decide: async (file, request, options) => host.decide(this.#files.pathOf(file), request, options),
    };
  }

  /** Starts the host and loads in the background: rules do not wait for models. */
  start(): void {
    const host = this.#host;
    this.#remote?.show(this.#options.health);
    if (host === undefined) return;
    for (const spec of this.#specs()) this.#options.health.set(partName(spec.file), 'starting', 'loading');
    this.#options.health.beforeRead(() => this.#look(host));
    void this.#load(host);
  }

  async stop(): Promise<void> {
    this.#files.stop();
    await this.#remote?.stop();
    await this.#host?.stop();
  }

  get gauges(): Record<string, number> {
    const status = this.#host?.status;
    const remote = this.#remote?.gauges ?? {};
    if (status === undefined) return remote;
    const { repeated, loops, refused } = this.#repeats.counters;
    return {
      ...remote,
      model_questions_repeated: repeated,
      model_question_loops: loops,
      model_questions_refused: refused,
      model_host_running: status.state === 'running' ? 1 : 0,
      model_host_memory_bytes: status.memoryBytes,
      model_host_waiting: status.waiting,
      ...Object.fromEntries(
        Object.entries(status.counters).map(([name, count]) => [`model_host_${name}`, count]),
      ),
    };
  }

  async #load(host: ModelHost): Promise<void> {
    await host.start();
    // The host loads one at a time; one that is still being fetched holds up none.
    await Promise.all(this.#specs().map((spec) => this.#loadOne(host, spec)));
  }

  async #loadOne(host: ModelHost, spec: ModelSpec): Promise<void> {
    const { health, problems } = this.#options;
    const part = partName(spec.file);
    try {
      const file = await this.#files.resolve(spec.file);
      if (file !== spec.file) health.set(part, 'starting', 'loading');
      const info = await host.load({ ...spec, file });
      health.set(part, 'ok', `${info.name} by ${info.engine}`);
    } catch (error) {
      const code = isGanglionError(error) ? error.code : '';
      if (code === 'MODEL_HOST_STOPPED' || code === 'MODEL_PULL_STOPPED') return;
      health.set(part, 'fail', messageOf(error));
      if (isGanglionError(error)) problems.report(error, spec.file);
    }
  }

  /** A host that ended takes its models with it; they come back, or are given up, with no one asking. */
  #look(host: ModelHost): void {
    const { health } = this.#options;
    const { state: running, lastExit, models } = host.status;
    for (const { file, state, info, problem } of models) {
      const part = partName(this.#files.configuredAs(file));
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

  #specs(): ModelSpec[] {
    const { config, classifiers } = this.#options;
    const threads = config.model?.threads ?? Math.min(4, Math.max(1, cpus().length - 1));
    const specs: ModelSpec[] = [...new Set(classifiers.values())].map((file) => ({
      file,
      contextTokens: CLASSIFIER_CONTEXT,
      threads: 1,
      gpuLayers: 0,
    }));
    if (config.model !== undefined) {
      specs.unshift({
        file: config.model.file,
        contextTokens: config.model.context,
        threads,
        gpuLayers: config.model.gpu_layers,
      });
    }
    return specs;
  }
}

/** `model tiny.gguf`; a reference to a quantization is short enough as it is. */
function partName(file: string): string {
  const name = /^hf:[^:]+:/.test(file) ? file : file.replace(/[?#].*$/, '');
  return `model ${name.slice(name.lastIndexOf('/') + 1)}`;
}
