import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AVAILABILITY } from '../../../runtime/contract/reading.ts';
import { createShellyDecoder } from '../../../sensors/decode/shelly.ts';
import { dataFolder } from '../../support/data.ts';
import { message, NOON, read, registry } from '../../support/house/world.ts';

const decoder = createShellyDecoder();
const decode = (topic: string, payload: unknown) => decoder.decode(message(topic, payload));

describe('shelly decoder', () => {
  it('reads notifications with their time and events', () => {
    const ts = NOON / 1000 - 5;
    const at = NOON - 5000;
    expect(
      decode('shellyplus1-a/events/rpc', {
        src: 'shellyplus1-a',
        dst: 'x',
        method: 'NotifyStatus',
        params: { ts, 'switch:0': { id: 0, output: true, source: 'button' }, sys: { uptime: 3 } },
      }),
    ).toEqual([{ device: 'shellyplus1-a', field: 'switch:0.output', value: true, at }]);
    expect(
      decode('shellyplus1-a/events/rpc', {
        method: 'NotifyEvent',
        params: { ts, events: [{ component: 'input:0', event: 'single_push', ts }] },
      }),
    ).toEqual([{ device: 'shellyplus1-a', field: 'input:0.event', value: 'single_push', at }]);
  });

  it('reads component status, availability and prefixes with slashes', () => {
    expect(decode('a/status/rgb:0', { output: true, rgb: [255, 0, 0], brightness: 40 })).toEqual([
      { device: 'a', field: 'rgb:0.output', value: true },
      { device: 'a', field: 'rgb:0.rgb', value: 'rgb:255,0,0' },
      { device: 'a', field: 'rgb:0.brightness', value: 40 },
    ]);
    expect(decode('a/online', 'false')).toEqual([{ device: 'a', field: AVAILABILITY, value: false }]);
    expect(decode('a/status/mqtt', { connected: true })).toEqual([]);
    const deep = createShellyDecoder({ prefixes: ['home/garage'] });
    expect(deep.topics).toContain('home/garage/status/+');
    expect(deep.decode(message('home/garage/status/switch:1', { output: false }))).toEqual([
      { device: 'home/garage', field: 'switch:1.output', value: false },
    ]);
  });

  it('makes components commandable as they show up', () => {
    const house = registry();
    expect(
      read(house, decoder, 'p/status/switch:0', {
        output: true,
        apower: 12.5,
        temperature: { tC: 40, tF: 104 },
      }),
    ).toEqual({
      'switch.p.state': 'on',
      'sensor.p.power': 12.5,
      'sensor.p.device_temperature': 40,
    });
    expect(read(house, decoder, 'p/status/switch:1', { output: false })).toEqual({
      'switch.p_1.state': 'off',
    });
    expect(house.entity('switch.p_1')?.target).toEqual({
      dialect: 'shelly',
      address: { rpc: 'p/rpc', component: 'switch', id: 1 },
    });
  });

  const data = dataFolder('aioshelly');
  const fixture = (name: string): unknown =>
    JSON.parse(readFileSync(join(data.path, 'tests/rpc_device/fixtures', name), 'utf8'));
  const devices = ['shelly2pmg3', 'shellyblugatewaygen3', 'shellymini1gen4'];
  it.skipIf(!data.present)(`reads real statuses ${data.reason}`, () => {
    const house = registry();
    const values: Record<string, unknown> = {};
    for (const device of devices) {
      const params = fixture(`${device}/Shelly.GetStatus`);
      Object.assign(
        values,
        read(house, decoder, `${device}/events/rpc`, { method: 'NotifyFullStatus', params }),
      );
    }
    expect(values).toMatchObject({
      'cover.shelly2pmg3.state': 'open',
      'cover.shelly2pmg3.position': 100,
      'sensor.shelly2pmg3.voltage': 219.2,
      'sensor.shellyblugatewaygen3.battery': 100,
      'switch.shellymini1gen4.state': 'off',
      'sensor.shellymini1gen4.device_temperature': 64.4,
      'binary_sensor.shellymini1gen4_input.state': 'off',
    });
    const moving = fixture('shelly2pmg3/Cover.GetStatus');
    expect(read(house, decoder, 'shelly2pmg3/status/cover:0', moving)).toMatchObject({
      'cover.shelly2pmg3.state': 'closing',
      'cover.shelly2pmg3.position': 51,
    });
  });
});
