import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AVAILABILITY } from '../../../runtime/contract/reading.ts';
import { createTasmotaDecoder } from '../../../sensors/decode/tasmota.ts';
import { dataFolder } from '../../support/data.ts';
import { message, read, registry } from '../../support/house/world.ts';

const decoder = createTasmotaDecoder();
const decode = (topic: string, payload: unknown) => decoder.decode(message(topic, payload));
const data = dataFolder('tasmota');

describe('tasmota decoder', () => {
  it('reads sensors with the unit the message names', () => {
    expect(
      decode('tele/shed/SENSOR', {
        Time: '2026-01-01T00:00:00',
        AM2301: { Temperature: 68, Humidity: 50 },
        TempUnit: 'F',
      }),
    ).toEqual([
      { device: 'shed', field: 'AM2301.Temperature', value: 68, unit: '°F' },
      { device: 'shed', field: 'AM2301.Humidity', value: 50 },
    ]);
    expect(
      decode('stat/shed/STATUS8', { StatusSNS: { BME280: { Pressure: 1000.5 }, PressureUnit: 'hPa' } }),
    ).toEqual([{ device: 'shed', field: 'BME280.Pressure', value: 1000.5, unit: 'hPa' }]);
  });

  it('reads power states, shutters, colours and availability', () => {
    expect(decode('stat/lamp/POWER2', 'ON')).toEqual([{ device: 'lamp', field: 'POWER2', value: 'ON' }]);
    expect(decode('stat/lamp/RESULT', { POWER: 'OFF', SetOption65: 'ON', HSBColor: '120,100,50' })).toEqual([
      { device: 'lamp', field: 'POWER', value: 'OFF' },
      { device: 'lamp', field: 'HSBColor', value: 'hs:120,100,50' },
    ]);
    expect(decode('stat/blind/RESULT', { Shutter1: { Position: 40, Direction: -1 } })).toEqual([
      { device: 'blind', field: 'Shutter1.Position', value: 40 },
      { device: 'blind', field: 'Shutter1.State', value: 'closing' },
    ]);
    expect(decode('tele/lamp/LWT', 'Offline')).toEqual([
      { device: 'lamp', field: AVAILABILITY, value: false },
    ]);
    expect(decode('tele/up/stairs/STATE', { POWER: 'ON' })[0]?.device).toBe('up/stairs');
    expect(decode('tele/lamp/INFO1', { Info1: { Version: '14' } })).toEqual([]);
    expect(decode('cmnd/lamp/POWER', 'ON')).toEqual([]);
  });

  it.skipIf(!data.present)(`reads all real payloads ${data.reason}`, () => {
    const lines = readFileSync(join(data.path, 'telemetry.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(lines).toHaveLength(87);
    const house = registry();
    let readings = 0;
    for (const line of lines) {
      for (const last of ['SENSOR', 'STATE']) {
        const values = read(house, decoder, `tele/real/${last}`, line);
        for (const value of Object.values(values)) expect(value).not.toBeNaN();
        readings += Object.keys(values).length;
      }
    }
    expect(readings).toBeGreaterThan(200);
    expect(house.problems()).toEqual([]);
    const sensor = house.entity('sensor.real');
    expect(sensor?.properties['power']).toEqual({ unit: 'W' });
    expect(sensor?.properties['ds18b20_2_temperature']).toEqual({ unit: '°C' });
    expect(sensor?.properties['co2']).toEqual({ unit: 'ppm' });
    expect(house.entity('switch.real_2')?.commands).toContain('turn_on');
  });
});
