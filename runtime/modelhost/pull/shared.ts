/**
 * One piece of work for several who want its result: it begins once, tells all of them how far it is, and is stopped
 * when the last of them no longer wants it.
 */
export class Shared<Result, Progress> {
  readonly #work: Promise<Result>;
  readonly #abort = new AbortController();
  readonly #listeners = new Set<(progress: Progress) => void>();
  #latest: Progress | undefined;
  #wanted = 0;

  constructor(work: (signal: AbortSignal, tell: (progress: Progress) => void) => Promise<Result>) {
    this.#work = work(this.#abort.signal, (progress) => {
      this.#latest = progress;
      for (const listener of this.#listeners) listener(progress);
    });
  }

  /** Nobody wanted it any more: it is coming to an end, and whoever wants it now has to begin anew. */
  get stopping(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Resolves when the work is over, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#work]);
  }

  /** Rejects with `stopped` when `signal` is aborted while others still want the result; else settles as the work does. */
  async join(
    signal: AbortSignal | undefined,
    listener: ((progress: Progress) => void) | undefined,
    stopped: (latest: Progress | undefined) => Error,
  ): Promise<Result> {
    this.#wanted++;
    if (listener !== undefined) {
      this.#listeners.add(listener);
      if (this.#latest !== undefined) listener(this.#latest);
    }
    let left = false;
    let onAbort = (): void => {};
    const leaving = new Promise<never>((_, reject) => {
      onAbort = () => {
        left = true;
        this.#wanted--;
        // The last one waits for the work to end in good order: its file is closed then.
        if (this.#wanted === 0) this.#abort.abort();
        else reject(stopped(this.#latest));
      };
    });
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([this.#work, leaving]);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      if (listener !== undefined) this.#listeners.delete(listener);
      if (!left) this.#wanted--;
    }
  }
}
