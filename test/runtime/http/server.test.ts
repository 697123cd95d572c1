import { connect } from 'node:net';
import { request } from 'node:http';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../runtime/http/server.ts';
import { MemoryLog } from '../../support/log.ts';
import { askResult, decision, reading, ScriptedApi } from '../../support/scripted-api.ts';

const TOKEN = 'a-long-enough-token-0123';
const servers: HttpServer[] = [];

async function serve(more: Partial<HttpServerOptions> = {}) {
  const api = new ScriptedApi();
  const server = createHttpServer({ api, listen: '127.0.0.1:0', log: new MemoryLog(), ...more });
  servers.push(server);
  const { url } = await server.start();
  return { api, server, url };
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** A request with headers that fetch would not let us send. */
async function raw(url: string, headers: Record<string, string>, method = 'GET', body = ''): Promise<number> {
  const sent = request(url, { method, headers }).end(body);
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode;
}

/** Reads a server-sent stream until `enough` says so. */
async function readEvents(url: string, enough: (text: string) => boolean, opened: () => void, headers = {}) {
  const abort = new AbortController();
  const response = await fetch(url, { signal: abort.signal, headers });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body!) {
    if (text === '') opened();
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (enough(text)) break;
  }
  abort.abort();
  return text;
}

describe('listening', () => {
  it('says PORT_IN_USE for a port that is taken', async () => {
    const { url } = await serve();
    const second = createHttpServer({
      api: new ScriptedApi(),
      listen: new URL(url).host,
      log: new MemoryLog(),
    });
    await expect(second.start()).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  });

  it.each(['0.0.0.0:0', '[::]:0', 'hub.local:0', '192.0.2.7:0'])('wants a token for %s', async (listen) => {
    for (const token of [undefined, 'short']) {
      const server = createHttpServer({
        api: new ScriptedApi(),
        listen,
        log: new MemoryLog(),
        ...(token !== undefined && { token }),
      });
      await expect(server.start()).rejects.toMatchObject({ code: 'HTTP_TOKEN_MISSING' });
    }
  });

  it.each(['8420', 'localhost', '127.0.0.1:99999', 'http://x:1', ''])(
    'refuses the address "%s"',
    async (listen) => {
      const server = createHttpServer({ api: new ScriptedApi(), listen, log: new MemoryLog() });
      await expect(server.start()).rejects.toMatchObject({ code: 'HTTP_ADDRESS_INVALID' });
    },
  );

  it('says what is wrong with an address this machine does not have', async () => {
    const server = createHttpServer({
      api: new ScriptedApi(),
      listen: '192.0.2.7:0',
      token: TOKEN,
      log: new MemoryLog(),
    });
    await expect(server.start()).rejects.toMatchObject({ code: 'HTTP_LISTEN_FAILED' });
  });
});

describe('who may call', () => {
  it('needs the token for all but the pages and whether it is up', async () => {
    const { url } = await serve({ token: TOKEN });
    const status = async (path: string, authorization?: string) =>
      (await fetch(url + path, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await status('/v1/state')).toBe(401);
    expect(await status('/metrics')).toBe(401);
    expect(await status('/v1/nothing')).toBe(401);
    expect(await status('/v1/state', 'Bearer wrong')).toBe(401);
    expect(await status('/v1/state', `Basic ${TOKEN}`)).toBe(401);
    expect(await status('/v1/state', `Bearer ${TOKEN}`)).toBe(200);
    expect(await status('/')).toBe(200);
    expect(await status('/assets/app.js')).toBe(200);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
  });

  it('refuses names that could be rebound to this machine', async () => {
    const { url } = await serve({ hosts: ['Hub.Example'] });
    expect(await raw(`${url}/v1/state`, { host: 'evil.example' })).toBe(403);
    expect(await raw(`${url}/`, { host: 'evil.example:8420' })).toBe(403);
    expect(await raw(`${url}/v1/state`, { host: '127.0.0.1.evil.example' })).toBe(403);
    for (const host of [
      'localhost',
      'localhost:8420',
      '127.0.0.1',
      '[::1]:8420',
      '192.168.1.5:1',
      'hub.example',
    ]) {
      expect(await raw(`${url}/v1/state`, { host })).toBe(200);
    }
  });

  it('refuses requests of other web sites', async () => {
    const { url, api } = await serve();
    const host = new URL(url).host;
    const json = { host, 'content-type': 'application/json' };
    const body = '{"text":"unlock"}';
    expect(await raw(`${url}/v1/ask`, { ...json, origin: 'https://evil.example' }, 'POST', body)).toBe(403);
    expect(await raw(`${url}/v1/ask`, { ...json, origin: 'null' }, 'POST', body)).toBe(403);
    expect(await raw(`${url}/v1/ask`, { ...json, 'sec-fetch-site': 'cross-site' }, 'POST', body)).toBe(403);
    expect(await raw(`${url}/v1/events`, { host, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(api.asked).toHaveLength(0);
    expect(await raw(`${url}/`, { host, 'sec-fetch-site': 'cross-site' })).toBe(200);
    expect(
      await raw(`${url}/v1/ask`, { ...json, origin: url, 'sec-fetch-site': 'same-origin' }, 'POST', body),
    ).toBe(200);
  });

  it('answers garbage on the socket and goes on', async () => {
    const { url } = await serve();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('\u0000\u0001 not http at all\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect(await raw(`${url}/%c0%ae/%`, { host: 'localhost' })).toBe(400);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

describe('events', () => {
  it('streams what happens, only the types asked for', async () => {
    const { url, api } = await serve();
    const text = await readEvents(
      `${url}/v1/events?types=decision`,
      (text) => text.includes('event: decision'),
      () => {
        api.emit(reading('sensor.hall.temperature', 22));
        api.emit({ type: 'decision', decision: decision('77') });
      },
    );
    expect(text).not.toContain('event: reading');
    const data = /^data: (.*)$/m.exec(text)?.[1];
    expect(JSON.parse(data ?? '')).toMatchObject({ type: 'decision', decision: { id: '77' } });
  });

  it('drops for a client that does not read, counts it and tells it', async () => {
    const { url, api, server } = await serve();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    const big = 'x'.repeat(100_000);
    for (let i = 0; i < 400; i++) api.emit(reading('sensor.hall.note', big));
    const dropped = server.stats().counters['http.events_dropped']!;
    expect(dropped).toBeGreaterThan(0);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('latin1')).slice(-2000);
      if (text.includes('event: dropped')) socket.destroy();
    });
    await once(socket, 'close');
    expect(text).toContain(`event: dropped\ndata: {"count":${dropped}}`);
  });

  it('has a place for so many streams and no more, and forgets those that left', async () => {
    const { url, api } = await serve({ maxEventClients: 1 });
    const first = new AbortController();
    const stream = await fetch(`${url}/v1/events`, { signal: first.signal });
    expect(stream.status).toBe(200);
    const refused = await fetch(`${url}/v1/events`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: 'HTTP_BUSY' } });
    expect(api.listeners.size).toBe(1);
    first.abort();
    await expect.poll(() => api.listeners.size).toBe(0);
  });
});

describe('stopping', () => {
  it('ends streams at once, aborts what waits and is done within a second', async () => {
    const { url, api, server } = await serve();
    let signal: AbortSignal | undefined;
    api.answer = (text, options) => {
      signal = options.signal;
      return new Promise((resolve) => {
        options.signal?.addEventListener('abort', () => resolve(askResult(text)));
      });
    };
    const stream = await fetch(`${url}/v1/events`);
    const ask = fetch(`${url}/v1/ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"x"}',
    });
    await expect.poll(() => signal).toBeDefined();
    const started = performance.now();
    await server.stop();
    await server.stop();
    expect(performance.now() - started).toBeLessThan(1000);
    expect(signal?.aborted).toBe(true);
    expect((await ask).status).toBe(200);
    expect(await stream.text()).toContain('retry:');
    await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed');
  });

  it('aborts a request whose client hung up', async () => {
    const { url, api } = await serve();
    let signal: AbortSignal | undefined;
    api.answer = (text, options) => {
      signal = options.signal;
      return new Promise((resolve) =>
        options.signal?.addEventListener('abort', () => resolve(askResult(text))),
      );
    };
    const leaving = new AbortController();
    const ask = fetch(`${url}/v1/ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"x"}',
      signal: leaving.signal,
    }).catch(() => 'gone');
    await expect.poll(() => signal).toBeDefined();
    leaving.abort();
    expect(await ask).toBe('gone');
    await expect.poll(() => signal?.aborted).toBe(true);
  });
});
