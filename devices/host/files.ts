import { closeSync, openSync, readdirSync, readSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** Files under /proc and /sys say size 0 and some never end: at most so much is read. */
const MAX_BYTES = 256 * 1024;

/** Reads the kernel's pseudo files below a root; what cannot be read is undefined. */
export class HostFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  exists(path: string): boolean {
    return existsSync(join(this.#root, path));
  }

  /** Names in a folder, sorted; empty if there is none. */
  list(path: string): readonly string[] {
    try {
      return readdirSync(join(this.#root, path)).toSorted();
    } catch {
      return [];
    }
  }

  /** Text without the zero bytes device trees end strings with. */
  text(path: string): string | undefined {
    try {
      const file = openSync(join(this.#root, path), 'r');
      try {
        const buffer = Buffer.alloc(MAX_BYTES);
        let length = 0;
        for (;;) {
          const read = readSync(file, buffer, length, MAX_BYTES - length, null);
          length += read;
          if (read === 0 || length === MAX_BYTES) break;
        }
        return buffer.toString('utf8', 0, length).replaceAll('\0', ' ').trim();
      } finally {
        closeSync(file);
      }
    } catch {
      return undefined;
    }
  }

  /** A whole number, undefined for anything else (`max`, say). */
  number(path: string): number | undefined {
    const text = this.text(path);
    return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
  }
}
