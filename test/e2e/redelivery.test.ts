import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { DaemonProcess, writeDaemonFiles } from '../support/daemon.ts';
import { lossyLink } from '../support/lossy-link.ts';
import { mosquittoPath, NO_MOSQUITTO, startMosquitto } from '../support/mosquitto.ts';

const reason = mosquittoPath === undefined ? ` (skipped: ${NO_MOSQUITTO})` : '';

test.skipIf(reason !== '')(
  `a message whose acknowledgement got lost is not dealt with twice${reason}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ganglion-redelivery-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const broker = await startMosquitto();
    const link = await lossyLink(broker.port);
    const house = await connectAsync(broker.url, { clean: true });
    let sirens = 0;
    house.on('message', () => sirens++);
    await house.subscribeAsync('zigbee2mqtt/siren/set');
    const motion = async (occupancy: boolean) =>
      house.publishAsync('zigbee2mqtt/hall', JSON.stringify({ occupancy }), { qos: 1 });
    const file = await writeDaemonFiles(folder, {
      config: {
        node: 'deaf',
        broker: link.url,
        sources: [{ dialect: 'zigbee2mqtt' }],
        limits: { allow: ['siren.*'], approve: [] },
      },
      devices: { 'siren.siren': { name: 'Siren', dialect: 'zigbee2mqtt', topic: 'siren' } },
      policies: [
        { id: 'alarm', when: 'binary_sensor.hall_occupancy.state == "on"', then: 'siren.siren.turn_on' },
      ],
    });
    let daemon = await new DaemonProcess(file).start();
    const when = async () => (await daemon.call('policies'))[0]?.when;
    const alarms = async () => (await daemon.call('decisions', { limit: 50 })).length;
    const points = async () => {
      const query = {
        key: 'binary_sensor.hall_occupancy.state',
        fromMs: 0,
        toMs: Date.now(),
        limit: 50,
      } as const;
      return (await daemon.call('history', query)).map(({ value }) => value);
    };
    const reconnected = () =>
      daemon.events.filter((event) => event.type === 'source' && event.connected).length;
    await expect.poll(async () => (await daemon.call('health')).status).toBe('ok');
    await motion(false);
    await expect.poll(when, { timeout: 5000 }).toBe(false);

    // The daemon hears and acts, but its acknowledgements get lost; then the link breaks and the broker says it again.
    link.deafen('-act-');
    await motion(true);
    await motion(false);
    await expect.poll(alarms).toBe(1);
    await expect.poll(points).toEqual(['off', 'on', 'off']);
    const connects = reconnected();
    link.break();
    await expect.poll(reconnected, { timeout: 5000 }).toBe(connects + 1);
    await motion(true);
    await expect.poll(alarms).toBe(2);
    expect(await points()).toEqual(['off', 'on', 'off', 'on']);

    // The same over the death of the daemon. A new device is written down a little later: a clean end does it now.
    await daemon.kill('SIGINT');
    daemon = await new DaemonProcess(file).start();
    await motion(false);
    await expect.poll(async () => (await points()).length).toBe(5);
    link.deafen('-act-');
    await motion(true);
    await motion(false);
    await expect.poll(async () => (await points()).length).toBe(7);
    await expect.poll(() => sirens).toBe(3);
    await daemon.kill();
    daemon = await new DaemonProcess(file).start();
    await motion(true);
    await expect.poll(alarms, { timeout: 5000 }).toBe(4);
    expect(await points()).toEqual(['off', 'on', 'off', 'on', 'off', 'on', 'off', 'on']);
    await expect.poll(() => sirens, { timeout: 5000 }).toBe(4);
    expect((await daemon.call('stats')).counters['messages_repeated']).toBeGreaterThanOrEqual(2);
    await daemon.kill('SIGINT');
    await house.endAsync(true);
    await link.stop();
    await broker.stop();
  },
);
