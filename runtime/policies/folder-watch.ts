import { watch } from 'node:fs';
import type { Clock, Timer } from '../contract/time.ts';

export interface FolderWatchOptions {
  /** A folder. */
  readonly path: string;
  readonly clock: Clock;
  /** Something may have changed; also called now and then, as not every file system says so. */
  readonly onLook: () => void;
  /** Asks the operating system to tell of changes; undefined where it cannot. */
  readonly tell?: (path: string, told: () => void) => { close(): void } | undefined;
}

/** Editors write a file in several steps; the folder is looked at once it has been quiet for so long. */
const QUIET_MS = 250;
/** Whoever never stops writing is looked at all the same. */
const PATIENCE_MS = 2000;
/** For network and container file systems that tell nothing. */
const POLL_MS = 10_000;

/** Notices when the files of a folder change. */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  #told: { close(): void } | undefined;
  #quiet: Timer | undefined;
  #poll: Timer | undefined;
  #since: number | undefined;
  #stopped = false;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#listen();
    this.#again();
  }

  stop(): void {
    this.#stopped = true;
    this.#told?.close();
    this.#quiet?.cancel();
    this.#poll?.cancel();
  }

  #listen(): void {
    const { path, tell = tellOfFolder } = this.#options;
    this.#told = tell(path, () => this.#changed());
  }

  #changed(): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    this.#since ??= clock.mono();
    const left = this.#since + PATIENCE_MS - clock.mono();
    this.#quiet?.cancel();
    this.#quiet = clock.schedule(Math.max(0, Math.min(QUIET_MS, left)), () => {
      this.#since = undefined;
      this.#options.onLook();
    });
  }

  #again(): void {
    this.#poll = this.#options.clock.schedule(POLL_MS, () => {
      this.#again();
      // A folder that was moved away and came back is another one.
      this.#told?.close();
      this.#listen();
      this.#options.onLook();
    });
  }
}

function tellOfFolder(path: string, told: () => void): { close(): void } | undefined {
  try {
    const watcher = watch(path, { persistent: false }, told);
    // The folder is gone, or the kernel's table of watches is full: looking now and then has to do.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
