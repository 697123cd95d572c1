import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../../runtime/http/app.ts';
import { EventHub } from '../../../runtime/http/events.ts';
import { Guard } from '../../../runtime/http/guard.ts';
import { Metrics } from '../../../runtime/http/metrics.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { MemoryLog } from '../../support/log.ts';
import { NOW, ScriptedApi } from '../../support/scripted-api.ts';

let api: ScriptedApi;
let app: FastifyInstance;
let metrics: Metrics;

beforeEach(async () => {
  api = new ScriptedApi();
  const clock = new ManualClock(NOW);
  metrics = new Metrics(api, () => ({ counters: {}, gauges: {} }));
  app = await buildApp({
    api,
    clock,
    log: new MemoryLog(),
    metrics,
    guard: new Guard({ hosts: [] }),
    events: new EventHub({ api, clock }),
    stopping: new AbortController().signal,
    answered: () => {},
  });
});

afterEach(async () => {
  await metrics.stop();
  await app.close();
});

async function post(url: string, payload: object) {
  const response = await app.inject({ method: 'POST', url, payload });
  return { status: response.statusCode, body: response.json() };
}

describe('a sentence over HTTP', () => {
  it('becomes a rule that is shown, or installed', async () => {
    const text = 'when the door opens turn on the light';
    expect(await post('/v1/policies/author', { text, replay: '7d', edit: 'light-on' })).toMatchObject({
      status: 200,
      body: { status: 'proposed', draft: '0123abcd' },
    });
    expect(api.authoring.asked[0]).toMatchObject({
      text,
      replayMs: 604_800_000,
      edit: 'light-on',
      install: false,
    });
    api.authoring.reply = { ...api.authoring.reply, status: 'installed' };
    expect((await post('/v1/policies/author', { text, install: true })).status).toBe(201);
  });

  it('is judged', async () => {
    expect((await post('/v1/policies/author/0123abcd', { verdict: 'reject' })).status).toBe(200);
    expect(api.authoring.asked).toEqual([{ draft: '0123abcd', verdict: 'reject' }]);
  });

  it.each([
    ['/v1/policies/author', { text: 5 }],
    ['/v1/policies/author', { text: 'x', replay: 'soon' }],
    ['/v1/policies/author', { text: 'x', replay: '90d' }],
    ['/v1/policies/author', { text: 'x', instal: true }],
    ['/v1/policies/author/zz', { verdict: 'accept' }],
    ['/v1/policies/author/0123abcd', { verdict: 'perhaps' }],
  ])('is refused where it is malformed: %s %o', async (url, body) => {
    expect(await post(url, body)).toMatchObject({
      status: 400,
      body: { error: { code: 'HTTP_REQUEST_INVALID' } },
    });
    expect(api.authoring.asked).toEqual([]);
  });
});
