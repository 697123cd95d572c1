import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../../runtime/lib/clock.ts';
import { ModelStore, type ModelStoreOptions } from '../../../../runtime/modelhost/pull/store.ts';
import type { PullProgress } from '../../../../runtime/modelhost/pull/progress.ts';
import { temporaryFolder } from '../../../support/cli.ts';
import { HubServer, sha256 } from '../../../support/hub-server.ts';

const FILE = 'tiny-Q4_K_M.gguf';
const REF = `hf:acme/tiny-GGUF/${FILE}`;
const TOKEN = 'hf_secret';

interface Rig {
  readonly hub: HubServer;
  readonly store: ModelStore;
  readonly folder: string;
  readonly waits: number[];
}

async function rig(options: Partial<ModelStoreOptions> = {}, bytes = 300_000): Promise<Rig> {
  const hub = await HubServer.start();
  hub.files.set(FILE, noise(bytes, 7));
  const folder = temporaryFolder();
  const waits: number[] = [];
  const store = storeOf(hub, folder, { wait: async (ms) => void waits.push(ms), ...options });
  return { hub, store, folder, waits };
}

function storeOf(hub: HubServer, folder: string, options: Partial<ModelStoreOptions> = {}): ModelStore {
  return new ModelStore({
    folder,
    hub: { endpoint: hub.url, token: undefined },
    freeBytes: async () => 1e12,
    random: () => 0,
    ...options,
  });
}

/** Bytes that look like none of their neighbours. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    bytes[i] = state >> 16;
  }
  return bytes;
}

function partsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /part|lock/.test(name));
}

const code = (code: string, message?: string): unknown =>
  expect.objectContaining({
    code,
    ...(message === undefined ? {} : { message: expect.stringContaining(message) as string }),
  });

describe('a pull', () => {
  it('fetches a file, tells how far it is, checks it, and does not ask again', async () => {
    const { hub, store, folder } = await rig();
    const seen: PullProgress[] = [];
    const pulled = await store.pull(REF, { onProgress: (progress) => seen.push(progress) });
    expect(pulled).toEqual({
      file: join(folder, 'acme', 'tiny-GGUF', FILE),
      files: [pulled.file],
      sizeBytes: 300_000,
      present: false,
      verified: true,
    });
    expect(sha256(readFileSync(pulled.file))).toBe(sha256(hub.files.get(FILE)!));
    expect(seen.at(0)).toMatchObject({ receivedBytes: 0, totalBytes: 300_000 });
    expect(seen.at(-1)).toMatchObject({ receivedBytes: 300_000, totalBytes: 300_000 });
    expect(partsIn(folder)).toEqual([]);
    const requests = hub.seen.length;
    expect(await store.pull(REF)).toMatchObject({ file: pulled.file, present: true });
    expect(hub.seen).toHaveLength(requests);
  });

  it('finds the file of a quantization, with and without a server', async () => {
    const { hub, store } = await rig();
    hub.files.set('tiny-Q8_0.gguf', noise(10, 1));
    expect(store.find('hf:acme/tiny-GGUF:Q4_K_M')).toBeUndefined();
    const { file } = await store.pull('hf:acme/tiny-GGUF:q4_k_m');
    expect(file).toMatch(/tiny-Q4_K_M\.gguf$/);
    expect(store.find('hf:acme/tiny-GGUF:Q4_K_M')).toMatchObject({ file, sizeBytes: 300_000 });
    await expect(store.pull('hf:acme/tiny-GGUF:Q2_K')).rejects.toThrowError(
      code('MODEL_PULL_REFUSED', 'no Q2_K, only Q4_K_M, Q8_0'),
    );
    hub.files.set('other-Q8_0.gguf', noise(10, 2));
    await expect(store.pull('hf:acme/tiny-GGUF:Q8_0')).rejects.toThrowError(
      code('MODEL_PULL_REFUSED', 'several files are of Q8_0'),
    );
  });

  it('goes on where the connection was cut, only with what is missing', async () => {
    const { hub, store, waits } = await rig();
    hub.cuts = [100_000, 50_000];
    const { file } = await store.pull(REF, { onProgress: hub.cut });
    expect(readFileSync(file).equals(hub.files.get(FILE)!)).toBe(true);
    expect(waits).toEqual([500, 1000]);
    const ranges = hub.fetched.map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
    expect(hub.fetched[1]?.headers['if-range']).toBe(`"${sha256(hub.files.get(FILE)!).slice(0, 16)}"`);
  });

  it('goes on in another process, and begins anew where the file became another', async () => {
    const { hub, store, folder } = await rig({ attempts: 1 });
    hub.cuts = [100_000];
    await expect(store.pull(REF, { onProgress: hub.cut })).rejects.toThrowError(code('MODEL_PULL_FAILED'));
    expect(partsIn(join(folder, 'acme', 'tiny-GGUF')).toSorted()).toEqual([
      `${FILE}.part`,
      `${FILE}.part.json`,
    ]);
    hub.cuts = [100_000];
    await expect(
      storeOf(hub, folder, { attempts: 1 }).pull(REF, { onProgress: hub.cut }),
    ).rejects.toThrowError(code('MODEL_PULL_FAILED'));
    expect(hub.fetched[1]?.headers.range).toBe('bytes=100000-');
    hub.files.set(FILE, noise(300_000, 8));
    const { file } = await storeOf(hub, folder).pull(REF);
    expect(hub.fetched[2]?.headers.range).toBeUndefined();
    expect(sha256(readFileSync(file))).toBe(sha256(hub.files.get(FILE)!));
  });

  it('begins anew where the server knows no ranges, or the part is damaged', async () => {
    const { hub, store, folder } = await rig({ attempts: 1 });
    hub.cuts = [100_000];
    await expect(store.pull(REF, { onProgress: hub.cut })).rejects.toThrowError(code('MODEL_PULL_FAILED'));
    const part = join(folder, 'acme', 'tiny-GGUF', `${FILE}.part`);
    writeFileSync(`${part}.json`, '{"url":');
    hub.trick = (request) => {
      delete request.headers.range;
      return false;
    };
    const { file } = await store.pull(REF);
    expect(readFileSync(file).equals(hub.files.get(FILE)!)).toBe(true);
  });

  it('removes a part whose checksum is wrong, and says both', async () => {
    const { hub, store, folder } = await rig();
    const wrong = 'f'.repeat(64);
    hub.lies.set(FILE, wrong);
    const received = sha256(hub.files.get(FILE)!);
    await expect(store.pull(REF)).rejects.toThrowError(
      code('MODEL_PULL_CHECKSUM', `sha256 ${wrong} but received ${received}`),
    );
    expect(partsIn(folder)).toEqual([]);
    expect(store.find(REF)).toBeUndefined();
  });

  it('fetches all parts of a split model and loads the first', async () => {
    const { hub, store, folder } = await rig();
    const parts = [1, 2, 3].map((i) => `big/m-Q8_0-0000${i}-of-00003.gguf`);
    parts.forEach((part, i) => hub.files.set(part, noise(1000 + i, i)));
    const seen: PullProgress[] = [];
    const pulled = await store.pull(`hf:acme/tiny-GGUF/${parts[1]}`, { onProgress: (p) => seen.push(p) });
    expect(pulled.file).toBe(join(folder, 'acme/tiny-GGUF', parts[0]!));
    expect(pulled.files).toHaveLength(3);
    expect(seen.at(-1)).toMatchObject({ receivedBytes: 3003, totalBytes: 3003 });
    hub.files.delete(parts[2]!);
    await expect(storeOf(hub, temporaryFolder()).pull('hf:acme/tiny-GGUF:Q8_0')).rejects.toThrowError(
      code('MODEL_PULL_REFUSED', 'has no big/m-Q8_0-00003-of-00003.gguf'),
    );
  });

  it('takes a revision with slashes as one name', async () => {
    const { hub, store, folder } = await rig();
    hub.revision = 'refs/pr/1';
    const { file } = await store.pull(`${REF}@refs/pr/1`);
    expect(file).toBe(join(folder, 'acme', 'tiny-GGUF@refs%2Fpr%2F1', FILE));
    expect(hub.fetched[0]?.path).toContain('/resolve/refs%2Fpr%2F1/');
  });

  it('follows a list over several pages, of the same server only', async () => {
    const { hub, store } = await rig();
    hub.trick = (request, response) => {
      if (request.url?.includes('/tree/') !== true || request.url.includes('page=2')) return false;
      const link = `<${hub.url}${request.url}?page=2>; rel="next"`;
      response.writeHead(200, { link }).end('[]');
      return true;
    };
    expect(await store.pull(REF)).toMatchObject({ verified: true });
    hub.trick = (request, response) => {
      if (request.url?.includes('/tree/') !== true) return false;
      response.writeHead(200, { link: '<http://127.0.0.2:1/steal>; rel="next"' }).end('[]');
      return true;
    };
    await expect(store.pull('hf:acme/tiny-GGUF:Q8_0')).rejects.toThrowError(
      code('MODEL_PULL_REFUSED', 'no GGUF file'),
    );
  });

  it('ignores listed files whose paths lead out of the folder', async () => {
    const { hub, store } = await rig();
    hub.files.clear();
    hub.files.set('../../evil-Q4_K_M.gguf', noise(10, 1));
    hub.files.set('/etc/evil-Q4_K_M.gguf', noise(10, 1));
    await expect(store.pull('hf:acme/tiny-GGUF:Q4_K_M')).rejects.toThrowError(
      code('MODEL_PULL_REFUSED', 'no GGUF file'),
    );
  });
});

describe('what a server refuses', () => {
  it.each([
    [401, 'RepoNotFound', 'there is no such repository, or it is private (401)'],
    [403, 'GatedRepo', 'access to the repository has to be asked for'],
    [404, 'RevisionNotFound', 'the repository has no such revision (404)'],
    [404, '', 'has no such file (404)'],
    [418, '', 'answered 418'],
  ])('is not tried again: %i %s', async (status, header, message) => {
    const { hub, waits } = await rig();
    const strict = storeOf(hub, temporaryFolder(), { hub: { endpoint: hub.url, token: TOKEN } });
    hub.trick = (_, response) => {
      response.writeHead(status, { 'x-error-code': header }).end();
      return true;
    };
    await expect(strict.pull(REF)).rejects.toThrowError(code('MODEL_PULL_REFUSED', message));
    await expect(strict.pull(REF)).rejects.toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining(TOKEN) as string }),
    );
    expect(waits).toEqual([]);
  });

  it('is told apart from a server that is not there, which is tried again', async () => {
    const { hub, folder, waits } = await rig();
    await hub.stop();
    const store = storeOf(hub, folder, { wait: async (ms) => void waits.push(ms) });
    await expect(store.pull(REF)).rejects.toThrowError(code('MODEL_PULL_FAILED', 'nothing listens there'));
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000]);
  });

  it('is tried again after a while for 429 and 500, as the server wishes, and given up in the end', async () => {
    const { hub, store, waits } = await rig({ attempts: 4 });
    let left = 2;
    hub.trick = (request, response) => {
      if (request.url?.includes('/resolve/') !== true || left-- <= 0) return false;
      if (left === 1) response.writeHead(429, { 'retry-after': '7' }).end();
      else response.writeHead(500).end();
      return true;
    };
    await store.pull(REF);
    expect(waits).toEqual([7000, 1000]);
    hub.files.set('b.gguf', noise(9, 1));
    left = 99;
    await expect(store.pull('hf:acme/tiny-GGUF/b.gguf')).rejects.toThrowError(
      code('MODEL_PULL_FAILED', 'trouble of its own (500)'),
    );
    expect(waits).toHaveLength(5);
  });

  it('416: what is there is all of it, or is begun anew', async () => {
    const { hub, store, folder } = await rig({ attempts: 3 });
    const bytes = hub.files.get(FILE)!;
    const url = `${hub.url}/files/${FILE}`;
    hub.cuts = [250_000];
    await expect(
      storeOf(hub, folder, { attempts: 1 }).pull(url, { onProgress: hub.cut }),
    ).rejects.toThrowError(code('MODEL_PULL_FAILED'));
    const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) =>
      path.endsWith('.part'),
    );
    writeFileSync(join(folder, name!), bytes);
    expect(await store.pull(url)).toMatchObject({ sizeBytes: bytes.length });
    expect(hub.fetched.at(-1)?.headers.range).toBe(`bytes=${bytes.length}-`);

    const other = temporaryFolder();
    hub.cuts = [250_000];
    await expect(
      storeOf(hub, other, { attempts: 1 }).pull(url, { onProgress: hub.cut }),
    ).rejects.toThrowError(code('MODEL_PULL_FAILED'));
    writeFileSync(join(other, name!), Buffer.concat([bytes, bytes]));
    const { file } = await storeOf(hub, other, { wait: async () => {} }).pull(url);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });
});

describe('a server that lies', () => {
  const bytes = noise(300_000, 7);
  const etag = `"${sha256(bytes).slice(0, 16)}"`;

  async function lied(answer: (response: ServerResponse, range: string | undefined) => void): Promise<Rig> {
    const made = await rig();
    let once = true;
    made.hub.trick = (request, response) => {
      if (request.url?.includes('/resolve/') !== true || !once) return false;
      if (request.headers.range === undefined && made.hub.cuts.length > 0) return false;
      once = false;
      answer(response, request.headers.range);
      return true;
    };
    return made;
  }

  it('about the piece it sends is not believed: the file is begun anew', async () => {
    const { hub, store } = await lied((response) => {
      const headers = { etag, 'content-range': `bytes 5-299999/300000`, 'content-length': 299_995 };
      response.writeHead(206, headers).end(bytes.subarray(5));
    });
    hub.cuts = [100_000];
    const { file } = await store.pull(REF, { onProgress: hub.cut });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(hub.fetched.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  it('about the size, or packs what it sends, is refused', async () => {
    const short = await lied((response) =>
      response.writeHead(200, { 'content-length': 10 }).end('0123456789'),
    );
    await expect(short.store.pull(REF)).rejects.toThrowError(
      code('MODEL_PULL_REFUSED', '10 bytes of it where 300000 were announced'),
    );
    const packed = await lied((response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes),
    );
    await expect(packed.store.pull(REF)).rejects.toThrowError(code('MODEL_PULL_REFUSED', 'packed'));
  });

  it('and sends more than the file has does not fill the disk', async () => {
    const { store, waits } = await lied((response) => {
      response.writeHead(200, { etag });
      response.end(Buffer.concat([bytes, bytes]));
    });
    const { file } = await store.pull(REF);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(waits).toHaveLength(1);
  });
});

describe('a plain address', () => {
  it('is checked against its own checksum', async () => {
    const { hub, store } = await rig();
    const sum = sha256(hub.files.get(FILE)!);
    expect(await store.pull(`${hub.url}/files/${FILE}#sha256=${sum}`)).toMatchObject({ verified: true });
    expect(await store.pull(`${hub.url}/files/${FILE}`)).toMatchObject({ verified: false });
    const wrong = '0'.repeat(64);
    await expect(store.pull(`${hub.url}/files/${FILE}#sha256=${wrong}`)).rejects.toThrowError(
      code('MODEL_PULL_CHECKSUM', `but received ${sum}`),
    );
  });

  it('is checked against what the hub says on the way, and is no web page', async () => {
    const { hub, store } = await rig();
    hub.trick = (request, response) => {
      if (request.url !== '/linked.gguf') return false;
      response.writeHead(302, { location: `/files/${FILE}`, 'x-linked-etag': `"${'0'.repeat(64)}"` }).end();
      return true;
    };
    await expect(store.pull(`${hub.url}/linked.gguf`)).rejects.toThrowError(code('MODEL_PULL_CHECKSUM'));
    hub.trick = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<p>Log in');
      return true;
    };
    await expect(store.pull(`${hub.url}/page.gguf`)).rejects.toThrowError(
      code('MODEL_PULL_REFUSED', 'a web page'),
    );
  });

  it('takes all parts of a split model', async () => {
    const { hub, store } = await rig();
    for (const i of [1, 2]) hub.files.set(`m-0000${i}-of-00002.gguf`, noise(50, i));
    const pulled = await store.pull(`${hub.url}/files/m-00001-of-00002.gguf`);
    expect(pulled).toMatchObject({ sizeBytes: 100 });
    expect(pulled.files).toHaveLength(2);
    await expect(
      store.pull(`${hub.url}/files/n-00001-of-00002.gguf#sha256=${'0'.repeat(64)}`),
    ).rejects.toThrowError(code('MODEL_REFERENCE_INVALID'));
  });
});

describe('the token', () => {
  it('goes to the hub and to no other host it sends on to', async () => {
    const { hub } = await rig();
    const cdn = await HubServer.start();
    cdn.files.set(FILE, hub.files.get(FILE)!);
    hub.trick = (request, response) => {
      if (request.url?.includes('/resolve/') !== true) return false;
      response.writeHead(302, { location: `${cdn.url}/files/${FILE}` }).end();
      return true;
    };
    const store = storeOf(hub, temporaryFolder(), { hub: { endpoint: hub.url, token: TOKEN } });
    expect(await store.pull(REF)).toMatchObject({ verified: true });
    expect(hub.seen.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`)).toBe(true);
    expect(cdn.seen).toHaveLength(1);
    expect(cdn.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('goes to no other address that is asked for', async () => {
    const { hub } = await rig();
    const store = storeOf(hub, temporaryFolder(), {
      hub: { endpoint: 'https://hub.invalid', token: TOKEN },
    });
    await store.pull(`${hub.url}/files/${FILE}`);
    expect(hub.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it('ends where the addresses send on in a circle', async () => {
    const { hub, store } = await rig();
    hub.trick = (request, response) => {
      if (request.url?.includes('/resolve/') !== true) return false;
      response.writeHead(302, { location: request.url }).end();
      return true;
    };
    await expect(store.pull(REF)).rejects.toThrowError(code('MODEL_PULL_REFUSED', 'sends on more than'));
  });
});

describe('several at once', () => {
  it('share one download, and one may leave', async () => {
    const { hub, store } = await rig();
    const leaving = new AbortController();
    const progress = (): void => leaving.abort();
    const [first, second, third] = await Promise.allSettled([
      store.pull(REF),
      store.pull(REF),
      store.pull(REF, { signal: leaving.signal, onProgress: progress }),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toEqual(first);
    expect(third).toMatchObject({ status: 'rejected', reason: { code: 'MODEL_PULL_STOPPED' } });
    expect(hub.fetched).toHaveLength(1);
  });

  it('of different processes wait for the one that holds the lock', async () => {
    const { hub, folder } = await rig();
    const looks: (() => void)[] = [];
    const waiting = storeOf(hub, folder, { wait: () => new Promise((resolve) => looks.push(resolve)) });
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    hub.trick = (request, response) => {
      if (request.url?.includes('/resolve/') !== true) return false;
      void held.then(() => response.end(hub.files.get(FILE)));
      return true;
    };
    const first = storeOf(hub, folder).pull(REF);
    await vi.waitFor(() => expect(hub.fetched).toHaveLength(1));
    const second = waiting.pull(REF);
    await vi.waitFor(() => expect(looks).toHaveLength(1));
    release();
    await first;
    looks[0]!();
    expect(await second).toMatchObject({ present: true });
    expect(hub.fetched).toHaveLength(1);
  });

  it('take over the lock of a process that is gone', async () => {
    const { hub, store, folder } = await rig();
    const home = join(folder, 'acme', 'tiny-GGUF');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, `${FILE}.lock`), '999999999 12345');
    expect(await store.pull(REF)).toMatchObject({ present: false });
    expect(existsSync(join(home, `${FILE}.lock`))).toBe(false);
    expect(hub.fetched).toHaveLength(1);
  });
});

describe('trouble on the way', () => {
  it('stops when it is withdrawn, and keeps what has arrived', async () => {
    const { hub, store, folder } = await rig();
    const stop = new AbortController();
    hub.trick = (request, response) => {
      if (request.url?.includes('/resolve/') !== true || request.headers.range !== undefined) return false;
      const bytes = hub.files.get(FILE)!;
      response.writeHead(200, { 'content-length': bytes.length, etag: `"${sha256(bytes).slice(0, 16)}"` });
      response.write(bytes.subarray(0, 100_000));
      return true;
    };
    const pull = store.pull(REF, {
      signal: stop.signal,
      onProgress: ({ receivedBytes }) => {
        if (receivedBytes === 100_000) stop.abort();
      },
    });
    await expect(pull).rejects.toThrowError(code('MODEL_PULL_STOPPED', '100 kB are kept'));
    expect(partsIn(join(folder, 'acme', 'tiny-GGUF')).toSorted()).toEqual([
      `${FILE}.part`,
      `${FILE}.part.json`,
    ]);
    await store.pull(REF);
    expect(hub.fetched.at(-1)?.headers.range).toBe('bytes=100000-');
  });

  it('counts silence as a cut connection, before the headers and after', async () => {
    const clock = new ManualClock();
    const { hub, store, waits } = await rig({ clock, stallMs: 30_000 });
    let silent = 0;
    hub.trick = (request, response) => {
      if (request.url?.includes('/resolve/') !== true || silent >= 2) return false;
      silent++;
      if (silent === 2) {
        const bytes = hub.files.get(FILE)!;
        response.writeHead(200, { 'content-length': bytes.length, etag: '"x"' });
        response.write(bytes.subarray(0, 1000));
      }
      return true;
    };
    let received = 0;
    const pull = store.pull(REF, { onProgress: (progress) => (received = progress.receivedBytes) });
    await vi.waitFor(() => expect(silent).toBe(1));
    clock.advance(30_000);
    await vi.waitFor(() => expect(received).toBe(1000));
    clock.advance(30_000);
    expect(await pull).toMatchObject({ verified: true });
    expect(waits).toEqual([500, 1000]);
  });

  it('refuses a full disk before anything is fetched, and says what is missing', async () => {
    const { hub, store } = await rig({ freeBytes: async () => 64_200_000 });
    await expect(store.pull(REF)).rejects.toThrowError(
      code('MODEL_PULL_SPACE', 'Expected 64 MB of free space'),
    );
    expect(hub.fetched).toHaveLength(0);
    await expect(store.pull(`${hub.url}/files/${FILE}`)).rejects.toThrowError(code('MODEL_PULL_SPACE'));
  });

  it('says so when the folder cannot be made', async () => {
    const { hub, folder } = await rig();
    writeFileSync(join(folder, 'file'), '');
    await expect(storeOf(hub, join(folder, 'file', 'models')).pull(REF)).rejects.toThrowError(
      code('MODEL_PULL_FAILED'),
    );
  });

  it.each([
    ['a list that is no JSON', '<html>'],
    ['a list that is none', '{"error":"x"}'],
  ])('refuses %s', async (_, body) => {
    const { hub, store } = await rig();
    hub.trick = (_, response) => {
      response.end(body);
      return true;
    };
    await expect(store.pull(REF)).rejects.toThrowError(code('MODEL_PULL_REFUSED', 'no model hub'));
  });
});
