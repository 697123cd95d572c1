import { describe, expect, it } from 'vitest';
import { checkPolicies, createRuleEngine, parsePolicies } from '../../../policies/index.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import { at, testHouse, TestState } from '../support.ts';

const YAML = `
- id: never-unlock-empty
  never: lock.*.unlock
  while: person.anna.state != "home"
  because: nobody is home
- { id: dark, never: [light.hall.turn_off], while: now.hour >= 20, mode: auto }
- { id: off, never: "fan.*.*", mode: off }
- { id: window, never: "cover.living*.*" }
`;

function engine(state0: Record<PropertyKey, Value> = {}) {
  const { policies, vetoes, problems } = parsePolicies([{ name: 'v.yaml', text: YAML }]);
  expect(problems).toEqual([]);
  const state = new TestState();
  for (const [key, value] of Object.entries(state0)) state.set(key as PropertyKey, value);
  const made = createRuleEngine({ policies, vetoes, house: testHouse(), tools: [], state, timezone: 'UTC' });
  made.prime(at(0));
  return {
    state,
    ask: (entity: `${string}.${string}`, command: string, offset = 0) =>
      made.veto({ entity, command, args: {} }, at(offset)),
  };
}

describe('rules that forbid', () => {
  it('forbid while their condition is true, and say why', () => {
    const { state, ask } = engine({ 'person.anna.state': 'not_home' });
    expect(ask('lock.door', 'unlock')).toEqual({
      policy: 'never-unlock-empty',
      reason: 'never-unlock-empty forbids it: nobody is home (anna is not_home (not home))',
    });
    expect(ask('lock.door', 'lock')).toBeUndefined();
    state.set('person.anna.state', 'home');
    expect(ask('lock.door', 'unlock')).toBeUndefined();
  });

  it('forbid while their condition is unknown', () => {
    const { ask } = engine();
    expect(ask('lock.door', 'unlock')?.reason).toContain('unless its condition is known to be false');
  });

  it('look at the clock as it is when they are asked', () => {
    const { ask } = engine();
    expect(ask('light.hall', 'turn_off')).toBeUndefined();
    expect(ask('light.hall', 'turn_off', 9 * 3_600_000)?.policy).toBe('dark');
  });

  it('take a toggle for either of what it may do', () => {
    const { ask } = engine();
    expect(ask('light.hall', 'toggle', 9 * 3_600_000)?.policy).toBe('dark');
    expect(ask('light.hall', 'turn_on', 9 * 3_600_000)).toBeUndefined();
  });

  it('forbid always without a condition, and nothing when they are off', () => {
    const { ask } = engine();
    expect(ask('cover.living_window', 'open')?.reason).toBe('window forbids it: always');
    expect(ask('fan.living', 'turn_on')).toBeUndefined();
  });

  it.each([
    ['- { id: a, never: unlock }', 'Expected entity.command such as lock.*.unlock'],
    ['- { id: a, never: lock.*.unlock, while: "person.anna.state = 1" }', 'equality is written =='],
    ['- { id: a, never: lock.*.unlock, priority: 3 }', 'Expected a known key but received "priority"'],
    [
      '- { id: a, never: lock.*.unlock, while: "person.anna.state > 1" }',
      'Expected both sides of > to be of one type',
    ],
    ['- { id: a, never: siren.*.turn_on }', 'Expected siren.*.turn_on to concern an entity of the house'],
  ])('%s is a problem', (text, message) => {
    const { problems } = checkPolicies([{ name: 'v.yaml', text }], testHouse(), []);
    expect(problems.map((problem) => problem.message).join()).toContain(message);
  });
});

describe('contradictory rules', () => {
  it('are named, with the one that wins', () => {
    const text = `
- { id: a, when: 'binary_sensor.door.state == "on"', then: light.hall.turn_on }
- { id: b, when: 'binary_sensor.door.state == "on"', then: light.hall.turn_off, priority: 60 }
- { id: c, when: 'binary_sensor.door.state == "on"', then: light.kitchen.turn_off }
- { id: d, when: 'binary_sensor.door.state == "on"', if: now.hour > 5, then: light.hall.turn_off }`;
    const { problems } = checkPolicies([{ name: 'c.yaml', text }], testHouse(), []);
    expect(problems).toEqual([
      expect.objectContaining({
        severity: 'warning',
        policy: 'a',
        message: expect.stringContaining('b comes first, so a never acts'),
      }),
    ]);
  });
});
