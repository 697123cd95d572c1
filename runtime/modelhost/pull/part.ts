import { createHash, type Hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a part is a part of. It is gone on with only where all that is known still agrees. */
export interface PartOrigin {
  /** Without query: those of signed addresses change. */
  readonly url: string;
  /** The strong entity tag of what answered. */
  readonly etag?: string;
  readonly sizeBytes?: number;
  readonly sha256?: string;
}

/** Read at once when hashing what is there: short enough not to hold up the thread. */
const READ_BYTES = 256 * 1024;

/**
 * A file that is being fetched: `<file>.part`, with its origin in `<file>.part.json`. The hash runs along.
 * Open → append … → commit; `close` keeps it for another time.
 */
export class Part {
  readonly file: string;
  #handle: FileHandle;
  #hash: Hash = createHash('sha256');
  #sizeBytes = 0;
  #origin: PartOrigin | undefined;

  private constructor(file: string, handle: FileHandle) {
    this.file = file;
    this.#handle = handle;
  }

  /** Goes on with what is there if it is of the same origin, else begins anew. Throws what the file system throws. */
  static async open(file: string, wanted: PartOrigin, signal: AbortSignal): Promise<Part> {
    const handle = await open(partName(file), 'a+', 0o600);
    const part = new Part(file, handle);
    try {
      const origin = readOrigin(file);
      if (origin === undefined || !sameOrigin(origin, wanted)) await part.reset();
      else {
        part.#origin = origin;
        await part.#hashPresent(signal);
      }
      return part;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Of the bytes that are there; absent before the first. */
  get origin(): PartOrigin | undefined {
    return this.#origin;
  }

  /** To be called before the first bytes: without it they would be of unknown origin. */
  async describe(origin: PartOrigin): Promise<void> {
    this.#origin = origin;
    await writeFile(originName(this.file), JSON.stringify(origin), { mode: 0o600 });
  }

  async append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, written);
      this.#hash.update(bytes.subarray(written, written + bytesWritten));
      this.#sizeBytes += bytesWritten;
      written += bytesWritten;
    }
  }

  async reset(): Promise<void> {
    await rm(originName(this.file), { force: true });
    await this.#handle.truncate(0);
    this.#hash = createHash('sha256');
    this.#sizeBytes = 0;
    this.#origin = undefined;
  }

  /** Of the bytes so far, hexadecimal. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Makes it the file: synced to disk, then renamed, so that a reader sees all of it or none. */
  async commit(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    await rename(partName(this.file), this.file);
    await rm(originName(this.file), { force: true });
    await syncFolder(dirname(this.file));
  }

  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(partName(this.file), { force: true });
    await rm(originName(this.file), { force: true });
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #hashPresent(signal: AbortSignal): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await this.#handle.read(buffer, 0, READ_BYTES, this.#sizeBytes);
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#sizeBytes += bytesRead;
    }
  }
}

export function partName(file: string): string {
  return `${file}.part`;
}

function originName(file: string): string {
  return `${file}.part.json`;
}

/** What the sidecar says; undefined where there is none or it is damaged: the part is then begun anew. */
function readOrigin(file: string): PartOrigin | undefined {
  try {
    const value = JSON.parse(readFileSync(originName(file), 'utf8')) as Partial<PartOrigin> | null;
    return typeof value?.url === 'string' ? (value as PartOrigin) : undefined;
  } catch {
    return undefined;
  }
}

function sameOrigin(kept: PartOrigin, wanted: PartOrigin): boolean {
  if (kept.url !== wanted.url) return false;
  if (kept.sha256 !== wanted.sha256) return false;
  if (wanted.sizeBytes !== undefined && kept.sizeBytes !== wanted.sizeBytes) return false;
  // Something has to tell whether the rest is of the same file: its tag now, or its hash in the end.
  return kept.etag !== undefined || kept.sha256 !== undefined;
}

/** Without it the rename itself may be lost with the power. Not every system can open a folder. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // Windows refuses; there the rename is as durable as the file system makes it.
  } finally {
    await handle?.close();
  }
}
