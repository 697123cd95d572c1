import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Pools } from '../../../runtime/act/pools.ts';
import { action } from '../../support/samples.ts';

const module = fileURLToPath(new URL('../../support/handlers.mjs', import.meta.url));
const pools = new Pools({
  broker: { url: 'mqtt://127.0.0.1:1' },
  handlerThreads: 2,
  handlerTimeoutMs: 500,
  handlerMemoryBytes: 32e6,
  queue: 100,
});
afterAll(async () => pools.stop());

const task = (extra = {}) => ({
  action: action('a', { entity: 'notify.me', command: 'send', ...extra }),
  target: { dialect: 'handler', address: {} },
});

async function run(name: string, count = 1, timeoutMs = 300) {
  return pools.handle({
    kind: 'actuator',
    module,
    name,
    tasks: Array.from({ length: count }, () => task()),
    timeoutMs,
  });
}

describe('handlers in the pool', () => {
  it('hands a batch over as one task', async () => {
    const results = await run('sizes', 64);
    expect(results).toHaveLength(64);
    expect(results[0]).toEqual({ status: 'acknowledged', result: '64' });
  });

  it.each([
    ['throws', /broken on purpose/],
    ['hangs', /did not return within 300 ms/],
    ['waits', /did not return within 300 ms/],
    ['exits', /Expected handler exits to finish but/],
    ['eats', /Expected handler eats to finish but/],
    ['short', /answered 1 actions with 0 results/],
    ['absent', /lists none named absent/],
  ])('contains one that %s', async (name, detail) => {
    const [result] = await run(name, 1, name === 'eats' || name === 'exits' ? 10_000 : 300);
    expect(result).toMatchObject({ status: 'failed', detail: expect.stringMatching(detail) });
    // The pool is none the worse for it.
    expect(await run('noop')).toEqual([{ status: 'acknowledged' }]);
  });

  it('does not count the wait for a thread as the time of a handler', async () => {
    const slow = Array.from({ length: 4 }, () => run('waits', 1, 200));
    const quick = run('noop', 1, 100);
    expect(await quick).toEqual([{ status: 'acknowledged' }]);
    for (const [result] of await Promise.all(slow)) expect(result).toMatchObject({ status: 'failed' });
  });

  it('runs a tool and keeps what it returned', async () => {
    const [result] = await pools.handle({
      kind: 'tool',
      module,
      name: 'add',
      tasks: [task({ args: { a: 2, b: 3 } })],
      timeoutMs: 1000,
    });
    expect(result).toEqual({ status: 'acknowledged', result: '{"sum":5}' });
  });
});

describe('webhooks', () => {
  it('sends the call with its idempotency key, fills a body template, and reports a refusal', async () => {
    const seen: { headers: unknown; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        seen.push({ headers: request.headers['idempotency-key'], body });
        response.statusCode = request.url === '/no' ? 403 : 200;
        response.end('x'.repeat(10_000));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const hook = (path: string, extra = {}) => ({
      action: action('a', { entity: 'notify.me', command: 'send', args: { message: 'say "hi"' } }),
      target: { dialect: 'webhook', address: { url: `${url}${path}`, ...extra } },
    });
    const results = await pools.handle({
      kind: 'webhook',
      tasks: [hook('/'), hook('/no', { body: '{"text":{{message}},"x":{{constructor}}}' })],
      timeoutMs: 2000,
    });
    server.close();
    expect(results[0]).toMatchObject({ status: 'acknowledged' });
    expect(results[0]?.result).toHaveLength(4096);
    expect(results[1]).toMatchObject({ status: 'failed', detail: 'the server answered 403' });
    const bodies = seen.map((one) => JSON.parse(one.body) as unknown);
    expect(seen[0]?.headers).toBe('a');
    expect(bodies).toContainEqual({
      entity: 'notify.me',
      command: 'send',
      args: { message: 'say "hi"' },
      id: 'a',
    });
    expect(bodies).toContainEqual({ text: 'say "hi"', x: null });
  });

  it('says why a server could not be reached', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const target = { dialect: 'webhook', address: { url: `http://127.0.0.1:${port}` } };
    const [result] = await pools.handle({ kind: 'webhook', tasks: [{ ...task(), target }], timeoutMs: 2000 });
    expect(result).toMatchObject({ status: 'failed', detail: expect.stringContaining('ECONNREFUSED') });
  });
});
