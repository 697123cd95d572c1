import { describe, expect, it } from 'vitest';
import { AVAILABILITY } from '../../../runtime/contract/reading.ts';
import { createZigbee2mqttDecoder } from '../../../sensors/decode/zigbee2mqtt.ts';
import { message, NOON } from '../../support/house/world.ts';

const decoder = createZigbee2mqttDecoder();
const decode = (topic: string, payload: unknown) => decoder.decode(message(topic, payload));

describe('zigbee2mqtt decoder', () => {
  it('reads every scalar of a state, under friendly names with slashes and hexadecimal default names', () => {
    expect(decode('zigbee2mqtt/0x00158d0001a2b3c4', { temperature: 21.5, linkquality: 120 })).toEqual([
      { device: '0x00158d0001a2b3c4', field: 'temperature', value: 21.5 },
      { device: '0x00158d0001a2b3c4', field: 'linkquality', value: 120 },
    ]);
    expect(decode('zigbee2mqtt/hall/front door', { contact: false })).toEqual([
      { device: 'hall/front door', field: 'contact', value: false },
    ]);
  });

  it('takes last_seen as the time of measurement, and not one that cannot be', () => {
    const at = NOON - 60_000;
    for (const last_seen of [at, new Date(at).toISOString()]) {
      expect(decode('zigbee2mqtt/a', { t: 1, last_seen })).toEqual([
        { device: 'a', field: 't', value: 1, at },
      ]);
    }
    for (const last_seen of [NOON + 3_600_000, 12, 'yesterday', null]) {
      expect(decode('zigbee2mqtt/a', { t: 1, last_seen })).toEqual([{ device: 'a', field: 't', value: 1 }]);
    }
  });

  it('makes one value of a colour and drops the approximation that is not the mode', () => {
    const color = { x: 0.3, y: 0.4, hue: 120, saturation: 100 };
    expect(decode('zigbee2mqtt/a', { color, color_mode: 'hs', color_temp: 300 })).toEqual([
      { device: 'a', field: 'color', value: 'hs:120,100' },
      { device: 'a', field: 'color_mode', value: 'hs' },
    ]);
    expect(decode('zigbee2mqtt/a', { color: { x: 0.3, y: 0.4 } })).toEqual([
      { device: 'a', field: 'color', value: 'xy:0.3,0.4' },
    ]);
    expect(decode('zigbee2mqtt/a', { color: { hex: '#00ff00' } })).toEqual([
      { device: 'a', field: 'color', value: 'hex:#00ff00' },
    ]);
    expect(decode('zigbee2mqtt/a', { color, color_mode: 'color_temp', color_temp: 300 })).toEqual([
      { device: 'a', field: 'color_mode', value: 'color_temp' },
      { device: 'a', field: 'color_temp', value: 300 },
    ]);
  });

  it('reads availability, legacy text and JSON', () => {
    const online = [{ device: 'hall/lamp', field: AVAILABILITY, value: true }];
    expect(decode('zigbee2mqtt/hall/lamp/availability', 'online')).toEqual(online);
    expect(decode('zigbee2mqtt/hall/lamp/availability', { state: 'online' })).toEqual(online);
    expect(decode('zigbee2mqtt/a/availability', { state: 'offline' })[0]?.value).toBe(false);
    expect(decode('zigbee2mqtt/a/availability', 'perhaps')).toEqual([]);
  });

  it.each([
    'bridge/state',
    'bridge/devices',
    'lamp/set',
    'lamp/get',
    'lamp/set/brightness',
    'lamp/left/set',
    'bridge',
  ])('ignores zigbee2mqtt/%s', (rest) => {
    expect(decode(`zigbee2mqtt/${rest}`, '{"state":"ON"}')).toEqual([]);
  });

  it('leaves out update, arrays and null, and reads single attributes', () => {
    expect(
      decode('zigbee2mqtt/a', { update: { state: 'idle' }, update_available: null, list: [1], state: 'ON' }),
    ).toEqual([{ device: 'a', field: 'state', value: 'ON' }]);
    expect(decode('zigbee2mqtt/kitchen/lamp/brightness', '100')).toEqual([
      { device: 'kitchen/lamp', field: 'brightness', value: 100 },
    ]);
  });

  it('listens to another base and keeps its devices apart', () => {
    const other = createZigbee2mqttDecoder({ base: 'z2', prefix: 'z2/' });
    expect(other.topics).toEqual(['z2/#']);
    expect(other.decode(message('z2/lamp', { state: 'ON' }))).toEqual([
      { device: 'z2/lamp', field: 'state', value: 'ON' },
    ]);
  });
});
