import type { Config } from '../config/load.ts';
import type { Log } from '../contract/log.ts';
import type { Rung, RungAnswer, RungRequest } from '../contract/rung.ts';
import type { Clock } from '../contract/time.ts';
import { ModelHost } from '../modelhost/client.ts';
import { defaultMemoryBytes } from '../modelhost/options.ts';
import { LlmRung } from '../modelhost/rungs.ts';
import { specOf } from '../models.ts';
import type { Tunings } from '../tuned.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Rung `llm` for a single request: the model is loaded when it is first asked, and not at all if nobody asks. */
export class LocalModel implements Rung {
  readonly name = 'llm';
  readonly #model: NonNullable<Config['model']>;
  readonly #tunings: Tunings;
  readonly #host: ModelHost;
  #rung: Promise<LlmRung> | undefined;

  constructor(model: NonNullable<Config['model']>, tunings: Tunings, clock: Clock) {
    this.#model = model;
    this.#tunings = tunings;
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
    const spec = specOf(this.#model, this.#tunings);
    await this.#host.start();
    await this.#host.load(spec);
    return new LlmRung({ host: this.#host, file: spec.file, minConfidence: 0 });
  }
}
