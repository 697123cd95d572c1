import type { Config } from '../config/load.ts';
import type { Rung, RungAnswer, RungRequest } from '../contract/rung.ts';
import type { Clock } from '../contract/time.ts';
import { ModelHost } from '../modelhost/client.ts';
import { defaultMemoryBytes } from '../modelhost/options.ts';
import { GanglionError } from '../errors.ts';
import { modelStore } from '../modelhost/pull/open.ts';
import { isModelReference } from '../modelhost/pull/reference.ts';
import { LlmRung } from '../modelhost/rungs.ts';
import { settingsOf } from '../model-settings.ts';
import { silent } from '../lib/silent-log.ts';
import { loadSpec } from '../tuned.ts';

/** Rung `llm` for a single request: the model is loaded when it is first asked, and not at all if nobody asks. */
export class LocalModel implements Rung {
  readonly name = 'llm';
  readonly #config: Pick<Config, 'models_folder' | 'data'>;
  readonly #model: NonNullable<Config['model']>;
  readonly #host: ModelHost;
  #rung: Promise<LlmRung> | undefined;

  constructor(
    config: Pick<Config, 'models_folder' | 'data'> & { readonly model: NonNullable<Config['model']> },
    clock: Clock,
  ) {
    const { model } = config;
    this.#config = config;
    this.#model = model;
    const memoryBytes = model.memory ?? defaultMemoryBytes();
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
    const file = presentModel(this.#model.file, this.#config);
    const spec = loadSpec(this.#config.data, file, settingsOf(this.#model));
    await this.#host.start();
    await this.#host.load(spec);
    return new LlmRung({ host: this.#host, file: spec.file, minConfidence: 0 });
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
