import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { mosquittoPath, NO_MOSQUITTO, startMosquitto } from '../support/mosquitto.ts';
import {
  connectHouse,
  echoDevices,
  HALL,
  hallConfig,
  motion,
  startDaemon,
  temporaryFolder,
  watching,
} from './rig.ts';

/** How long the broker is away; the long form is 30 s. */
const GONE_MS = Number(process.env['GANGLION_OUTAGE_MS'] ?? 2000);
const PATIENT = { timeout: GONE_MS + 15_000, interval: 20 };
const reason = mosquittoPath === undefined ? ` (skipped: ${NO_MOSQUITTO})` : '';

test.skipIf(reason !== '')(
  `the broker goes and comes back${reason}`,
  { timeout: GONE_MS + 60_000 },
  async () => {
    const folder = temporaryFolder();
    const options = { persistence: join(folder, 'broker') };
    let broker = await startMosquitto(options);
    onTestFinished(async () => broker.stop());
    const { client, commands } = await echoDevices(broker.url);
    // A door that was left open: retained, so that every new subscription brings it.
    await client.publishAsync('zigbee2mqtt/door', '{"contact":false}', { retain: true, qos: 1 });
    const status: string[] = [];
    const watcher = await connectHouse(broker.url);
    onTestFinished(async () => {
      await Promise.all([client.endAsync(true), watcher.endAsync(true)]);
    });
    watcher.on('message', (_topic, payload) => status.push(payload.toString()));
    await watcher.subscribeAsync('ganglion/hall/status', { qos: 1 });
    const { api, outcomes, events } = await startDaemon(
      {
        config: hallConfig(broker.url, { actions: { deadline: GONE_MS / 1000 + 20 } }),
        devices: {
          ...HALL.devices,
          'light.cellar': { name: 'Cellar light', dialect: 'zigbee2mqtt', topic: 'cellar' },
          'siren.cellar': { name: 'Cellar siren', dialect: 'zigbee2mqtt', topic: 'cellar_siren' },
        },
        policies: [
          ...HALL.policies,
          { id: 'door', when: 'binary_sensor.door_contact.state == "on"', then: 'siren.siren.turn_on' },
        ],
      },
      folder,
    );
    await motion(client, false);
    await expect.poll(() => watching(api), PATIENT).toBe(true);
    await motion(client, true);
    await expect
      .poll(outcomes, PATIENT)
      .toEqual(['light.lamp.turn_on confirmed', 'siren.siren.turn_on confirmed']);
    expect(status).toEqual(['online']);

    // Readings up to the last moment: those the broker has acknowledged are the daemon's or in its queue.
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) =>
        client.publishAsync('zigbee2mqtt/counter', JSON.stringify({ count: n }), { qos: 1 }),
      ),
    );
    await broker.stop();
    const gone = performance.now();
    await expect.poll(() => api.health().status, PATIENT).toBe('degraded');
    for (const text of ['turn on the cellar light', 'turn on the cellar siren']) {
      const { decision } = await api.ask(text, { dryRun: false, waitMs: 0 });
      expect(decision.actions).toHaveLength(1);
    }
    await expect.poll(() => performance.now() - gone > GONE_MS, PATIENT).toBe(true);
    broker = await startMosquitto({ ...options, port: broker.port });
    await expect
      .poll(() => api.health().parts.find(({ name }) => name === 'mqtt')?.status, PATIENT)
      .toBe('ok');
    await expect.poll(() => status.at(-1), PATIENT).toBe('online');
    // What was decided meanwhile goes out, what must not repeat at most once.
    await expect.poll(outcomes, PATIENT).toContain('light.cellar.turn_on confirmed');
    await expect
      .poll(() => outcomes().some((line) => line.startsWith('siren.cellar.turn_on ')), PATIENT)
      .toBe(true);
    await motion(client, false);
    await expect.poll(() => outcomes().at(-1), PATIENT).toBe('light.lamp.turn_off confirmed');
    const query = { key: 'sensor.counter.count', fromMs: 0, toMs: Date.now(), limit: 100 } as const;
    expect((await api.history(query)).map(({ value }) => value)).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    );
    expect(events.filter((event) => event.type === 'decision' && event.decision.policy === 'door')).toEqual(
      [],
    );
    expect(commands.filter((command) => command.startsWith('zigbee2mqtt/siren/'))).toHaveLength(1);
    expect(commands.filter((command) => command.startsWith('zigbee2mqtt/cellar/')).length).toBeGreaterThan(0);
    expect(commands.filter((command) => command.startsWith('zigbee2mqtt/cellar_siren/')).length).toBeLessThan(
      2,
    );
  },
);
