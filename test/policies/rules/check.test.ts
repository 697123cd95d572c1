import { describe, expect, it } from 'vitest';
import { checkPolicies, formatProblem } from '../../../policies/index.ts';
import { testHouse } from '../support.ts';

const SAY = {
  name: 'say',
  parameters: {
    type: 'object',
    properties: { text: { type: 'string' }, volume: { type: 'number' } },
    required: ['text'],
  },
} as const;

function check(when: string, then = 'light.hall.turn_on'): string[] {
  const text = `- id: a\n  when: ${JSON.stringify(when)}\n  then: ${JSON.stringify(then)}`;
  const { problems } = checkPolicies([{ name: 'p.yaml', text }], testHouse(), [SAY]);
  return problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`);
}

describe('checkPolicies', () => {
  it.each([
    [
      'binary_sensor.hall_motion.state == "on" && sensor.hall.illuminance < 15',
      'light.hall.turn_on(brightness: 20)',
    ],
    ['person.anna.state == "home"', 'tool.say(text: "hello " + person.anna.state, volume: 3)'],
    ['now.time == "07:30"', 'light.hall.turn_on(color: "#ff8800")'],
    ['sensor.hall.mode in ["day", "night"]', 'light.hall.turn_on(brightness: sensor.hall.illuminance * 2)'],
    ['light.hall.brightness > 20 ? true : false', 'notify.phone.send(message: string(sensor.living.co2))'],
  ])('accepts %s', (when, then) => {
    expect(check(when, then)).toEqual([]);
  });

  it.each([
    [
      'light.hal.state == "on"',
      'light.hall.turn_on',
      'Expected an entity of the house but received light.hal; did you mean light.hall?',
    ],
    ['light.hall.brightnes > 3', 'light.hall.turn_on', 'did you mean brightness?'],
    [
      'light.hall.state == "onn"',
      'light.hall.turn_on',
      'Expected a value of light.hall.state but received "onn"; did you mean on?',
    ],
    ['light.hall.state < 5', 'light.hall.turn_on', 'light.hall.state is a text and 5 a number'],
    [
      'sensor.hall.illuminance',
      'light.hall.turn_on',
      'Expected a condition (true or false) but sensor.hall.illuminance is a number',
    ],
    ['now.time > "7:00"', 'light.hall.turn_on', 'Expected a time as "HH:MM"'],
    ['1 + 1', 'light.hall.turn_on', 'is a number'],
    ['true && 3', 'light.hall.turn_on', 'Expected a boolean for &&'],
    ['sensor.hall.illuminance.contains("x")', 'light.hall.turn_on', 'Expected a text for contains'],
    ['true < false', 'light.hall.turn_on', 'no order'],
    ['true', 'light.hall.trun_on', 'did you mean turn_on?'],
    ['true', 'light.hall.turn_on(brigthness: 3)', 'did you mean brightness?'],
    ['true', 'light.hall.turn_on(brightness: 120)', 'Expected 0 to 100 % for brightness but received 120'],
    ['true', 'light.hall.turn_on(brightness: "high")', 'Expected a number for brightness'],
    [
      'true',
      'light.hall.turn_on(brightness: person.anna.state)',
      'Expected a number but person.anna.state is a text',
    ],
    ['true', 'light.hall.turn_on(color: "#12")', 'Expected a color name'],
    ['true', 'sensor.hall.turn_on', 'Expected an entity that takes commands but sensor.hall only reports'],
    ['true', 'fan.living.set_speed', 'Expected the argument speed'],
    ['true', 'tool.sya(text: "x")', 'did you mean say?'],
    ['true', 'tool.say(volume: 3)', 'Expected the argument text'],
    ['true', 'tool.say(text: 3)', 'Expected a text for text'],
  ])('refuses %s → %s', (when, then, message) => {
    const found = check(when, then);
    expect(found.join('\n')).toContain(message);
    expect(found[0]).toMatch(/^error p\.yaml:1 a (when|then\[0\]): Expected /);
  });

  it('only warns of a sensor property that has not been seen yet', () => {
    expect(check('sensor.hall.humidity > 60')).toEqual([
      'warning p.yaml:1 a when: Expected a property of sensor.hall but received humidity; there is illuminance, mode',
    ]);
  });

  it('lets a policy wait for what is only named, and still finds what can never be right', () => {
    const house = testHouse();
    house.add('light.attic', { commands: [] });
    house.add('sensor.attic');
    const text = `
- id: a
  when: sensor.attic.humidity > 60
  then: [light.attic.turn_on, light.attic.turn_off, light.attic.trun_on, "light.attic.turn_on(brightness: 120)"]`;
    const { problems } = checkPolicies([{ name: 'p.yaml', text }], house, []);
    expect(problems.map(({ severity, path, waits }) => [severity, path, waits])).toEqual([
      ['warning', 'when', undefined],
      ['warning', 'then[0]', true],
      ['error', 'then[2]', undefined],
      ['error', 'then[3]', undefined],
    ]);
  });

  it('checks decide policies in every part', () => {
    const text = `
- id: air
  decide:
    on: [sensor.livin.co2]
    choices: [none, "fan.living.turn_on(speed: 160)"]
    features: [light.hall.colour]`;
    const { problems } = checkPolicies([{ name: 'p.yaml', text }], testHouse(), []);
    expect(problems.map((problem) => problem.path)).toEqual([
      'decide.on[0]',
      'decide.choices[1]',
      'decide.features[0]',
    ]);
  });
});
