import { describe, expect, it } from 'vitest';
import type { HouseRegistry } from '../../devices/index.ts';
import type { Decoder } from '../../runtime/contract/decoder.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { Senses, type Sensed } from '../../runtime/sense.ts';
import { createPointsDecoder } from '../../sensors/decode/points.ts';
import { createTasmotaDecoder } from '../../sensors/decode/tasmota.ts';
import { createZigbee2mqttDecoder } from '../../sensors/decode/zigbee2mqtt.ts';
import { message, registry } from '../support/house/world.ts';
import * as z from '../support/house/zigbee2mqtt.ts';

const DEVICES = 'zigbee2mqtt/bridge/devices';

function sensesOf(house: HouseRegistry, ...decoders: Decoder[]) {
  const problems: string[] = [];
  const senses = new Senses({ registry: house, decoders, onProblem: (code) => problems.push(code) });
  return (topic: string, payload: unknown): Sensed => {
    const sensed = senses.sense(message(topic, payload));
    expect(problems).toEqual([]);
    return sensed;
  };
}

function values({ readings }: Sensed): Record<string, Value> {
  return Object.fromEntries(readings.map(({ key, value }) => [key, value]));
}

describe('values that came before their device was announced', () => {
  it('Zigbee2MQTT: a lamp taken for a switch is a lamp at once, in state and availability', () => {
    const house = registry();
    const sense = sensesOf(house, createZigbee2mqttDecoder());
    expect(sense('zigbee2mqtt/kitchen_ceiling/availability', { state: 'offline' }).availability).toEqual([
      { entities: [], available: false },
    ]);
    expect(values(sense('zigbee2mqtt/kitchen_ceiling', { state: 'ON', power_on_behavior: 'on' }))).toEqual({
      'switch.kitchen_ceiling.state': 'on',
    });
    sense('zigbee2mqtt/kitchen_ceiling', { state: 'OFF' });
    const late = sense(DEVICES, z.ALL_DEVICES);
    expect(values(late)).toMatchObject({ 'light.kitchen_ceiling.state': 'off' });
    expect(late.readings.every((reading) => reading.retained)).toBe(true);
    expect(late.gone).toEqual(['switch.kitchen_ceiling.state']);
    const [reach] = late.availability;
    expect(reach?.available).toBe(false);
    expect(reach?.entities).toContain('light.kitchen_ceiling');
    expect(house.entity('switch.kitchen_ceiling')).toBeUndefined();
    // Once announced, nothing is filed anew any more.
    expect(sense(DEVICES, z.ALL_DEVICES)).toMatchObject({ readings: [], gone: [] });
  });

  it('leaves the id of a wrong guess to the next device that wants it', () => {
    const house = registry();
    const sense = sensesOf(house, createZigbee2mqttDecoder());
    sense('zigbee2mqtt/kitchen_ceiling', { state: 'ON' });
    sense(DEVICES, z.ALL_DEVICES);
    sense('zigbee2mqtt/Kitchen ceiling', { state: 'ON' });
    expect(house.entity('switch.kitchen_ceiling')?.device).toBe('zigbee2mqtt/Kitchen ceiling');
  });

  it('files a message anew that turns out half-way to come from a lamp', () => {
    const house = registry();
    const sense = sensesOf(house, createZigbee2mqttDecoder());
    const sensed = sense('zigbee2mqtt/porch', { state: 'ON', brightness: 254 });
    expect(values(sensed)).toEqual({ 'light.porch.state': 'on', 'light.porch.brightness': 100 });
    expect(sensed.gone).toEqual(['switch.porch.state']);
  });

  it('moves a value with the id that house.yaml gives to another part', () => {
    const house = registry({
      houseFile: { devices: { 'binary_sensor.front_door': { dialect: 'zigbee2mqtt', topic: 'door' } } },
    });
    const sense = sensesOf(house, createZigbee2mqttDecoder());
    expect(values(sense('zigbee2mqtt/door', { tamper: true }))).toEqual({
      'binary_sensor.front_door.state': 'on',
    });
    const sensed = sense('zigbee2mqtt/door', { contact: true });
    expect(values(sensed)).toEqual({
      'binary_sensor.front_door.state': 'off',
      'binary_sensor.front_door_tamper.state': 'on',
    });
    expect(sensed.gone).toEqual([]);
  });

  it('Tasmota: a relay that is a light', () => {
    const house = registry();
    const sense = sensesOf(house, createTasmotaDecoder());
    const early = sense('stat/bulb/RESULT', { POWER: 'ON' });
    expect(values(early)).toEqual({ 'switch.bulb.state': 'on' });
    const late = sense('tasmota/discovery/AA02/config', {
      dn: 'Bulb',
      fn: ['Bulb'],
      t: 'bulb',
      ft: '%prefix%/%topic%/',
      tp: ['cmnd', 'stat', 'tele'],
      rl: [2],
      lt_st: 1,
    });
    expect(values(late)).toEqual({ 'light.bulb.state': 'on' });
    expect(late.gone).toEqual(['switch.bulb.state']);
    expect([...house.entities()].map(({ id }) => id)).toEqual(['light.bulb']);
  });

  it('Home Assistant: a part that a later announcement shows to be another', () => {
    const house = registry({
      houseFile: { devices: { 'binary_sensor.front_door': { dialect: 'homeassistant', topic: 'd1' } } },
    });
    const sense = sensesOf(house, createPointsDecoder({ dialect: 'homeassistant', source: house }));
    const announce = (what: string): Sensed =>
      sense(`homeassistant/binary_sensor/d1_${what}/config`, {
        unique_id: `d1_${what}`,
        device_class: what,
        state_topic: `d1/${what}`,
        device: { identifiers: ['d1'], name: 'Door' },
      });
    announce('tamper');
    expect(values(sense('d1/tamper', 'ON'))).toEqual({ 'binary_sensor.front_door.state': 'on' });
    const late = announce('door');
    expect(values(late)).toEqual({ 'binary_sensor.front_door_tamper.state': 'on' });
    expect(late.gone).toEqual(['binary_sensor.front_door.state']);
    expect(values(sense('d1/door', 'OFF'))).toEqual({ 'binary_sensor.front_door.state': 'off' });
  });

  it('keeps no more than it may, and says what it gave up', () => {
    const house = registry({ limits: { latest: 3 } });
    const sense = sensesOf(house, createZigbee2mqttDecoder());
    sense('zigbee2mqtt/kitchen_ceiling', { state: 'ON' });
    for (let n = 0; n < 100; n++) sense(`zigbee2mqtt/other${n}`, { state: 'ON' });
    expect(house.dropped).toBe(98);
    expect(sense(DEVICES, z.ALL_DEVICES).readings).toEqual([]);
  });

  it('is the same whichever comes first', () => {
    const payload = { state: 'ON', brightness: 100, color_temp: 300, linkquality: 90 };
    const state = (order: readonly (readonly [string, unknown])[]): Record<string, Value> => {
      const known = new Map<string, Value>();
      const sense = sensesOf(registry(), createZigbee2mqttDecoder());
      for (const [topic, content] of order) {
        const sensed = sense(topic, content);
        for (const key of sensed.gone) known.delete(key);
        for (const { key, value } of sensed.readings) known.set(key, value);
      }
      return Object.fromEntries([...known].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    };
    const first = ['zigbee2mqtt/kitchen_ceiling', payload] as const;
    const second = [DEVICES, z.ALL_DEVICES] as const;
    expect(state([first, second])).toEqual(state([second, first]));
  });
});

describe('names that are too long', () => {
  it('ignores the topic, device or field, and names none of them', () => {
    const house = registry();
    const said: string[][] = [];
    const decoder: Decoder = {
      dialect: 'own',
      topics: ['#'],
      decode: ({ topic }) => [
        { device: topic, field: 'power', value: 1 },
        { device: 'meter', field: topic, value: 1 },
      ],
    };
    const senses = new Senses({
      registry: house,
      decoders: [decoder],
      onProblem: (code, about) => said.push([code, about]),
    });
    expect(senses.sense(message('x'.repeat(257), '1')).readings).toEqual([]);
    expect(senses.sense(message('y'.repeat(129), '1')).readings).toEqual([]);
    expect(said).toEqual([
      ['TOPIC_TOO_LONG', ''],
      ['NAME_TOO_LONG', 'own'],
      ['NAME_TOO_LONG', 'own'],
    ]);
    expect([...house.entities()]).toEqual([]);
    expect(senses.sense(message('z'.repeat(128), '1')).readings.length).toBe(2);
  });
});
