import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildApp } from '../../../runtime/http/app.ts';
import { EventHub } from '../../../runtime/http/events.ts';
import { Guard } from '../../../runtime/http/guard.ts';
import { Metrics } from '../../../runtime/http/metrics.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { MemoryLog } from '../../support/log.ts';
import { NOW, ScriptedApi } from '../../support/scripted-api.ts';

const AT = '/v1/policies/fresh-air/learning';
let api: ScriptedApi;
let app: FastifyInstance;

beforeEach(async () => {
  api = new ScriptedApi();
  const clock = new ManualClock(NOW);
  app = await buildApp({
    api,
    clock,
    log: new MemoryLog(),
    metrics: new Metrics(api, () => ({ counters: {}, gauges: {} })),
    guard: new Guard({ hosts: [] }),
    events: new EventHub({ api, clock }),
    stopping: new AbortController().signal,
    answered: () => {},
  });
});
afterEach(() => app.close());

async function get(url: string) {
  const response = await app.inject({ url });
  return { status: response.statusCode, body: response.json() };
}

async function post(url: string, payload: object) {
  const response = await app.inject({ method: 'POST', url, payload });
  return { status: response.statusCode, body: response.json() };
}

it('tells how the learning of all policies stands, and of one', async () => {
  expect(await get('/v1/learning')).toMatchObject({
    status: 200,
    body: { policies: [{ policy: 'fresh-air', version: 2 }] },
  });
  expect(await get(AT)).toMatchObject({ status: 200, body: { policy: 'fresh-air', versions: [{}, {}] } });
  expect(await get('/v1/policies/fresh-ari/learning')).toMatchObject({
    status: 404,
    body: { error: { code: 'POLICY_UNKNOWN' } },
  });
});

it('hands out what was recorded, the latest', async () => {
  const { body } = await get(`${AT}/examples?limit=3`);
  expect(body).toMatchObject({ policy: 'fresh-air', features: ['sensor.living.co2', 'now.hour'] });
  expect((body as { examples: unknown[] }).examples).toHaveLength(3);
  expect(await get(`${AT}/examples?limit=9000`)).toMatchObject({ status: 400 });
});

it('goes back to a version', async () => {
  expect(await post(`${AT}/revert`, { version: 1 })).toMatchObject({ status: 200 });
  expect(api.learning.reverted).toEqual([1]);
  expect(await post(`${AT}/revert`, { version: 9 })).toMatchObject({
    status: 404,
    body: { error: { code: 'LEARNING_VERSION' } },
  });
  expect(await post(`${AT}/revert`, { version: 1.5 })).toMatchObject({ status: 400 });
});

it('takes a tree of more than the usual size', async () => {
  const tree = { format: 'ganglion-tree', about: { note: 'x'.repeat(200_000) } };
  expect(await post(`${AT}/tree`, { tree, rows: 40, error: 0.1 })).toMatchObject({ status: 200 });
  expect(api.learning.offered).toEqual([{ tree, rows: 40, error: 0.1 }]);
  expect(await post(`${AT}/tree`, { tree, rows: 40, error: 2 })).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringContaining('a number from 0 to 1 for error') as string } },
  });
});

it('acts on what was learned about equal choices, or not', async () => {
  await post(`${AT}/explore`, { live: true });
  await post(`${AT}/explore`, { live: false });
  expect(api.learning.explored).toEqual([true, false]);
  expect(await post(`${AT}/explore`, { live: 'yes' })).toMatchObject({ status: 400 });
});

it('passes on which choice would have been right', async () => {
  await post('/v1/feedback', { decision: '0001', reward: -1, choice: 'none' });
  expect(api.told).toEqual([{ decision: '0001', reward: -1, choice: 'none' }]);
});
