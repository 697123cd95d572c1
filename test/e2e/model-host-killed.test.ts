import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeTinyLlama } from '../support/gguf.ts';
import { mosquittoPath, NO_MOSQUITTO, startMosquitto } from '../support/mosquitto.ts';
import { echoDevices, HALL, hallConfig, motion, startDaemon, temporaryFolder, watching } from './rig.ts';
import type { Rig } from './rig.ts';

const PATIENT = { timeout: 20_000, interval: 20 };
const reason =
  mosquittoPath === undefined
    ? ` (skipped: ${NO_MOSQUITTO})`
    : process.platform === 'linux'
      ? ''
      : ' (skipped: finds the model host in /proc)';

test.skipIf(reason !== '')(
  `rules go on while the model host dies over a decision${reason}`,
  { timeout: 60_000 },
  async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'tiny.gguf');
    await writeTinyLlama(file);
    const broker = await startMosquitto();
    const { client } = await echoDevices(broker.url);
    onTestFinished(async () => {
      await client.endAsync(true);
      await broker.stop();
    });
    const rig = await startDaemon(
      {
        config: hallConfig(broker.url, { model: { file } }),
        devices: { ...HALL.devices, 'fan.fan': { name: 'Fan', dialect: 'zigbee2mqtt', topic: 'fan' } },
        policies: [
          ...HALL.policies,
          {
            id: 'air',
            decide: {
              on: ['sensor.room.co2'],
              choices: ['none', 'light.lamp.turn_on'],
              rungs: ['llm'],
              guidance: 'Keep the air fresh.',
            },
          },
        ],
      },
      folder,
    );
    const { api } = rig;
    const air = () => api.decisions({ limit: 100, policy: 'air' }).map(({ decision }) => decision);
    const co2 = async (value: number) =>
      client.publishAsync('zigbee2mqtt/room', JSON.stringify({ co2: value }), { qos: 1 });
    await co2(400);
    await motion(client, false);
    await expect.poll(() => watching(api), PATIENT).toBe(true);
    await expect.poll(() => api.health().status, PATIENT).toBe('ok');
    await co2(800);
    await expect.poll(() => air()[0]?.rung, PATIENT).toBe('llm');
    const before = await latencies(rig, client);

    // It stands still over a question, so that the kill surely comes during the decision.
    const host = modelHostPid();
    process.kill(host, 'SIGSTOP');
    const decided = air().length;
    await co2(1200);
    const during = await latencies(rig, client);
    expect(air()).toHaveLength(decided);
    process.kill(host, 'SIGKILL');
    const model = () => api.health().parts.find(({ name }) => name.startsWith('model '))?.status;
    await expect.poll(model, PATIENT).toBe('warn');
    await expect.poll(() => air().length, PATIENT).toBe(decided + 1);
    expect(air()[0]).toMatchObject({
      rung: 'abstain',
      actions: [],
      skipped: [{ rung: 'llm', reason: expect.stringContaining('SIGKILL') as string }],
    });
    expect(during).toBeLessThan(before * 5 + 2);

    await expect.poll(() => api.stats().gauges['model_host_running'], PATIENT).toBe(1);
    expect(modelHostPid()).not.toBe(host);
    let level = 1300;
    await expect
      .poll(
        async () => {
          await co2(level++);
          return air()[0]?.rung;
        },
        { ...PATIENT, interval: 250 },
      )
      .toBe('llm');
    expect(model()).toBe('ok');
  },
);

/** Median time from receipt to decision of a few rules that fire, ms. */
async function latencies(rig: Rig, client: Parameters<typeof motion>[0]): Promise<number> {
  const seen = new Set(rig.api.decisions({ limit: 100 }).map(({ decision }) => decision.id));
  const fresh = () =>
    rig.api
      .decisions({ limit: 100 })
      .filter(({ decision }) => decision.rung === 'rule' && !seen.has(decision.id));
  for (let i = 0; i < 5; i++) {
    await motion(client, true);
    await motion(client, false);
  }
  await expect.poll(() => fresh().length, PATIENT).toBe(15);
  const sorted = fresh()
    .map(({ decision }) => decision.latencyMs)
    .toSorted((a, b) => a - b);
  return sorted[7]!;
}

function modelHostPid(): number {
  const children = readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  const host = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('modelhost'));
  return Number(host);
}
