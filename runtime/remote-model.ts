import type { Config } from './config/load.ts';
import type { Rung } from './contract/rung.ts';
import type { Clock } from './contract/time.ts';
import type { HealthBoard } from './health.ts';
import { RemoteAsker } from './modelhost/engines/remote/asker.ts';
import { DEFAULT_REMOTE } from './modelhost/engines/remote/options.ts';
import { RemoteModel } from './modelhost/engines/remote/remote.ts';
import { LanguageRules } from './modelhost/engines/remote/rules.ts';
import type { Repeats } from './modelhost/repeats.ts';
import { LlmRung } from './modelhost/rungs.ts';

export interface RemoteParts {
  readonly settings: NonNullable<Config['remote']>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly repeats?: Repeats;
}

/** The configured model server: rung `remote`, which needs no model host. */
export class Remote {
  readonly rung: Rung;
  readonly asker: RemoteAsker;
  readonly #name: string;

  constructor({ settings, clock, random, repeats }: RemoteParts) {
    const { url, model, key, timeout, confidence, requests } = settings;
    const remote = new RemoteModel({
      url,
      model,
      ...(key === undefined ? {} : { key }),
      clock,
      random,
      rules: new LanguageRules(),
      confidence,
      times: { ...DEFAULT_REMOTE.times, firstByteMs: timeout },
    });
    this.#name = `${model} at ${remote.info.file}`;
    this.asker = new RemoteAsker({ model: remote, clock, concurrency: requests });
    this.rung = new LlmRung({
      host: this.asker,
      file: this.asker.file,
      minConfidence: 0,
      name: 'remote',
      calledAs: 'The remote model',
      ...(repeats === undefined ? {} : { repeats }),
    });
  }

  /** Shows the server among the parts of the daemon. It is not asked for that: it may cost money, or wake a board. */
  show(health: HealthBoard): void {
    health.beforeRead(() => {
      const { state, leftMs, reason } = this.asker.status.breaker;
      if (state === 'closed') health.set('remote model', 'ok', this.#name);
      else if (state === 'half-open')
        health.set('remote model', 'warn', `${reason}; the next request tries ${this.#name} again`);
      else
        health.set('remote model', 'warn', `${reason}; it is asked again in ${Math.ceil(leftMs / 1000)} s`);
    });
  }

  get gauges(): Record<string, number> {
    const { waiting, running, breaker } = this.asker.status;
    return {
      remote_model_waiting: waiting,
      remote_model_running: running,
      remote_model_paused: breaker.state === 'open' ? 1 : 0,
    };
  }

  async stop(): Promise<void> {
    await this.asker.stop();
  }
}
