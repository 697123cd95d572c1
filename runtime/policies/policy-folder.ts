import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GanglionError, messageOf } from '../errors.ts';

/** The calls to the operating system that tests let fail. */
export interface FolderFiles {
  readonly read: (path: string) => string;
  readonly write: (fd: number, text: string) => void;
  readonly sync: (fd: number) => void;
  readonly rename: (from: string, to: string) => void;
}

const FILES: FolderFiles = {
  read: (path) => readFileSync(path, 'utf8'),
  write: (fd, text) => {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
  },
  sync: fsyncSync,
  rename: renameSync,
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'its permissions forbid it',
  EPERM: 'its permissions forbid it',
};

/** The folder, or the one file, that policies are written in. Files go by their name in the folder. */
export class PolicyFolder {
  readonly #path: string;
  readonly #files: FolderFiles;
  /** What was read last, with what the file system said of it then. */
  readonly #read = new Map<string, { readonly mark: string; readonly text: string }>();

  constructor(path: string, files: FolderFiles = FILES) {
    this.#path = path;
    this.#files = files;
  }

  get path(): string {
    return this.#path;
  }

  /** Whether it is one file, which every policy goes into. */
  get single(): boolean {
    try {
      return !statSync(this.#path).isDirectory();
    } catch {
      return /\.ya?ml$/i.test(this.#path);
    }
  }

  /** What to watch for changes. */
  get watched(): string {
    return this.single ? dirname(this.#path) : this.#path;
  }

  pathOf(name: string): string {
    return this.single ? this.#path : join(this.#path, name);
  }

  /** Makes the folder where there is none yet. @throws GanglionError POLICY_UNWRITABLE */
  make(): void {
    if (this.single) return;
    try {
      mkdirSync(this.#path, { recursive: true });
    } catch (error) {
      throw unwritable(this.#path, reasonOf(error), error);
    }
  }

  /** Takes away what a crash left half written. */
  tidy(): void {
    const folder = this.watched;
    try {
      for (const name of readdirSync(folder))
        if (/\.ya?ml\.\d+\.tmp$/i.test(name)) rmSync(join(folder, name), { force: true });
    } catch {
      // It is no policy and does no harm; that the folder cannot be read is said when it is.
    }
  }

  /**
   * Every policy file with its text, in order of name. What has not changed is not read again.
   * @param failed told of a file that is there and cannot be read
   * @throws GanglionError CONFIG_UNREADABLE when the folder itself cannot be read
   */
  read(failed: (name: string, error: GanglionError) => void): Map<string, string> {
    const texts = new Map<string, string>();
    for (const name of this.#names()) {
      try {
        texts.set(name, this.#text(name));
      } catch (error) {
        this.#read.delete(name);
        // Taken away between the two looks.
        if ((error as { code?: string }).code === 'ENOENT') continue;
        failed(name, unreadable(this.pathOf(name), error));
      }
    }
    for (const name of this.#read.keys()) if (!texts.has(name)) this.#read.delete(name);
    return texts;
  }

  /**
   * Puts a text in the place of a file, all of it or nothing, so that it survives a power cut.
   * @param before what the file must still say; undefined: there must be none
   * @throws GanglionError POLICY_UNWRITABLE; the file is as it was then
   */
  replace(name: string, text: string, before: string | undefined): void {
    const target = this.#target(name);
    const path = `${target.path}.${process.pid}.tmp`;
    try {
      const fd = openSync(path, 'w', target.mode);
      try {
        this.#files.write(fd, text);
        this.#files.sync(fd);
      } finally {
        closeSync(fd);
      }
      if (target.exists) chmodSync(path, target.mode);
      if (this.#now(target.path) !== before)
        throw unwritable(target.path, 'somebody else has changed it at the same moment; try again');
      this.#files.rename(path, target.path);
    } catch (error) {
      rmSync(path, { force: true });
      throw error instanceof GanglionError ? error : unwritable(target.path, reasonOf(error), error);
    }
    syncFolder(dirname(target.path));
  }

  /** Takes a file away. @throws GanglionError POLICY_UNWRITABLE */
  remove(name: string): void {
    const { path } = this.#target(name);
    try {
      rmSync(path);
    } catch (error) {
      throw unwritable(path, reasonOf(error), error);
    }
    syncFolder(dirname(path));
  }

  #names(): string[] {
    try {
      if (!statSync(this.#path).isDirectory()) return [basename(this.#path)];
      return readdirSync(this.#path)
        .filter((name) => /\.ya?ml$/i.test(name) && !name.startsWith('.'))
        .toSorted();
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }

  #text(name: string): string {
    const path = this.pathOf(name);
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    const mark = `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
    const known = this.#read.get(name);
    if (known?.mark === mark) return known.text;
    const text = this.#files.read(path);
    this.#read.set(name, { mark, text });
    return text;
  }

  #now(path: string): string | undefined {
    try {
      return this.#files.read(path);
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Where a file really is: a link stays a link. A file that was made read-only was meant to be. */
  #target(name: string): { readonly path: string; readonly mode: number; readonly exists: boolean } {
    const path = this.pathOf(name);
    try {
      const real = realpathSync(path);
      const { mode } = statSync(real);
      if ((mode & 0o222) === 0) throw unwritable(real, 'the file is read-only');
      return { path: real, mode: mode & 0o777, exists: true };
    } catch (error) {
      if (error instanceof GanglionError) throw error;
      if ((error as { code?: string }).code === 'ENOENT') return { path, mode: 0o644, exists: false };
      throw unwritable(path, reasonOf(error), error);
    }
  }
}

/** A rename is on the disk when its folder is. Some file systems cannot say so; the rename has happened all the same. */
function syncFolder(path: string): void {
  try {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Nothing is lost but the promise for a power cut within the next seconds.
  }
}

function unwritable(file: string, reason: string, cause?: unknown): GanglionError {
  return new GanglionError('POLICY_UNWRITABLE', { file, reason }, cause === undefined ? {} : { cause });
}

function unreadable(file: string, error: unknown): GanglionError {
  return new GanglionError('CONFIG_UNREADABLE', { file, reason: reasonOf(error) }, { cause: error });
}

function reasonOf(error: unknown): string {
  return REASONS[(error as { code?: string }).code ?? ''] ?? messageOf(error);
}
