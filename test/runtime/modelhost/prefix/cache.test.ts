import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrefixCache, type PrefixCacheOptions } from '../../../../runtime/modelhost/prefix/cache.ts';
import { keyOf } from '../../../../runtime/modelhost/prefix/entry.ts';
import { FileSession, sessionWithoutFiles } from './file-session.ts';

const GIB = 1024 ** 3;
const owner = { digest: 'd1', stateKey: 'llama 1 f16 4096' };
const prefix = Array.from({ length: 80 }, (_, i) => i * 7);
const START = Date.UTC(2026, 10, 1);

let root: string;
let folder: string;
let warnings: string[];
let nowMs: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-prefix-'));
  folder = join(root, 'kept');
  warnings = [];
  nowMs = START;
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function cacheWith(options: Partial<PrefixCacheOptions> = {}): PrefixCache {
  return new PrefixCache({
    folder,
    warn: (message) => warnings.push(message),
    now: () => nowMs,
    freeBytes: async () => 10 * GIB,
    ...options,
  });
}

async function kept(tokens: readonly number[] = prefix, padding = 100): Promise<PrefixCache> {
  const cache = cacheWith();
  await cache.keep(new FileSession(tokens, padding), owner, tokens);
  await cache.settled();
  expect(cache.counters.saves).toBe(1);
  return cache;
}

const names = (end: string): string[] => readdirSync(folder).filter((name) => name.endsWith(end));
const stateFile = (): string => join(folder, names('.state')[0]!);
const entryFile = (tokens: readonly number[] = prefix): string =>
  join(folder, `${keyOf(owner, tokens)}.json`);

describe('keeping and restoring', () => {
  it('gives another process the tokens without reading them', async () => {
    await kept();
    const later = cacheWith();
    const session = new FileSession([1, 2, 3]);
    expect(await later.restore(session, owner, prefix)).toBe(prefix.length);
    expect(session.tokens).toEqual(prefix);
    expect(later.counters).toMatchObject({ hits: 1, misses: 0, rejected: 0 });
    expect(readdirSync(folder)).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  it('has nothing for another model, other settings or another prefix, and leaves the session alone', async () => {
    await kept();
    const cache = cacheWith();
    const session = new FileSession([1, 2, 3]);
    expect(await cache.restore(session, { ...owner, digest: 'd2' }, prefix)).toBe(0);
    expect(await cache.restore(session, { ...owner, stateKey: 'llama 2' }, prefix)).toBe(0);
    expect(await cache.restore(session, owner, [...prefix, 1])).toBe(0);
    expect(await cache.restore(session, owner, prefix.slice(1))).toBe(0);
    expect(session).toMatchObject({ tokens: [1, 2, 3], loaded: [] });
    expect(cache.counters).toMatchObject({ hits: 0, misses: 4, rejected: 0 });
  });

  it('makes a private folder and private files', async () => {
    await kept();
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) expect(lstatSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it('makes files private that an engine puts in place of the reserved one', async () => {
    const session = new FileSession(prefix);
    session.trouble = (file) => {
      unlinkSync(file);
      writeFileSync(file, '', { mode: 0o644 });
    };
    const cache = cacheWith();
    await cache.keep(session, owner, prefix);
    await cache.settled();
    expect(lstatSync(stateFile()).mode & 0o777).toBe(0o600);
  });

  it('does not write what is there already, or what is too short', async () => {
    const cache = await kept();
    const session = new FileSession(prefix);
    await cache.keep(session, owner, prefix);
    await cacheWith().keep(session, owner, prefix);
    const short = prefix.slice(0, 63);
    session.tokens = short;
    await cache.keep(session, owner, short);
    expect(await cache.restore(session, owner, short)).toBe(0);
    expect(session.saved).toEqual([]);
    expect(cache.counters).toMatchObject({ saves: 1, misses: 0 });
  });

  it('does not keep a session that holds other tokens than the prefix', async () => {
    const cache = cacheWith();
    const session = new FileSession([...prefix, 1]);
    await cache.keep(session, owner, prefix);
    await cache.settled();
    expect(session.saved).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it('frees the session before the file is checked and synced', async () => {
    const cache = cacheWith();
    const session = new FileSession(prefix);
    await cache.keep(session, owner, prefix);
    session.tokens = [];
    await cache.settled();
    expect(await cacheWith().restore(session, owner, prefix)).toBe(prefix.length);
  });

  it('does nothing for engines without save and load', async () => {
    const cache = cacheWith();
    const session = sessionWithoutFiles(prefix);
    await cache.keep(session, owner, prefix);
    expect(await cache.restore(session, owner, prefix)).toBe(0);
    expect(cache.counters).toMatchObject({ hits: 0, misses: 0, skipped: 0 });
  });
});

describe('a file that is not whole', () => {
  const damages: Record<string, () => void> = {
    'the state is cut': () => truncateSync(stateFile(), 50),
    'one bit of the state is turned': () => {
      const bytes = readFileSync(stateFile());
      bytes[20]! ^= 1;
      writeFileSync(stateFile(), bytes);
    },
    'the state is gone': () => unlinkSync(stateFile()),
    'the state is a link elsewhere': () => {
      renameSync(stateFile(), join(root, 'elsewhere'));
      symlinkSync(join(root, 'elsewhere'), join(folder, JSON.parse(readFileSync(entryFile(), 'utf8')).state));
    },
    'the description is empty': () => writeFileSync(entryFile(), ''),
    'the description is no JSON': () => writeFileSync(entryFile(), '{"magic":'),
    'the description is of an older version': () => {
      writeFileSync(entryFile(), readFileSync(entryFile(), 'utf8').replace('"version":1', '"version":0'));
    },
    'the description is of another program': () => writeFileSync(entryFile(), '{"name":"x"}'),
    'the description is of another key': () => {
      writeFileSync(
        entryFile(),
        readFileSync(entryFile(), 'utf8').replaceAll(keyOf(owner, prefix), 'a'.repeat(64)),
      );
    },
    'the description names a file outside': () => {
      const entry = JSON.parse(readFileSync(entryFile(), 'utf8')) as object;
      writeFileSync(entryFile(), JSON.stringify({ ...entry, state: '../../etc/passwd' }));
    },
    'the host ended while it was loaded': () => {
      writeFileSync(join(folder, `${keyOf(owner, prefix)}.loading`), '999999999');
      utimesSync(join(folder, `${keyOf(owner, prefix)}.loading`), nowMs / 1000, nowMs / 1000);
    },
    'a host of the same number ended while it was loaded': () => {
      writeFileSync(join(folder, `${keyOf(owner, prefix)}.loading`), `${process.pid}`);
    },
    'a host ended long ago while it was loaded': () => {
      writeFileSync(join(folder, `${keyOf(owner, prefix)}.loading`), `${process.ppid}`);
      utimesSync(join(folder, `${keyOf(owner, prefix)}.loading`), START / 1000 - 100, START / 1000 - 100);
    },
  };

  it.each(Object.keys(damages))('never reaches the engine and is made anew: %s', async (name) => {
    await kept();
    damages[name]!();
    const cache = cacheWith();
    const session = new FileSession();
    expect(await cache.restore(session, owner, prefix)).toBe(0);
    expect(session.loaded).toEqual([]);
    expect(warnings).toHaveLength(1);
    session.tokens = [...prefix];
    await cache.keep(session, owner, prefix);
    await cache.settled();
    expect(await cache.restore(new FileSession(), owner, prefix)).toBe(prefix.length);
    expect(names('.loading')).toEqual([]);
  });

  it('is deleted when the engine refuses it, and the session is empty', async () => {
    await kept();
    const cache = cacheWith();
    const session = new FileSession([1]);
    session.trouble = () => {
      throw new Error('wrong magic');
    };
    expect(await cache.restore(session, owner, prefix)).toBe(0);
    expect(session.tokens).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    expect(cache.counters).toMatchObject({ hits: 0, misses: 1, rejected: 1 });
    expect(warnings).toEqual([
      `Expected a kept prompt in ${folder} to be whole but wrong magic. It is made anew.`,
    ]);
  });

  it('is deleted when the engine finds other tokens in it', async () => {
    const cache = cacheWith();
    const session = new FileSession(prefix);
    session.trouble = () => (session.tokens = [...prefix.slice(1), 5]);
    await cache.keep(session, owner, prefix);
    await cache.settled();
    const other = new FileSession();
    expect(await cache.restore(other, owner, prefix)).toBe(0);
    expect(other.tokens).toEqual([]);
    expect(cache.counters).toMatchObject({ rejected: 1, hits: 0 });
  });

  it('is said once', async () => {
    const cache = cacheWith();
    for (let i = 0; i < 3; i++) {
      const tokens = prefix.map((token) => token + i);
      await cache.keep(new FileSession(tokens), owner, tokens);
      await cache.settled();
      truncateSync(stateFile(), 1);
      expect(await cache.restore(new FileSession(), owner, tokens)).toBe(0);
    }
    expect(cache.counters.rejected).toBe(3);
    expect(warnings).toHaveLength(1);
  });

  it('is loaded while another host loads it too', async () => {
    await kept();
    writeFileSync(join(folder, `${keyOf(owner, prefix)}.loading`), `${process.ppid}`);
    utimesSync(join(folder, `${keyOf(owner, prefix)}.loading`), START / 1000, START / 1000);
    expect(await cacheWith().restore(new FileSession(), owner, prefix)).toBe(prefix.length);
  });
});

describe('a folder that is not private', () => {
  async function unused(): Promise<void> {
    const cache = cacheWith();
    const session = new FileSession(prefix);
    await cache.keep(session, owner, prefix);
    expect(await cache.restore(session, owner, prefix)).toBe(0);
    await cache.settled();
    expect(session).toMatchObject({ saved: [], loaded: [] });
    expect(warnings).toHaveLength(1);
  }

  it('is not used when it is a symbolic link', async () => {
    mkdirSync(join(root, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(root, 'elsewhere'), folder);
    await unused();
    expect(warnings[0]).toContain('but it is a symbolic link.');
  });

  it('is not used when others may write to it', async () => {
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    await unused();
    expect(warnings[0]).toContain('but others may write to it.');
  });

  it.skipIf(process.getuid?.() !== 0)('is not used when it belongs to somebody else', async () => {
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, 12_345, 12_345);
    await unused();
    expect(warnings[0]).toContain('but it belongs to another user.');
  });

  it('is not used when it is a file', async () => {
    writeFileSync(folder, '');
    await unused();
    expect(warnings[0]).toContain('but it is not a folder.');
  });
});

describe('trouble with the disk', () => {
  it('costs nothing but the cold start where the folder cannot be made', async () => {
    writeFileSync(join(root, 'file'), '');
    const cache = cacheWith({ folder: join(root, 'file', 'kept') });
    const session = new FileSession(prefix);
    await cache.keep(session, owner, prefix);
    await cache.keep(session, owner, prefix);
    expect(await cache.restore(session, owner, prefix)).toBe(0);
    expect(session.tokens).toEqual(prefix);
    expect(cache.counters).toMatchObject({ saves: 0, skipped: 2, misses: 1 });
    expect(warnings).toHaveLength(2);
  });

  it('keeps nothing and leaves nothing behind when saving fails', async () => {
    const cache = cacheWith();
    const session = new FileSession(prefix);
    session.trouble = (file) => {
      writeFileSync(file, 'half');
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    };
    await cache.keep(session, owner, prefix);
    await cache.settled();
    expect(readdirSync(folder)).toEqual([]);
    expect(session.tokens).toEqual(prefix);
    expect(cache.counters).toMatchObject({ saves: 0, skipped: 1 });
    expect(warnings).toEqual([
      `Prompts are not kept in ${folder}: expected to write there but ENOSPC: no space left on device.`,
    ]);
    session.trouble = undefined;
    await cache.keep(session, owner, prefix);
    await cache.settled();
    expect(cache.counters.saves).toBe(1);
  });

  it('keeps nothing when the disk is nearly full, before or after writing', async () => {
    const session = new FileSession(prefix);
    const full = cacheWith({ freeBytes: async () => 200 * 1024 ** 2 });
    await full.keep(session, owner, prefix);
    expect(session.saved).toEqual([]);
    const free = [10 * GIB, 1024];
    const filling = cacheWith({ freeBytes: async () => free.shift()! });
    await filling.keep(session, owner, prefix);
    await filling.settled();
    expect(session.saved).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
    expect([full.counters.skipped, filling.counters.skipped]).toEqual([1, 1]);
    expect(warnings[0]).toContain('expected 256 MiB to stay free on the disk but there are 200 MiB.');
  });

  it('survives a file that is removed while it is being written', async () => {
    const cache = cacheWith();
    const session = new FileSession(prefix);
    session.save = async (file) => unlinkSync(file);
    await cache.keep(session, owner, prefix);
    await cache.settled();
    expect(cache.counters).toMatchObject({ saves: 0, skipped: 1 });
  });

  it('asks the real disk for its free space', async () => {
    const cache = new PrefixCache({ folder, reserveBytes: 2 ** 60 });
    await cache.keep(new FileSession(prefix), owner, prefix);
    await cache.settled();
    expect(cache.counters).toMatchObject({ saves: 0, skipped: 1 });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('bounds', () => {
  const nth = (i: number): number[] => prefix.map((token) => token * 11 + i);

  async function keepNth(cache: PrefixCache, i: number, padding: number): Promise<void> {
    nowMs += 60_000;
    await cache.keep(new FileSession(nth(i), padding), owner, nth(i));
    await cache.settled();
  }

  it('throw out what was not used for longest', async () => {
    const cache = cacheWith({ maxBytes: 10_000 });
    for (const i of [0, 1, 2]) await keepNth(cache, i, 2000);
    expect(cache.counters).toMatchObject({ saves: 3, evictions: 0 });
    nowMs += 1000;
    expect(await cache.restore(new FileSession(), owner, nth(0))).toBe(prefix.length);
    await keepNth(cache, 3, 2000);
    expect(cache.counters.evictions).toBe(1);
    const found = await Promise.all(
      [0, 1, 2, 3].map(async (i) => cache.restore(new FileSession(), owner, nth(i))),
    );
    expect(found.map((tokens) => tokens > 0)).toEqual([true, false, true, true]);
    expect(cache.counters.bytes).toBeLessThanOrEqual(10_000);
    expect(cache.counters.bytes).toBe(
      readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
    );
  });

  it('keep no single state over the limit, and do not write it again', async () => {
    const cache = cacheWith({ maxBytes: 5000 });
    const session = new FileSession(prefix, 6000);
    for (let i = 0; i < 3; i++) {
      await cache.keep(session, owner, prefix);
      await cache.settled();
    }
    expect(session.saved).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
    expect(cache.counters).toMatchObject({ saves: 0, skipped: 1, evictions: 0 });
  });

  it('end writing for the day when much was written', async () => {
    const cache = cacheWith({ maxBytesPerDay: 5000 });
    for (const i of [0, 1, 2, 3]) await keepNth(cache, i, 3000);
    expect(cache.counters).toMatchObject({ saves: 2, skipped: 2 });
    nowMs += 86_400_000;
    await keepNth(cache, 4, 3000);
    expect(cache.counters.saves).toBe(3);
  });

  it('sweep what nobody speaks for, after a while, and no files of others', async () => {
    await kept();
    const left = join(folder, `${'b'.repeat(64)}-${'c'.repeat(16)}.state`);
    const foreign = join(folder, 'notes.txt');
    writeFileSync(left, 'half');
    writeFileSync(foreign, 'mine');
    for (const file of [left, foreign]) utimesSync(file, START / 1000, START / 1000);
    const cache = cacheWith({ maxBytes: 4000 });
    await keepNth(cache, 1, 10);
    expect(existsSync(left)).toBe(true);
    nowMs += 600_000;
    await keepNth(cache, 2, 10);
    expect(existsSync(left)).toBe(false);
    expect(existsSync(foreign)).toBe(true);
  });
});

describe('two hosts on one folder', () => {
  // What another host writes now must not look old.
  beforeEach(() => {
    nowMs = Date.now();
  });

  it('may write one key at the same time', async () => {
    const [one, two] = [cacheWith(), cacheWith()];
    await Promise.all(
      [one, two].map(async (cache) => cache.keep(new FileSession(prefix, 5000), owner, prefix)),
    );
    await Promise.all([one.settled(), two.settled()]);
    expect(names('.json')).toHaveLength(1);
    const session = new FileSession();
    expect(await cacheWith().restore(session, owner, prefix)).toBe(prefix.length);
    expect(session.tokens).toEqual(prefix);
    expect(warnings).toEqual([]);
  });

  it('may throw out and load at the same time', async () => {
    const caches = [cacheWith({ maxBytes: 9000 }), cacheWith({ maxBytes: 9000 })];
    const work = caches.map(async (cache, c) => {
      for (let i = 0; i < 20; i++) {
        const tokens = prefix.map((token) => token + ((i * (c + 1)) % 5));
        const session = new FileSession([], 3000);
        const restored = await cache.restore(session, owner, tokens);
        expect(session.tokens).toEqual(restored > 0 ? tokens : []);
        session.tokens = [...tokens];
        await cache.keep(session, owner, tokens);
        await cache.settled();
      }
    });
    await Promise.all(work);
    const [a, b] = caches.map((cache) => cache.counters);
    expect(a!.hits + a!.misses).toBe(20);
    expect(b!.hits + b!.misses).toBe(20);
  });
});

describe('keyOf', () => {
  it('differs with every part, also where parts touch', () => {
    const keys = [
      keyOf(owner, prefix),
      keyOf({ digest: 'd1l', stateKey: 'lama 1 f16 4096' }, prefix),
      keyOf({ ...owner, stateKey: '' }, prefix),
      keyOf(owner, [...prefix, 0]),
      keyOf(owner, [0]),
      keyOf(owner, []),
      keyOf(owner, [256]),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
