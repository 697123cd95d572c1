import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GanglionError } from '../../../runtime/errors.ts';
import { buildApp } from '../../../runtime/http/app.ts';
import { EventHub } from '../../../runtime/http/events.ts';
import { Guard } from '../../../runtime/http/guard.ts';
import { Metrics } from '../../../runtime/http/metrics.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { MemoryLog } from '../../support/log.ts';
import { NOW, outcome, action, decision, ScriptedApi } from '../../support/scripted-api.ts';

let api: ScriptedApi;
let app: FastifyInstance;
let metrics: Metrics;
const log = new MemoryLog();
const clock = new ManualClock(NOW);

beforeEach(async () => {
  api = new ScriptedApi();
  metrics = new Metrics(api, () => ({ counters: { 'http.requests': 9 }, gauges: {} }));
  app = await buildApp({
    api,
    clock,
    log,
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

async function get(url: string) {
  const response = await app.inject({ url });
  return { status: response.statusCode, body: response.json() };
}

async function post(url: string, payload: object) {
  const response = await app.inject({ method: 'POST', url, payload });
  return { status: response.statusCode, body: response.json() };
}

describe('health', () => {
  it.each([
    ['ok', 200],
    ['degraded', 200],
    ['starting', 503],
    ['stopping', 503],
  ] as const)('%s answers %i', async (status, code) => {
    api.status = status;
    expect(await get('/health')).toMatchObject({ status: code, body: { status, node: 'hub' } });
  });
});

describe('inspection', () => {
  it('shows every entity with names, standing and value', async () => {
    const { body } = await get('/v1/state');
    expect(Object.keys(body.entities)).toEqual(['light.hall', 'lock.door', 'sensor.hall']);
    expect(body.entities['light.hall']).toMatchObject({
      name: 'Hall light',
      area: 'hall',
      properties: { state: { value: 'on', standing: 'known' }, brightness: { value: 20 } },
    });
  });

  it('narrows to one entity, and suggests one for an unknown name', async () => {
    expect(Object.keys((await get('/v1/state?entity=light.hall')).body.entities)).toEqual(['light.hall']);
    const { status, body } = await get('/v1/state?entity=light.hal');
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: 'HTTP_NOT_FOUND' });
    expect(body.error.message).toContain('did you mean light.hall?');
  });

  it('groups entities by device', async () => {
    const { body } = await get('/v1/devices');
    expect(body.areas).toEqual([{ id: 'hall', name: 'Hall', floor: 'ground' }]);
    expect(body.devices.map((device: { device: string }) => device.device)).toEqual([
      'zigbee2mqtt/door',
      'zigbee2mqtt/hall',
    ]);
    expect(body.devices[1].entities).toHaveLength(2);
  });

  it('reads history over a span back, a moment or the last day', async () => {
    const { body } = await get('/v1/history?key=sensor.hall.temperature&from=-1h&limit=10');
    expect(body.points).toEqual([
      { at: NOW - 60_000, value: 21.4 },
      { at: NOW, value: 21.5 },
    ]);
    expect(api.queries.at(-1)).toEqual({
      key: 'sensor.hall.temperature',
      fromMs: NOW - 3_600_000,
      toMs: NOW,
      limit: 10,
    });
    await get('/v1/history?key=sensor.hall.temperature&from=2026-01-05T20:00:00Z&to=now');
    expect(api.queries.at(-1)).toMatchObject({ fromMs: Date.UTC(2026, 0, 5, 20), toMs: NOW, limit: 1000 });
    await get('/v1/history?key=sensor.hall.temperature');
    expect(api.queries.at(-1)).toMatchObject({ fromMs: NOW - 86_400_000 });
  });

  it('lists decisions and actions with their filters', async () => {
    const { body } = await get('/v1/decisions?limit=1&policy=hall-night-light&entity=light.hall&before=zz');
    expect(body.decisions).toHaveLength(1);
    expect(api.queries.at(-1)).toEqual({
      limit: 1,
      policy: 'hall-night-light',
      entity: 'light.hall',
      before: 'zz',
    });
    expect((await get('/v1/actions')).body.actions).toHaveLength(2);
    expect(api.queries.at(-1)).toEqual({ limit: 50 });
  });

  it('finds a decision by the start of its id', async () => {
    expect((await get('/v1/decisions/0002')).body.decision.rung).toBe('llm');
    expect(await get('/v1/decisions/nope')).toMatchObject({
      status: 404,
      body: { error: { code: 'ACTION_UNKNOWN' } },
    });
  });

  it('lists policies, approvals and stats', async () => {
    expect((await get('/v1/policies')).body.policies[0].id).toBe('hall-night-light');
    expect((await get('/v1/approvals')).body.approvals[0].action.id).toBe('wait1');
    expect((await get('/v1/stats')).body.stages).toHaveLength(3);
  });

  it.each([
    ['/v1/history', 'Expected a property such as sensor.hall.temperature for key but received nothing.'],
    ['/v1/history?key=kitchen', 'for key but received "kitchen".'],
    ['/v1/history?key=sensor.hall.temperature&from=soon', 'for from but received "soon".'],
    ['/v1/history?key=sensor.hall.temperature&from=-1h&to=-2h', 'for from but received a later one.'],
    ['/v1/history?key=sensor.hall.temperature&limit=100001', 'a whole number from 1 to 100000 for limit'],
    ['/v1/decisions?limit=0', 'Expected a whole number from 1 to 1000 for limit but received'],
    ['/v1/decisions?limit=-1', 'for limit but received "-1".'],
    ['/v1/decisions?color=red', 'Expected only known parameters but received "color".'],
    ['/v1/state?entity=%3Cscript%3E', 'Expected an entity id such as light.hall for entity but received'],
    ['/v1/state?entity=light.hall&entity=light.hall', 'Expected'],
    ['/v1/events?types=reading,gossip', 'Expected any of reading, decision'],
  ])('refuses %s with a clear sentence', async (url, sentence) => {
    const { status, body } = await get(url);
    expect(status).toBe(400);
    expect(body.error.code).toBe('HTTP_REQUEST_INVALID');
    expect(body.error.message).toContain(sentence);
    expect(body.error.remedy).not.toBe('');
  });

  it('names a near path for an unknown one', async () => {
    const { status, body } = await get('/v1/decision');
    expect(status).toBe(404);
    expect(body.error.message).toContain('did you mean /v1/decisions?');
  });
});

describe('commands', () => {
  it('asks with defaults and passes options on', async () => {
    const { status, body } = await post('/v1/ask', { text: 'turn on the hall light' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ request: 'turn on the hall light', decision: { rung: 'link' } });
    expect(api.asked[0]?.options).toMatchObject({ dryRun: false, waitMs: 5000 });
    await post('/v1/ask', { text: 'x', dryRun: true, waitMs: 0 });
    expect(api.asked[1]?.options).toMatchObject({ dryRun: true, waitMs: 0 });
  });

  it('takes feedback once it is within range', async () => {
    expect(await post('/v1/feedback', { decision: '0001', reward: 0.5, note: 'nice' })).toMatchObject({
      status: 201,
      body: { reward: 0.5 },
    });
    expect(api.told).toEqual([{ decision: '0001', reward: 0.5, note: 'nice' }]);
    expect((await post('/v1/feedback', { decision: '0001', reward: 2 })).body.error.message).toBe(
      'Expected a number from -1 to 1 for reward but received 2.',
    );
    expect((await post('/v1/feedback', { decision: 'gone', reward: 1 })).status).toBe(404);
  });

  it('approves and denies', async () => {
    expect(await post('/v1/approvals/wait1', { verdict: 'maybe' })).toMatchObject({ status: 400 });
    expect(await post('/v1/approvals/wait1', { verdict: 'approve' })).toMatchObject({
      status: 200,
      body: { stage: 'pending' },
    });
    expect(await post('/v1/approvals/wait1', { verdict: 'deny' })).toMatchObject({
      status: 400,
      body: { error: { code: 'APPROVAL_INVALID' } },
    });
  });

  it.each([
    ['not JSON', 'application/json', '{"text":', 400, 'is not JSON'],
    ['another type', 'text/plain', '{"text":"x"}', 415, 'application/json'],
    ['nothing', 'application/json', '', 400, 'received nothing'],
    ['a list', 'application/json', '[1]', 400, 'Expected a JSON object'],
    ['a prototype', 'application/json', '{"text":"x","__proto__":{"dryRun":true}}', 400, 'Expected'],
    ['too much', 'application/json', JSON.stringify({ text: 'x'.repeat(70_000) }), 413, '64 KiB'],
    ['a long text', 'application/json', JSON.stringify({ text: 'x'.repeat(2001) }), 400, 'at most 2000'],
  ])('refuses a body that is %s', async (_name, type, payload, status, sentence) => {
    const response = await app.inject({
      method: 'POST',
      url: '/v1/ask',
      headers: { 'content-type': type },
      payload,
    });
    expect(response.statusCode).toBe(status);
    expect(response.json().error.message).toContain(sentence);
    expect(api.asked).toHaveLength(0);
  });

  it('names the limit of the route', async () => {
    const post = async (url: string, bytes: number) =>
      app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json' },
        payload: JSON.stringify({ text: 'x'.repeat(bytes) }),
      });
    const sentences = [
      (await post('/v1/ask', 70_000)).json().error.message,
      (await post('/v1/chat/completions', 1_100_000)).json().error.message,
    ];
    expect(sentences[0]).toContain('at most 64 KiB');
    expect(sentences[1]).toContain('at most 1024 KiB');
  });

  it('gives each blame its status and hides what was not expected', async () => {
    api.answer = () => Promise.reject(new GanglionError('QUEUE_FULL', { queue: 'ask', limit: 8 }));
    expect(await post('/v1/ask', { text: 'x' })).toMatchObject({
      status: 503,
      body: { error: { code: 'QUEUE_FULL' } },
    });
    api.answer = () => Promise.reject(new TypeError('secret path /home/anna'));
    const { status, body } = await post('/v1/ask', { text: 'x' });
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('anna');
    expect(log.lines.at(-1)?.message).toContain('/home/anna');
  });
});

describe('metrics', () => {
  it('exposes counters, gauges, stages and latencies that Prometheus can read', async () => {
    const text = async () => (await app.inject({ url: '/metrics' })).body;
    const first = await text();
    expect(first).toContain('ganglion_sense_messages_total 12');
    expect(first).toContain('ganglion_act_outcomes_confirmed_total 3');
    expect(first).toContain('ganglion_http_requests_total 9');
    expect(first).toContain('ganglion_state_properties 3');
    expect(first).toContain('ganglion_stage_seconds{stage="model",quantile="0.99"} 0.54');
    expect(first).toContain('ganglion_up{status="ok"} 1');
    expect(first).toContain('process_cpu_seconds_total');

    api.counters = { 'sense.messages': 20 };
    api.emit({ type: 'decision', decision: decision('9', { latencyMs: 2 }) });
    api.emit({ type: 'outcome', outcome: outcome(action('a')), action: action('a') });
    const second = await text();
    expect(second).toContain('ganglion_sense_messages_total 20');
    expect(second).toContain('ganglion_decision_seconds_count{rung="rule"} 1');
    expect(second).toContain('ganglion_outcome_seconds_bucket{le="0.05",status="confirmed"} 1');
    for (const line of second.trim().split('\n')) {
      expect(line).toMatch(/^(|#.*|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^\n]*\})? (-?[0-9.e+-]+|Nan|[+-]Inf))$/);
    }
  });
});

describe('policies', () => {
  const text = 'id: hall\nwhen: x.y.z == 1\nthen: light.hall.turn_on\n';
  const call = async (method: 'PUT' | 'DELETE', url: string, payload?: object) => {
    const response = await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    return { status: response.statusCode, body: response.json<object>() };
  };

  it('are put to work, looked at, reverted and taken out', async () => {
    expect(await post('/v1/policies', { text, note: 'new' })).toMatchObject({
      status: 201,
      body: { policy: 'hall', version: 1, origin: 'edit', text, note: 'new' },
    });
    const other = text.replace('== 1', '== 2');
    expect((await call('PUT', '/v1/policies/hall', { text: other, origin: 'import' })).body).toMatchObject({
      version: 2,
      origin: 'import',
    });
    expect((await post('/v1/policies/hall/revert', { version: 1 })).body).toMatchObject({ version: 3, text });
    expect((await get('/v1/policies/hall')).body).toEqual({ id: 'hall', text, version: 3 });
    expect((await call('DELETE', '/v1/policies/hall?note=enough')).body).toMatchObject({
      version: 4,
      text: null,
      note: 'enough',
    });
    const { body } = await get('/v1/policies/hall/versions');
    expect(body).toMatchObject({ policy: 'hall', versions: [{ version: 1 }, {}, {}, { text: null }] });
  });

  it('that are not there, or not what was meant, are refused', async () => {
    expect((await get('/v1/policies/hall')).status).toBe(404);
    expect((await get('/v1/policies/hall/versions')).status).toBe(404);
    expect((await call('DELETE', '/v1/policies/hall')).status).toBe(404);
    expect((await post('/v1/policies/hall/revert', { version: 1 })).status).toBe(404);
    expect((await post('/v1/policies/hall/revert', { version: 0 })).status).toBe(400);
    expect((await call('PUT', '/v1/policies/kitchen', { text })).body).toMatchObject({
      error: {
        message: expect.stringContaining('Expected the policy to have the id kitchen but it has hall.'),
      },
    });
    expect((await post('/v1/policies', { text, origin: 'author' })).status).toBe(400);
    expect((await post('/v1/policies', { text: 'x'.repeat(300_000) })).status).toBe(413);
    expect(api.shelf.kept.size).toBe(0);
  });
});
