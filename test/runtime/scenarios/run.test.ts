import { describe, expect, it } from 'vitest';
import {
  cameText,
  runScenarios,
  type Scenario,
  type ScenarioResult,
} from '../../../runtime/scenarios/index.ts';
import { entity, houseOf } from '../../support/house.ts';
import { SETTINGS } from '../replay/support.ts';

const HOUSE = houseOf([
  entity('light.hall'),
  entity('fan.hall'),
  entity('lock.door'),
  entity('binary_sensor.motion'),
  entity('sensor.hall', { properties: { temperature: {}, co2: {} } }),
]);
const MOTION = 'binary_sensor.motion.state';

function run(policies: string, ...scenarios: Omit<Scenario, 'name'>[]): readonly ScenarioResult[] {
  const named = scenarios.map((scenario, i): Scenario => ({ name: `test ${i}`, ...scenario }));
  const files = [{ name: 'policies.yaml', text: policies }];
  return runScenarios(named, { files, house: HOUSE, tools: [], settings: SETTINGS }).results;
}

const LIGHT = `
- { id: on, when: '${MOTION} == "on"', then: 'light.hall.turn_on(brightness: 20)' }
- { id: off, when: 'light.hall.state == "on" && ${MOTION} == "off"', for: 5m, then: light.hall.turn_off }`;
const OFF = { time: '2026-11-21 22:00', state: { [MOTION]: 'off', 'light.hall': { state: 'off' } } };

describe('given, when and then', () => {
  it('passes where all that was expected came, in any order, and nothing else', () => {
    const policies = `- { id: a, when: '${MOTION} == "on"', then: [light.hall.turn_on, 'fan.hall.turn_on(speed: 30)'] }`;
    const when = [{ [MOTION]: 'on' }];
    const [same, other, less, none] = run(
      policies,
      { given: OFF, when, then: ['fan.hall.turn_on(speed: 30)', 'light.hall.turn_on'] },
      { given: OFF, when, then: ['fan.hall.turn_on(speed: 40)', 'light.hall.turn_on'] },
      { given: OFF, when, then: ['light.hall.turn_on'] },
      { given: OFF, when: [], then: 'nothing' },
    );
    expect(same).toMatchObject({ passed: true, failures: [] });
    expect(other!.failures).toEqual([
      'Expected fan.hall.turn_on(speed: 40) but a called fan.hall.turn_on(speed: 30).',
    ]);
    expect(less!.failures).toEqual([
      'Expected nothing else but a called fan.hall.turn_on(speed: 30), because motion turned on.',
    ]);
    expect(none!.passed).toBe(true);
  });

  it('tests what templates become', () => {
    const template =
      '- { id: lamps, for_each: binary_sensor.*, when: it.state == "on", then: light.hall.turn_on }';
    const [result] = run(template, { given: OFF, when: [{ [MOTION]: 'on' }], then: ['light.hall.turn_on'] });
    expect(result).toMatchObject({ passed: true, failures: [] });
  });

  it('lets devices answer, so that what is done sets off what follows, at its own time', () => {
    const [result] = run(LIGHT, {
      given: OFF,
      when: [{ [MOTION]: 'on' }, { wait: '90s' }, { [MOTION]: 'off' }, { wait: '1h' }],
      then: ['light.hall.turn_on(brightness: 20)', 'light.hall.turn_off'],
    });
    expect(result).toMatchObject({ passed: true });
    expect(result!.came.map((one) => cameText(one, 'Europe/Berlin'))).toEqual([
      '22:00:00 on called light.hall.turn_on(brightness: 20), because motion turned on',
      '22:06:30 off called light.hall.turn_off, because hall is on and motion is off for 5m',
    ]);
  });

  it('looks at each step by itself, and says why what was expected did not come', () => {
    const [result] = run(LIGHT, {
      given: OFF,
      steps: [
        { when: [{ [MOTION]: 'on' }], then: ['light.hall.turn_on(brightness: 20)'] },
        { when: [{ [MOTION]: 'off' }, { wait: '4m59s' }], then: ['light.hall.turn_off'] },
        { when: [{ wait: '1s' }], then: ['light.hall.turn_off'] },
        { when: [], then: ['lock.door.lock'] },
      ],
    });
    expect(result!.failures).toEqual([
      'Expected light.hall.turn_off in step 2 but it did not come. off does not fire: its when has not been true for long enough.',
      'Expected lock.door.lock in step 4 but it did not come. No policy does that.',
    ]);
  });

  it('tells suggestions, approvals, refusals and questions apart', () => {
    const policies = `
- { id: suggests, when: '${MOTION} == "on"', then: light.hall.turn_on, mode: suggest }
- { id: opens, when: '${MOTION} == "on"', then: lock.door.unlock }
- { id: locks, when: '${MOTION} == "off"', then: lock.door.lock }
- { id: never-open, never: lock.*.unlock, while: sensor.hall.co2 > 900, because: somebody sleeps }
- { id: air, decide: { on: [sensor.hall.co2], choices: [none, fan.hall.turn_on], rungs: [tree] } }`;
    const when = [{ [MOTION]: 'on' }];
    const given = { state: { [MOTION]: 'off', 'sensor.hall.co2': 500 } };
    const results = run(
      policies,
      {
        given,
        when,
        then: [{ suggested: 'light.hall.turn_on', policy: 'suggests' }, { approval: 'lock.door.unlock' }],
      },
      {
        given: { state: { [MOTION]: 'off', 'sensor.hall.co2': 950 } },
        when,
        then: [{ suggested: 'light.hall.turn_on' }, { refused: 'lock.door.unlock', by: 'never-open' }],
      },
      { given, when: [{ 'sensor.hall.co2': 700 }], then: [{ asked: 'air' }] },
      {
        given,
        when,
        then: [
          { suggested: 'light.hall.turn_on', policy: 'opens' },
          { refused: 'lock.door.unlock', by: 'vetoed' },
        ],
      },
    );
    expect(results.map(({ passed }) => passed)).toEqual([true, true, true, false]);
    expect(results[3]!.failures).toHaveLength(2);
    expect(results[3]!.failures[1]).toBe(
      'Expected lock.door.unlock to be refused by vetoed but opens asked for approval of lock.door.unlock.',
    );
  });

  it('lets time pass to a time of day, and devices go out of reach', () => {
    const policies = `
- { id: seven, when: 'cron("0 7 * * *")', if: '${MOTION} == "off"', then: light.hall.turn_on }
- { id: back, when: '${MOTION} == "on"', then: fan.hall.turn_on }`;
    const given = { time: '2026-11-21 22:00', state: { [MOTION]: 'off' } };
    const [morning, gone, back] = run(
      policies,
      { given, when: [{ until: '07:00' }], then: ['light.hall.turn_on'] },
      {
        given,
        when: [{ unavailable: 'binary_sensor.motion' }, { until: '2026-11-22 07:00' }],
        then: ['light.hall.turn_on'],
      },
      {
        given,
        when: [
          { unavailable: 'binary_sensor.motion' },
          { available: 'binary_sensor.motion' },
          { [MOTION]: 'on' },
        ],
        then: ['fan.hall.turn_on'],
      },
    );
    expect([morning!.passed, back!.passed]).toEqual([true, true]);
    expect(gone!.failures[0]).toContain('seven did not fire: its condition is unknown');
  });

  it('ends a circle of rules', () => {
    const [result] = run(
      `
- { id: a, when: 'light.hall.state == "on"', then: light.hall.turn_off }
- { id: b, when: 'light.hall.state == "off"', then: light.hall.turn_on }`,
      {
        given: { state: { 'light.hall.state': 'off' } },
        when: [{ 'light.hall.state': 'on' }],
        then: 'nothing',
      },
    );
    expect(result!.passed).toBe(false);
    expect(result!.came.length).toBeLessThan(100);
  });
});
