import { describe, expect, it, onTestFinished } from 'vitest';
import { checkConfig } from '../../runtime/config/load.ts';
import type { RungRequest } from '../../runtime/contract/rung.ts';
import { HealthBoard } from '../../runtime/health.ts';
import { askTimeoutMs } from '../../runtime/ladders.ts';
import { ManualClock, systemClock } from '../../runtime/lib/clock.ts';
import { Models } from '../../runtime/models.ts';
import { ProblemDesk } from '../../runtime/problems.ts';
import { Remote } from '../../runtime/remote-model.ts';
import { RuntimeStats } from '../../runtime/stats.ts';
import { TestState } from '../policies/support.ts';
import { entity, houseOf } from '../support/house.ts';
import { RemoteServer, stream } from '../support/remote-server.ts';

const fan = entity('fan.living');
const house = houseOf([fan]);
const request: RungRequest = {
  policy: 'fresh-air',
  choices: [
    { label: 'none', calls: [] },
    { label: 'fan.living.turn_on', calls: [{ entity: 'fan.living', command: 'turn_on', args: {} }] },
  ],
  frame: { names: ['now.hour'], values: Float64Array.of(1), stateVersion: 1 },
  guidance: 'Keep it fresh.',
  state: new TestState(),
  house,
  budgetMs: 60_000,
};
const signal = new AbortController().signal;

async function rig(clock = systemClock): Promise<{ server: RemoteServer; remote: Remote }> {
  const server = await RemoteServer.start();
  const config = checkConfig({ remote: { url: server.url, model: 'big' } });
  const remote = new Remote({ settings: config.remote!, clock, random: () => 0 });
  onTestFinished(() => remote.stop());
  return { server, remote };
}

describe('rung remote', () => {
  it('chooses among the choices of a policy, and names itself', async () => {
    const { server, remote } = await rig();
    server.answer = (body, response) => {
      const { schema } = body.response_format!.json_schema as {
        schema: { properties: { answer: { enum: string[] } } };
      };
      // The second of what may be answered, whatever the rung calls it.
      stream(response, [JSON.stringify({ answer: schema.properties.answer.enum[1] })]);
    };
    expect(remote.rung.name).toBe('remote');
    const answer = await remote.rung.decide(request, signal);
    expect(answer).toMatchObject({ kind: 'choice', index: 1, confidence: 0.7, tokens: { generated: 6 } });
    expect(answer).toHaveProperty('explanation', expect.stringContaining('The remote model'));
  });

  it('abstains where the answer is none of them, and where the server is gone', async () => {
    const { server, remote } = await rig();
    server.answer = (_, response) => stream(response, ['{"answer":"open all doors"}']);
    expect(await remote.rung.decide(request, signal)).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('one of the possible answers') as string,
    });
    await server.stop();
    expect(await remote.rung.decide(request, signal)).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('nothing listens there') as string,
    });
  });

  it('answers a request in words with calls of its space', async () => {
    const { server, remote } = await rig();
    const asked: string[] = [];
    server.answer = (body, response) => {
      const { schema } = body.response_format!.json_schema as {
        schema: { properties: { answer: { enum: string[] } } };
      };
      asked.push(...schema.properties.answer.enum);
      stream(response, [JSON.stringify({ answer: asked.find((text) => text.startsWith('on ')) })]);
    };
    const words: RungRequest = {
      ...request,
      policy: 'ask',
      choices: [],
      guidance: 'make some wind',
      space: { entities: [fan], maxCalls: 1 },
    };
    const answer = await remote.rung.decide(words, signal);
    expect(asked).toContain('none');
    expect(answer).toMatchObject({
      kind: 'calls',
      calls: [{ entity: 'fan.living', command: 'turn_on', args: {} }],
      confidence: 0.7,
    });
  });

  it('shows the state of its server, and counts', async () => {
    const clock = new ManualClock();
    const { server, remote } = await rig(clock);
    const health = new HealthBoard('hub', '1', clock);
    remote.show(health);
    expect(health.read().parts).toEqual([
      { name: 'remote model', status: 'ok', detail: `big at ${server.url}` },
    ]);
    server.answer = (_, response) => response.writeHead(500).end();
    for (let i = 0; i < 3; i++) await remote.rung.decide(request, signal);
    expect(health.read().parts[0]).toMatchObject({
      status: 'warn',
      detail: 'it failed 3 times in a row; it is asked again in 10 s',
    });
    expect(remote.gauges).toEqual({
      remote_model_waiting: 0,
      remote_model_running: 0,
      remote_model_paused: 1,
    });
    clock.advance(10_000);
    expect(health.read().parts[0]?.detail).toContain('the next request tries big at');
  });
});

describe('Models', () => {
  it('needs no model host for a server alone', async () => {
    const server = await RemoteServer.start();
    const clock = new ManualClock();
    const health = new HealthBoard('hub', '1', clock);
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const stats = new RuntimeStats();
    const models = new Models({
      config: checkConfig({ remote: { url: server.url, model: 'big' } }),
      classifiers: new Map(),
      engineModules: [],
      clock,
      random: () => 0,
      log,
      health,
      problems: new ProblemDesk({ log, stats, clock, emit: () => {} }),
    });
    models.start();
    expect([...models.rungs.keys()]).toEqual(['remote']);
    expect(health.read().parts).toMatchObject([{ name: 'remote model', status: 'ok' }]);
    expect(models.gauges).toMatchObject({ remote_model_paused: 0 });
    await models.stop();
    expect(await models.rungs.get('remote')!.decide(request, signal)).toMatchObject({ kind: 'abstain' });
  });
});

describe('the configuration', () => {
  it('takes a server and a reference, and refuses what is neither', () => {
    const config = checkConfig(
      {
        model: { file: 'hf:acme/tiny:Q4_K_M' },
        models_folder: 'm',
        remote: { url: 'http://h/v1', model: 'x' },
      },
      { baseDir: '/base' },
    );
    expect(config).toMatchObject({
      model: { file: 'hf:acme/tiny:Q4_K_M' },
      models_folder: '/base/m',
      remote: { timeout: 20_000, confidence: 0.7, requests: 2 },
    });
    expect(askTimeoutMs(config)).toBe(40_000);
    expect(askTimeoutMs(checkConfig({}))).toBe(1000);
    expect(() => checkConfig({ model: { file: 'hf:acme' } })).toThrowError(/model\.file: Expected hf:OWNER/);
    for (const url of ['gpu.local', 'http://user:pw@h/v1', 'ws://h'])
      expect(() => checkConfig({ remote: { url, model: 'x' } })).toThrowError(
        /remote\.url: Expected an address/,
      );
  });
});
