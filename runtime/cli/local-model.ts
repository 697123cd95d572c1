import { availableParallelism } from 'node:os';
import type { Config } from '../config/load.ts';
import type { Log } from '../contract/log.ts';
import type { Rung, RungAnswer, RungRequest } from '../contract/rung.ts';
import type { Clock } from '../contract/time.ts';
import { ModelHost } from '../modelhost/client.ts';
import { GanglionError } from '../errors.ts';
import { modelStore } from '../modelhost/pull/open.ts';
import { isModelReference } from '../modelhost/pull/reference.ts';
import { LlmRung } from '../modelhost/rungs.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Memory of the host beyond mapped weights where the configuration does not say. */
const MEMORY_BYTES = 1.5e9;

/** Rung `llm` for a single request: the model is loaded when it is first asked, and not at all if nobody asks. */
export class LocalModel implements Rung {
  readonly name = 'llm';
  readonly #config: Pick<Config, 'models_folder'>;
  readonly #model: NonNullable<Config['model']>;
  readonly #host: ModelHost;
  #rung: Promise<LlmRung> | undefined;

  constructor(
    config: Pick<Config, 'models_folder'> & { readonly model: NonNullable<Config['model']> },
    clock: Clock,
  ) {
    const { model } = config;
    this.#config = config;
    this.#model = model;
    const memoryBytes = model.memory ?? MEMORY_BYTES;
    this.#host = new ModelHost({ clock, log: silent, random: Math.random, memoryBytes });
  }

  async decide(request: RungRequest, signal: AbortSignal): Promise<RungAnswer> {
    this.#rung ??= this.#load();
    return (await this.#rung).decide(request, signal);
  }

  async stop(): Promise<void> {
    await this.#host.stop();
  }

  async #load(): Promise<LlmRung> {
    const { context, threads, gpu_layers: gpuLayers } = this.#model;
    const file = presentModel(this.#model.file, this.#config);
    await this.#host.start();
    await this.#host.load({
      file,
      contextTokens: context,
      threads: threads ?? Math.max(1, availableParallelism() - 1),
      gpuLayers,
    });
    return new LlmRung({ host: this.#host, file, minConfidence: 0 });
  }
}

/** Where a configured model lies. One request does not fetch gigabytes on the way. Throws MODEL_NOT_READY. */
export function presentModel(file: string, config: Pick<Config, 'models_folder'>): string {
  if (!isModelReference(file)) return file;
  const found = modelStore(config).find(file);
  if (found !== undefined) return found.file;
  const reason = `it has not been fetched yet; \`ganglion model pull ${file}\` does that`;
  throw new GanglionError('MODEL_NOT_READY', { file, reason });
}
