import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readPolicyFiles } from '../../../runtime/policy-files.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { type KeptReading, replayPolicies } from '../../../runtime/replay/index.ts';
import { openPast } from '../../../runtime/replay/folder.ts';
import { configIn, live, START } from './support.ts';

const POLICIES = `
- { id: edge, when: 'binary_sensor.hall.state == "on"', then: light.hall.turn_on, mode: suggest, cooldown: 90s }
- { id: dark, when: sensor.hall.illuminance < 20, if: 'binary_sensor.hall.state == "on"', then: "light.hall.turn_on(brightness: 20)", mode: suggest }
- { id: held, when: 'binary_sensor.hall.state == "off"', for: 40s, then: light.hall.turn_off, mode: suggest }
- { id: warm, when: 'mean(sensor.hall.temperature, "2m") > 22', then: fan.hall.turn_on, mode: suggest }
- { id: rise, when: 'rose(sensor.hall.temperature, 2, "4m")', then: fan.hall.turn_on, mode: suggest, priority: 60 }
- { id: jump, when: 'fell(sensor.hall.temperature, 3)', then: fan.hall.turn_off, mode: suggest }
- { id: often, when: 'count(changed(binary_sensor.hall.state), "4m") >= 3', then: light.hall.turn_off, mode: suggest }
- { id: order, when: 'sequence(binary_sensor.door.state == "on", binary_sensor.hall.state == "on", "1m")', then: light.hall.turn_on, mode: suggest }
- { id: quarter, when: 'cron("*/5 * * * *")', if: sensor.hall.temperature > 20, then: fan.hall.turn_off, mode: suggest }
- { id: dusk, when: 'sunset("-5m")', then: light.hall.turn_on, mode: suggest }
- { id: hours, when: now.hour >= 14 && sensor.hall.illuminance > 40, then: light.hall.turn_off, mode: suggest }
- { id: fused, when: sensor.both.temperature > 21, then: fan.hall.turn_on, mode: suggest }
- { id: waits, when: sensor.hall.co2 > 900, then: fan.hall.turn_on, mode: suggest }
- id: choose
  decide:
    on: [sensor.hall.co2]
    choices: [none, fan.hall.turn_on]
    rungs: [tree]
    minInterval: 30s
`;

const HOUSE = {
  devices: {
    'binary_sensor.hall': { dialect: 'zigbee2mqtt', topic: 'a' },
    'binary_sensor.door': { dialect: 'zigbee2mqtt', topic: 'b' },
    'sensor.hall': { dialect: 'zigbee2mqtt', topic: 'c' },
    'sensor.both': { dialect: 'zigbee2mqtt', topic: 'd' },
    'sensor.attic': { dialect: 'zigbee2mqtt', topic: 'e' },
    'light.hall': { dialect: 'zigbee2mqtt', topic: 'f' },
    'fan.hall': { dialect: 'zigbee2mqtt', topic: 'g' },
  },
};

const onOff = fc.constantFrom<Value>('on', 'off');
const numbers = (low: number, high: number) => fc.integer({ min: low, max: high });
const reading = fc.oneof(
  fc.tuple(fc.constant<PropertyKey>('binary_sensor.hall.state'), onOff),
  fc.tuple(fc.constant<PropertyKey>('binary_sensor.door.state'), onOff),
  fc.tuple(fc.constant<PropertyKey>('sensor.hall.illuminance'), numbers(0, 60)),
  fc.tuple(fc.constant<PropertyKey>('sensor.hall.temperature'), numbers(17, 26)),
  fc.tuple(fc.constant<PropertyKey>('sensor.attic.temperature'), numbers(17, 26)),
  fc.tuple(fc.constant<PropertyKey>('sensor.hall.co2'), numbers(600, 1200)),
);
/** Messages: how long after the one before, and what they bring; no property twice in one. */
const stream = fc.array(
  fc.tuple(
    fc.oneof(numbers(1, 5000), numbers(1000, 60_000)),
    fc.uniqueArray(reading, { minLength: 1, maxLength: 3, selector: ([key]) => key }),
  ),
  { minLength: 30, maxLength: 70 },
);

it('fires exactly what the daemon fired on the stream that its journal kept', async () => {
  let fired = 0;
  await fc.assert(
    fc.asyncProperty(stream, async (steps) => {
      let at = START;
      const messages = steps.map(([gap, readings]): KeptReading[] => {
        at += gap;
        return readings.map(([key, value]) => ({ key, value, at: at as WallMs }));
      });
      const end = at + 240_000;
      const config = configIn(POLICIES, HOUSE, {
        fuse: {
          filters: { 'sensor.hall.co2': { debounce: '10s' }, 'sensor.*.temperature': { deadband: 0.5 } },
          combine: {
            'sensor.both.temperature': {
              of: ['sensor.hall.temperature', 'sensor.attic.temperature'],
              by: 'mean',
            },
          },
        },
      });
      const { decisions } = await live(config, messages, end);
      const past = openPast(config);
      const replayed: string[] = [];
      const result = await replayPolicies({
        files: readPolicyFiles(config.policies, (error) => {
          throw error;
        }),
        house: past.house,
        tools: [],
        settings: config,
        recording: past.recording,
        fromMs: START,
        toMs: end,
        warmupMs: 0,
        onFiring: ({ policy, atMs, explanation }) => {
          if (policy !== 'choose') replayed.push(`${atMs - START} ${policy} ${explanation}`);
        },
      });
      past.close();
      const lived = decisions
        .filter(({ policy }) => policy !== 'choose')
        .map(({ at: when, policy, explanation }) => `${when - START} ${policy} ${explanation}`);
      expect(replayed).toEqual(lived);
      expect(result.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      for (const { id, real } of result.policies) {
        if (id === 'choose') continue;
        expect(real).toMatchObject({ onlyReplayed: [], onlyReal: [] });
      }
      fired += lived.length;
    }),
    { numRuns: 5, endOnFailure: true },
  );
  expect(fired).toBeGreaterThan(60);
});
