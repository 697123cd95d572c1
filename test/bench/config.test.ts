import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeDaemonConfig } from '../../bench/support/systems.ts';
import { createRegistry, encoderFor } from '../../devices/index.ts';
import { checkPolicies } from '../../policies/index.ts';
import { loadConfig } from '../../runtime/config/load.ts';
import { ManualClock } from '../../runtime/lib/clock.ts';
import { action } from '../support/samples.ts';

test('the daemon under test gets a configuration, a house and rules that fit each other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-test-'));
  try {
    const around = { pairs: 3, qos: 0 as const, brokerPort: 1883, folder };
    const config = loadConfig(await writeDaemonConfig(around));
    expect(Object.keys(config.fuse.combine)).toEqual(['sensor.mean_0.temperature']);
    expect(config.house).toBe(join(folder, 'house.yaml'));
    const houseFile = JSON.parse(readFileSync(join(folder, 'house.yaml'), 'utf8')) as unknown;
    const house = createRegistry({ houseFile, clock: new ManualClock() });
    expect(house.problems()).toEqual([]);
    const field = { device: 'climate_002', field: 'temperature', value: 21 };
    expect(house.resolve('zigbee2mqtt', field)?.key).toBe('sensor.climate_002.temperature');
    const target = house.entity('switch.plug_002')?.target;
    expect(target).toBeDefined();
    const turnOn = action('a', { entity: 'switch.plug_002', command: 'turn_on' });
    expect(encoderFor('zigbee2mqtt').encode(turnOn, target!)).toEqual([
      { topic: 'zigbee2mqtt/plug_002/set', payload: '{"state":"ON"}' },
    ]);
    const state = { device: 'plug_002', field: 'state', value: 'ON' };
    expect(house.resolve('zigbee2mqtt', state)).toMatchObject({ key: 'switch.plug_002.state', value: 'on' });
    const file = { name: 'bench.yaml', text: readFileSync(join(folder, 'policies/bench.yaml'), 'utf8') };
    const { policies, problems } = checkPolicies([file], house, []);
    // A sensor that has not spoken yet is no more than a warning.
    expect(problems.filter((problem) => problem.severity !== 'warning')).toEqual([]);
    expect(problems.filter((problem) => problem.message.includes('climate_002'))).toEqual([]);
    expect(policies).toHaveLength(6);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
