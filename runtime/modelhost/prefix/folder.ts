import { constants } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  statfs,
  unlink,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { checksum, entryName, keyIn, markerName, readEntry, writeEntry, type Entry } from './entry.ts';

/** Files nobody speaks for are left alone that long: another host may be about to. */
const ORPHAN_MS = 10 * 60_000;
/** A state loads in milliseconds. A mark older than this was left by a process that ended while it loaded. */
const LOADING_MS = 60_000;
const MAX_ENTRY_BYTES = 4096;

export interface Swept {
  /** Keys thrown out. */
  readonly evicted: number;
  /** Bytes left. */
  readonly bytes: number;
}

/** Why a state is not handed to the engine. `missing`: there is none. */
export type Unfit =
  | { readonly missing: true }
  | { readonly missing: false; readonly reason: string; readonly state?: string };

/**
 * The folder of kept prefixes, shared by processes that do not know of each other: any file may go at any moment.
 * Methods throw what the file system says unless they say otherwise.
 */
export class PrefixFolder {
  readonly path: string;
  readonly #now: () => number;
  /** Keys this process is loading now. */
  readonly #loading = new Set<string>();

  constructor(path: string, now: () => number) {
    this.path = path;
    this.#now = now;
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** Why this folder is not to be trusted with private data; undefined: it may be used, or is not there yet. */
  async problem(): Promise<string | undefined> {
    let found;
    try {
      found = await lstat(this.path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    if (found.isSymbolicLink()) return 'it is a symbolic link';
    if (!found.isDirectory()) return 'it is not a folder';
    const user = process.getuid?.();
    if (user === undefined) return undefined;
    if (found.uid !== user) return 'it belongs to another user';
    return (found.mode & 0o022) === 0 ? undefined : 'others may write to it';
  }

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize;
  }

  async has(key: string): Promise<boolean> {
    return lstat(this.at(entryName(key))).then(
      () => true,
      () => false,
    );
  }

  /** An empty private file for the engine to write over. */
  async reserve(name: string): Promise<void> {
    await (await open(this.at(name), 'wx', 0o600)).close();
  }

  /** The state file of a key, its checksum verified, or why there is none to use. */
  async find(key: string): Promise<Entry | Unfit> {
    let text;
    try {
      const file = await open(this.at(entryName(key)), constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_ENTRY_BYTES), 0, MAX_ENTRY_BYTES, 0);
        text = buffer.toString('utf8', 0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error)) return { missing: true };
      return { missing: false, reason: damageOf(error) };
    }
    const entry = readEntry(text, key);
    if (entry === undefined)
      return { missing: false, reason: 'its description is of another program or damaged' };
    const reason = await this.#damage(entry);
    return reason === undefined ? entry : { missing: false, reason, state: entry.state };
  }

  async #damage({ state, bytes, crc32 }: Entry): Promise<string | undefined> {
    let file;
    try {
      file = await open(this.at(state), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      return isMissing(error) ? 'its file is gone' : damageOf(error);
    }
    try {
      const found = await file.stat();
      if (!found.isFile() || found.size !== bytes) {
        return `its file has ${found.size} bytes instead of ${bytes}`;
      }
      return (await checksum(file)) === crc32 ? undefined : 'its checksum is wrong';
    } finally {
      await file.close();
    }
  }

  /**
   * Marks a state as being loaded: native code may end the process on one it does not like, and would again after every
   * restart. False: that has happened with this one.
   */
  async enter(key: string): Promise<boolean> {
    const marker = this.at(markerName(key));
    if (this.#loading.has(key)) return true;
    try {
      const [left, { mtimeMs }] = await Promise.all([readFile(marker, 'utf8'), lstat(marker)]);
      if (Math.abs(this.#now() - mtimeMs) > LOADING_MS || !isOther(Number(left))) return false;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    this.#loading.add(key);
    try {
      const file = await open(marker, 'wx', 0o600);
      try {
        await file.writeFile(`${process.pid}`);
      } finally {
        await file.close();
      }
    } catch {
      // Another host is loading it too, or the folder is read-only: then there is no guard.
    }
    return true;
  }

  async leave(key: string): Promise<void> {
    this.#loading.delete(key);
    await unlink(this.at(markerName(key))).catch(() => {});
  }

  /** It was used now. */
  async touch(key: string): Promise<void> {
    const now = this.#now() / 1000;
    await utimes(this.at(entryName(key)), now, now).catch(() => {});
  }

  /** Makes a state file that an engine wrote findable. Returns its size; nothing is kept if it is over `maxBytes`. */
  async commit(
    key: string,
    names: { state: string; draft: string },
    maxBytes: number,
    tokens: number,
  ): Promise<number> {
    const path = this.at(names.state);
    // Engines may put a file of their own in place of the reserved one.
    await chmod(path, 0o600);
    const file = await open(path, 'r+');
    let about;
    try {
      await file.sync();
      const bytes = (await file.stat()).size;
      if (bytes > maxBytes) return bytes;
      about = { key, state: names.state, bytes, crc32: await checksum(file), tokens };
    } finally {
      await file.close();
    }
    const draft = await open(this.at(names.draft), 'wx', 0o600);
    try {
      await draft.writeFile(writeEntry(about));
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(this.at(names.draft), this.at(entryName(key)));
    await this.touch(key);
    return about.bytes;
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) await unlink(this.at(name)).catch(() => {});
  }

  /** The entry first: a state file that is left over without one is swept later. */
  async forget(key: string, state?: string): Promise<void> {
    await this.remove([entryName(key), ...(state === undefined ? [] : [state]), markerName(key)]);
  }

  /** Throws out the longest unused until `maxBytes` are left, `spared` last of all, and what nobody speaks for any more. */
  async sweep(maxBytes: number, spared: string): Promise<Swept> {
    const kept: { key: string; names: string[]; bytes: number; usedMs: number }[] = [];
    const loose = new Map<string, { bytes: number; changedMs: number }>();
    for (const name of await readdir(this.path)) {
      if (keyIn(name) === undefined) continue;
      const found = await lstat(this.at(name)).catch(() => undefined);
      if (found !== undefined) loose.set(name, { bytes: found.size, changedMs: found.mtimeMs });
    }
    for (const [name, { bytes, changedMs }] of loose) {
      const key = keyIn(name)!;
      if (name !== entryName(key)) continue;
      const text = await readFile(this.at(name), 'utf8').catch(() => '');
      const state = readEntry(text, key)?.state;
      const found = state === undefined ? undefined : loose.get(state);
      if (state === undefined || found === undefined) continue;
      loose.delete(name);
      loose.delete(state);
      kept.push({ key, names: [name, state], bytes: bytes + found.bytes, usedMs: changedMs });
    }
    let total = 0;
    for (const [name, { bytes, changedMs }] of loose) {
      // A clock that was set may show times to come.
      if (Math.abs(this.#now() - changedMs) > ORPHAN_MS) await this.remove([name]);
      else total += bytes;
    }
    kept.sort((a, b) => Number(a.key === spared) - Number(b.key === spared) || a.usedMs - b.usedMs);
    total += kept.reduce((sum, { bytes }) => sum + bytes, 0);
    let evicted = 0;
    for (const { names, bytes } of kept) {
      if (total <= maxBytes) break;
      await this.remove(names);
      total -= bytes;
      evicted++;
    }
    return { evicted, bytes: total };
  }
}

/** Whether a process of this number lives and is not this one: what this process loads it knows without a mark. */
function isOther(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Links, folders and files of others where ours should be are damage, as are bad blocks. Throws what passes by itself. */
function damageOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM') throw error;
  return messageOf(error);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
