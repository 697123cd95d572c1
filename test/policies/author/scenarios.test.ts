import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeScenario, scenariosFor } from '../../../policies/author/scenarios.ts';
import type { Draft } from '../../../policies/author/draft.ts';
import { writeDraft } from '../../../policies/author/write.ts';
import { createLocalTime } from '../../../policies/rules/local-time.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { runTests, testsFor } from '../../../runtime/author/trial.ts';
import { HOME, MONDAY, SETTINGS } from '../../support/author.ts';

const part = <T>(value: T) => ({ value, words: [] });
const DAY = 86_400_000;

function draft(when: string, conditions: readonly string[], more: Partial<Draft> = {}): Draft {
  return {
    when: part(when),
    if: conditions.map(part),
    // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
    then: [part('light.hallway.turn_on')],
    mode: 'suggest',
    ...more,
  };
}

describe('tests made for a rule', () => {
  const when = fc.constantFrom(
    'binary_sensor.hallway_motion.state == "on"',
    'sensor.living_room_air.temperature > 25',
    '(changed(person.nora.state) && person.nora.state == "home") || (changed(person.emil.state) && person.emil.state == "home")',
    'cron("30 7 * * 1-5")',
    'sunset("-30m")',
  );
  const conditions = fc.subarray([
    'sun.elevation < 0',
    '(now.time >= "16:00" || now.time < "09:00")',
    'now.weekday <= 5',
    'media_player.television.state != "off"',
    'sensor.bathroom_air.humidity < 60',
  ]);

  it('are passed by the rule, whenever they are made', async () => {
    await fc.assert(
      fc.asyncProperty(
        when,
        conditions,
        fc.constantFrom(0, 300_000),
        fc.integer({ min: 0, max: 14 * 24 * 6 }),
        async (trigger, limits, lasts, later) => {
          const made = draft(trigger, limits, lasts === 0 ? {} : { lasts: part(lasts) });
          const parts = {
            house: HOME,
            tools: [],
            settings: SETTINGS,
            from: (MONDAY + later * 600_000) as WallMs,
            turn: async () => {},
          };
          const results = await runTests(testsFor(made, parts), writeDraft('rule', made), parts);
          expect(results.filter(({ passed }) => !passed)).toEqual([]);
        },
      ),
      { numRuns: 12, seed: 5 },
    );
  });

  it('show that it acts, keeps to its conditions, waits and ends', () => {
    const made = draft('binary_sensor.hallway_motion.state == "on"', ['sun.elevation < 0'], {
      hold: part(60_000),
      lasts: part(300_000),
    });
    const site = { latitude: 52.5, longitude: 13.4 };
    const sky = { time: createLocalTime('Europe/Berlin'), site };
    const scenarios = scenariosFor(made, { house: HOME, sky, from: MONDAY });
    expect(scenarios.map(({ name }) => name)).toEqual([
      'acts',
      'does nothing unless the sun is down',
      'does nothing where it is over before 1 minute',
    ]);
    expect(scenarios[0]?.at).toBeLessThan(MONDAY + DAY);
    expect(describeScenario(scenarios[0]!)).toBe(
      'given binary_sensor.hallway_motion.state off; when binary_sensor.hallway_motion.state on: light.hallway.turn_on; then light.hallway.turn_off',
    );
  });

  it('are none for what looks back', () => {
    const made = draft('mean(sensor.living_room_air.temperature, "5m") > 25', []);
    const sky = { time: createLocalTime('UTC'), site: undefined };
    expect(scenariosFor(made, { house: HOME, sky, from: MONDAY })).toEqual([]);
  });
});
