import type { Clock } from '../../contract/time.ts';
import { GanglionError, isGanglionError } from '../../errors.ts';
import { backoffMs } from '../../lib/backoff.ts';
import { delay } from '../../lib/delay.ts';
import { formatBytes } from '../../lib/units.ts';
import type { PullProgress } from './progress.ts';
import { isModelReference } from './reference.ts';
import type { ModelStore } from './store.ts';

export interface ModelFilesOptions {
  /** Called when there is something to fetch. May throw MODEL_REFERENCE_INVALID: the environment is wrong. */
  readonly store: () => Pick<ModelStore, 'pull'>;
  readonly clock: Clock;
  /** 0–1 */
  readonly random: () => number;
  /** How far the fetch of a configured model is, or why it failed and when it is tried again: one sentence. */
  readonly onState: (configured: string, state: 'pulling' | 'failed', detail: string) => void;
  readonly onFailure: (configured: string, error: GanglionError) => void;
}

/** Between two tries of a fetch that was given up. The store has tried for half a minute by itself before. */
const AGAIN = { minMs: 60_000, maxMs: 3_600_000 };

/** Where the configured models are: paths as they are, references once they have been fetched. */
export class ModelFiles {
  readonly #options: ModelFilesOptions;
  readonly #stop = new AbortController();
  /** Configured → absolute path. */
  readonly #paths = new Map<string, string>();
  readonly #details = new Map<string, string>();

  constructor(options: ModelFilesOptions) {
    this.#options = options;
  }

  /** The path to load; fetches the model first if it is a reference, and again after a failure. Throws MODEL_PULL_STOPPED. */
  async resolve(configured: string): Promise<string> {
    if (!isModelReference(configured)) return configured;
    for (let attempt = 0; ; attempt++) {
      const path = await this.#try(configured, attempt);
      if (path !== undefined) return path;
    }
  }

  /** Where a configured model lies. Throws MODEL_NOT_READY while it is being fetched. */
  pathOf(configured: string): string {
    const path = isModelReference(configured) ? this.#paths.get(configured) : configured;
    if (path !== undefined) return path;
    const reason = this.#details.get(configured) ?? 'it has not been fetched yet';
    throw new GanglionError('MODEL_NOT_READY', { file: configured, reason });
  }

  /** What a path was configured as. */
  configuredAs(path: string): string {
    for (const [configured, known] of this.#paths) if (known === path) return configured;
    return path;
  }

  /** Stops fetching; what has arrived is kept. Idempotent. */
  stop(): void {
    this.#stop.abort();
  }

  async #try(configured: string, attempt: number): Promise<string | undefined> {
    const { store, clock, random } = this.#options;
    const { signal } = this.#stop;
    this.#tell(configured, 'pulling', 'pulling');
    try {
      const onProgress = (progress: PullProgress): void => this.#tell(configured, 'pulling', shown(progress));
      const { file } = await store().pull(configured, { signal, onProgress });
      this.#paths.set(configured, file);
      return file;
    } catch (error) {
      if (!isGanglionError(error) || error.code === 'MODEL_PULL_STOPPED') throw error;
      const waitMs = backoffMs(attempt, AGAIN, random);
      const again = `It is tried again in ${Math.max(1, Math.round(waitMs / 60_000))} min.`;
      this.#tell(configured, 'failed', `${error.message} ${again}`);
      this.#options.onFailure(configured, error);
      try {
        await delay(waitMs, clock, signal);
      } catch (cause) {
        throw new GanglionError(
          'MODEL_PULL_STOPPED',
          { reference: configured, received: 'its parts' },
          { cause },
        );
      }
      return undefined;
    }
  }

  #tell(configured: string, state: 'pulling' | 'failed', detail: string): void {
    this.#details.set(configured, state === 'pulling' ? `it is still being fetched (${detail})` : detail);
    this.#options.onState(configured, state, detail);
  }
}

/** `pulling 43 %`, or how much there is where nobody knows of how much. */
function shown({ receivedBytes, totalBytes }: PullProgress): string {
  if (totalBytes === undefined || totalBytes === 0) return `pulling, ${formatBytes(receivedBytes)} so far`;
  return `pulling ${Math.floor((receivedBytes / totalBytes) * 100)} %`;
}
