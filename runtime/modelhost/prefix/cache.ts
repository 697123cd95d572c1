import { messageOf } from '../../errors.ts';
import type { TokenId, TokenSession } from '../tokens/token-model.ts';
import { freshNames, keyOf, type StateOwner } from './entry.ts';
import { PrefixFolder } from './folder.ts';

const MIB = 1024 * 1024;
/** More are skipped. */
const MAX_WRITING = 4;
const MAX_REMEMBERED = 256;

export interface PrefixCacheOptions {
  /** Made with private permissions where it is not there. Other files in it are left alone. */
  readonly folder: string;
  /** All kept states together. Default 512 MiB. */
  readonly maxBytes?: number;
  /** A shorter prefix is read anew about as fast. Default 64. */
  readonly minTokens?: number;
  /** Nothing is kept when the disk would have less than this left: the journal needs it more. Default 256 MiB. */
  readonly reserveBytes?: number;
  /** A house that changes all the time must not wear out an SD card. Default 2 GiB. */
  readonly maxBytesPerDay?: number;
  /** One sentence, once for each kind of trouble. */
  readonly warn?: (message: string) => void;
  /** Wall clock in ms. */
  readonly now?: () => number;
  readonly freeBytes?: () => Promise<number>;
}

export interface PrefixCounters {
  readonly hits: number;
  readonly misses: number;
  readonly saves: number;
  readonly evictions: number;
  /** Damaged, foreign or refused by the engine; deleted. */
  readonly rejected: number;
  /** Not kept: no space, too large, too many at once, or an error. */
  readonly skipped: number;
  /** On disk when it was last looked at. */
  readonly bytes: number;
}

/**
 * Keys and values of prompt prefixes on disk, so that a restart does not read the house anew. Shared by any number of
 * processes. A cache: whatever goes wrong with it is said once and costs a cold start, nothing more; no method throws.
 */
export class PrefixCache {
  readonly #folder: PrefixFolder;
  readonly #limits: Required<
    Pick<PrefixCacheOptions, 'maxBytes' | 'minTokens' | 'reserveBytes' | 'maxBytesPerDay'>
  >;
  readonly #warn: (message: string) => void;
  readonly #now: () => number;
  readonly #freeBytes: () => Promise<number>;
  readonly #said = new Set<string>();
  /** Keys being written. */
  readonly #writing = new Map<string, Promise<void>>();
  /** Keys whose state is over the limit: not to be written again and again. */
  readonly #tooLarge = new Set<string>();
  #day = -1;
  #dayBytes = 0;
  #counters = { hits: 0, misses: 0, saves: 0, evictions: 0, rejected: 0, skipped: 0, bytes: 0 };

  constructor(options: PrefixCacheOptions) {
    const {
      maxBytes = 512 * MIB,
      minTokens = 64,
      reserveBytes = 256 * MIB,
      maxBytesPerDay = 2048 * MIB,
    } = options;
    this.#limits = { maxBytes, minTokens, reserveBytes, maxBytesPerDay };
    this.#warn = options.warn ?? (() => {});
    this.#now = options.now ?? Date.now;
    const folder = new PrefixFolder(options.folder, this.#now);
    this.#folder = folder;
    this.#freeBytes = options.freeBytes ?? (async () => folder.freeBytes());
  }

  get counters(): PrefixCounters {
    return { ...this.#counters };
  }

  /**
   * Puts a kept state into the session in place of what it holds. Returns the tokens it holds then: all of `prefix`, or
   * 0 where nothing was kept; the session is as it was before, or empty.
   */
  async restore(session: TokenSession, owner: StateOwner, prefix: readonly TokenId[]): Promise<number> {
    if (session.load === undefined || prefix.length < this.#limits.minTokens) return 0;
    try {
      if (!(await this.#trusted())) return 0;
      const restored = await this.#restore(session, keyOf(owner, prefix), prefix);
      if (restored) this.#counters.hits++;
      else this.#counters.misses++;
      return restored ? prefix.length : 0;
    } catch (error) {
      this.#counters.misses++;
      this.#say('read', `Expected to read kept prompts in ${this.#folder.path} but ${messageOf(error)}.`);
      return 0;
    }
  }

  async #restore(session: TokenSession, key: string, prefix: readonly TokenId[]): Promise<boolean> {
    const found = await this.#folder.find(key);
    if ('missing' in found) {
      if (!found.missing) await this.#reject(key, found.reason, found.state);
      return false;
    }
    if (!(await this.#folder.enter(key))) {
      await this.#reject(key, 'the model host ended while it was loaded', found.state);
      return false;
    }
    let reason: string | undefined;
    try {
      await session.load!(this.#folder.at(found.state));
      if (!sameTokens(session.tokens, prefix)) reason = 'it holds other tokens';
    } catch (error) {
      reason = messageOf(error);
    } finally {
      await this.#folder.leave(key);
    }
    if (reason !== undefined) {
      await session.rewind(0).catch(() => {});
      await this.#reject(key, reason, found.state);
      return false;
    }
    await this.#folder.touch(key);
    return true;
  }

  async #reject(key: string, reason: string, state?: string): Promise<void> {
    this.#counters.rejected++;
    this.#say(
      'rejected',
      `Expected a kept prompt in ${this.#folder.path} to be whole but ${reason.slice(0, 300)}. It is made anew.`,
    );
    await this.#folder.forget(key, state);
  }

  /**
   * Keeps the state of a session that holds exactly `prefix`, unless it is kept already. The session is free again when
   * this returns; checking, syncing and making room go on without it (`settled`).
   */
  async keep(session: TokenSession, owner: StateOwner, prefix: readonly TokenId[]): Promise<void> {
    if (session.save === undefined || prefix.length < this.#limits.minTokens) return;
    if (!sameTokens(session.tokens, prefix)) return;
    const key = keyOf(owner, prefix);
    if (this.#writing.has(key) || this.#tooLarge.has(key)) return;
    if (this.#writing.size >= MAX_WRITING) {
      this.#counters.skipped++;
      return;
    }
    let written: () => void = () => {};
    this.#writing.set(key, new Promise((resolve) => (written = resolve)));
    const names = freshNames(key);
    const end = (): void => {
      this.#writing.delete(key);
      written();
    };
    try {
      if (!(await this.#mayWrite(key))) return end();
      await this.#folder.reserve(names.state);
      await session.save(this.#folder.at(names.state));
    } catch (error) {
      await this.#failed(names, error);
      return end();
    }
    void this.#commit(key, names, prefix.length)
      .catch(async (error: unknown) => this.#failed(names, error))
      .finally(end);
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing.values());
  }

  async #mayWrite(key: string): Promise<boolean> {
    if (!(await this.#trusted())) return false;
    await this.#folder.create();
    // Between the two somebody may have put another thing there.
    if (!(await this.#trusted())) return false;
    if (await this.#folder.has(key)) return false;
    const day = Math.floor(this.#now() / 86_400_000);
    if (day !== this.#day) [this.#day, this.#dayBytes] = [day, 0];
    if (this.#dayBytes >= this.#limits.maxBytesPerDay) {
      this.#skip('wear', `at most ${mib(this.#limits.maxBytesPerDay)} to be written a day but it was more`);
      return false;
    }
    return this.#hasRoom();
  }

  async #hasRoom(): Promise<boolean> {
    const free = await this.#freeBytes();
    if (free >= this.#limits.reserveBytes) return true;
    this.#skip(
      'space',
      `${mib(this.#limits.reserveBytes)} to stay free on the disk but there are ${mib(free)}`,
    );
    return false;
  }

  async #commit(key: string, names: { state: string; draft: string }, tokens: number): Promise<void> {
    const { maxBytes } = this.#limits;
    // Native code may not notice that the last bytes did not fit on the disk.
    if (!(await this.#hasRoom())) return this.#folder.remove([names.state]);
    const bytes = await this.#folder.commit(key, names, maxBytes, tokens);
    this.#dayBytes += bytes;
    if (bytes > maxBytes) {
      if (this.#tooLarge.size >= MAX_REMEMBERED) this.#tooLarge.clear();
      this.#tooLarge.add(key);
      this.#skip('size', `at most ${mib(maxBytes)} for one but it has ${mib(bytes)}`);
      return this.#folder.remove([names.state]);
    }
    this.#counters.saves++;
    const swept = await this.#folder.sweep(maxBytes, key);
    this.#counters.evictions += swept.evicted;
    this.#counters.bytes = swept.bytes;
  }

  async #failed(names: { state: string; draft: string }, error: unknown): Promise<void> {
    await this.#folder.remove([names.state, names.draft]);
    this.#skip('write', `to write there but ${messageOf(error).slice(0, 300)}`);
  }

  async #trusted(): Promise<boolean> {
    const problem = await this.#folder.problem();
    if (problem === undefined) return true;
    this.#say(
      'folder',
      `Expected a private folder for kept prompts at ${this.#folder.path} but ${problem}. Nothing is kept; remove it or name another folder.`,
    );
    return false;
  }

  #skip(kind: string, expected: string): void {
    this.#counters.skipped++;
    this.#say(kind, `Prompts are not kept in ${this.#folder.path}: expected ${expected}.`);
  }

  #say(kind: string, message: string): void {
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    this.#warn(message);
  }
}

function sameTokens(a: readonly TokenId[], b: readonly TokenId[]): boolean {
  return a.length === b.length && a.every((token, i) => token === b[i]);
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
