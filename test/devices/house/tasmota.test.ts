import { describe, expect, it } from 'vitest';
import { createTasmotaDecoder } from '../../../sensors/decode/tasmota.ts';
import { message, read, registry } from '../../support/house/world.ts';

const decoder = createTasmotaDecoder();
const config = (more: object) => ({
  dn: 'Bench',
  fn: ['Left lamp', 'Right lamp', null],
  t: 'bench',
  ft: '%prefix%/%topic%/',
  tp: ['cmnd', 'stat', 'tele'],
  rl: [1, 1, 0],
  lt_st: 0,
  ...more,
});

describe('tasmota discovery', () => {
  it('knows relays with their names, lights by type and shutters', () => {
    const house = registry();
    house.discover(message('tasmota/discovery/AA01/config', config({})));
    expect(house.entity('switch.bench')?.name).toBe('Left lamp');
    expect(house.entity('switch.bench_2')?.name).toBe('Right lamp');
    house.discover(
      message('tasmota/discovery/AA02/config', config({ dn: 'Bulb', t: 'bulb', rl: [2], lt_st: 2 })),
    );
    expect(Object.keys(house.entity('light.bulb')?.properties ?? {})).toEqual([
      'state',
      'brightness',
      'color_temp',
    ]);
    house.discover(message('tasmota/discovery/AA03/config', config({ dn: 'Blind', t: 'blind', rl: [3, 3] })));
    expect(house.entity('cover.blind')?.commands).toEqual(['open', 'close', 'stop', 'set_position']);
    expect(read(house, decoder, 'stat/blind/RESULT', { Shutter1: { Position: 100, Direction: 0 } })).toEqual({
      'cover.blind.position': 100,
      'cover.blind.state': 'open',
    });
  });

  it('takes the sensors of the second message, converts Fahrenheit, and goes with an empty payload', () => {
    const house = registry();
    house.discover(message('tasmota/discovery/AA01/config', config({})));
    const sn = { Time: 'x', AM2301: { Temperature: 70, Humidity: 40 }, TempUnit: 'F' };
    house.discover(message('tasmota/discovery/AA01/sensors', { sn }));
    expect(house.entity('sensor.bench')?.properties).toEqual({
      temperature: { unit: '°C' },
      humidity: { unit: '%' },
    });
    expect(read(house, decoder, 'tele/bench/SENSOR', sn)).toEqual({
      'sensor.bench.temperature': 21.1,
      'sensor.bench.humidity': 40,
    });
    const version = house.version;
    house.discover(message('tasmota/discovery/AA01/config', config({})));
    house.discover(message('tasmota/discovery/AA01/sensors', { sn }));
    expect(house.version).toBe(version);
    house.discover(message('tasmota/discovery/AA01/config', ''));
    expect([...house.entities()]).toEqual([]);
  });

  it('uses the command topic of another full topic', () => {
    const house = registry();
    house.discover(
      message('tasmota/discovery/AA01/config', config({ ft: '%topic%/%prefix%/', tp: ['do'], rl: [1] })),
    );
    expect(house.entity('switch.bench')?.target?.address).toEqual({ prefix: 'bench/do/', power: 'POWER' });
  });
});
