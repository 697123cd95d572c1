import type { Clock } from '../../contract/time.ts';

export interface PullProgress {
  readonly receivedBytes: number;
  /** Absent until a server has said it. */
  readonly totalBytes?: number;
  /** Over the last seconds; 0 before the first. */
  readonly bytesPerSecond: number;
}

/** The rate is that of the last so many milliseconds. */
const WINDOW_MS = 5000;
const SAMPLE_MS = 250;

/** Counts the bytes of all files of a model and how fast they come. Bytes that were there before count as received, not as speed. */
export class PullMeter {
  readonly #clock: Clock;
  readonly #onProgress: (progress: PullProgress) => void;
  readonly #received = new Map<string, number>();
  readonly #totals = new Map<string, number>();
  readonly #files: number;
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];
  #arrived = 0;

  constructor(files: number, clock: Clock, onProgress: (progress: PullProgress) => void) {
    this.#files = files;
    this.#clock = clock;
    this.#onProgress = onProgress;
  }

  total(file: string, bytes: number): void {
    this.#totals.set(file, bytes);
  }

  /** So many bytes of this file are there. */
  received(file: string, bytes: number): void {
    const before = this.#received.get(file);
    this.#received.set(file, bytes);
    // The first report of a connection is what lay there already; a smaller one is a new beginning.
    if (before !== undefined && bytes > before) this.#arrived += bytes - before;
    this.#sample();
    this.#onProgress(this.#progress());
  }

  #progress(): PullProgress {
    const receivedBytes = sum(this.#received.values());
    const totalBytes = this.#totals.size === this.#files ? sum(this.#totals.values()) : undefined;
    return {
      receivedBytes,
      ...(totalBytes === undefined ? {} : { totalBytes }),
      bytesPerSecond: this.#rate(),
    };
  }

  #sample(): void {
    const atMs = this.#clock.mono();
    const last = this.#samples.at(-1);
    if (last !== undefined && atMs - last.atMs < SAMPLE_MS) return;
    this.#samples.push({ atMs, bytes: this.#arrived });
    // One sample older than the window stays, so that the window is full.
    while ((this.#samples[1]?.atMs ?? Infinity) < atMs - WINDOW_MS) this.#samples.shift();
  }

  #rate(): number {
    const first = this.#samples[0];
    const ms = first === undefined ? 0 : this.#clock.mono() - first.atMs;
    return first === undefined || ms <= 0 ? 0 : ((this.#arrived - first.bytes) * 1000) / ms;
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
