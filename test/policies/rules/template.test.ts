import { describe, expect, it } from 'vitest';
import { checkPolicies, createRuleEngine, parsePolicies, type RuleSpec } from '../../../policies/index.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import { at, TestHouse, TestState } from '../support.ts';

const ONOFF = { state: { values: ['on', 'off'] } };

function rooms(): TestHouse {
  return new TestHouse({
    'binary_sensor.hall_motion': { area: 'hall', properties: ONOFF },
    'binary_sensor.kitchen_motion': { area: 'kitchen', properties: ONOFF },
    'binary_sensor.kitchen_door_motion': { area: 'kitchen', properties: ONOFF },
    'binary_sensor.hall_window': { area: 'hall', properties: ONOFF, name: 'Hall window' },
    'light.hall': { area: 'hall' },
    'light.kitchen_1': { area: 'kitchen' },
    'light.kitchen_2': { area: 'kitchen' },
    'light.bath': { area: 'bath' },
    'sensor.hall': { area: 'hall', properties: { illuminance: { unit: 'lx' } } },
    'sensor.kitchen': {
      area: 'kitchen',
      properties: { temperature: { unit: '°C' }, illuminance: { unit: 'lx' } },
    },
    'notify.phone': {},
  });
}

const MOTION = `
- id: motion-light
  for_each: area
  with: { motion: binary_sensor.*_motion, lamp: light.*, lux: sensor.*.illuminance }
  when: motion.state == "on"
  if: lux < 15
  then: "lamp.turn_on(brightness: 20)"
  cooldown: 10s
`;

function check(text: string, house = rooms()) {
  return checkPolicies([{ name: 'p.yaml', text }], house, []);
}

function rulesOf(text: string, house = rooms()): Record<string, string> {
  const { policies, problems } = check(text, house);
  expect(problems).toEqual([]);
  return Object.fromEntries(
    (policies as RuleSpec[]).map((rule) => [
      rule.id,
      [rule.when.source, ...(rule.if === undefined ? [] : [`if ${rule.if.source}`])]
        .concat(rule.calls.map((call) => call.source))
        .join(' | '),
    ]),
  );
}

function messages(text: string, house = rooms()): string[] {
  return check(text, house).problems.map(({ severity, policy, path, message }) =>
    [severity, policy ?? '-', path, message].join(' '),
  );
}

function running(text: string, house: TestHouse) {
  const { policies, templates, problems } = parsePolicies([{ name: 'p.yaml', text }]);
  expect(problems).toEqual([]);
  const state = new TestState();
  const engine = createRuleEngine({ policies, templates, house, tools: [], state, timezone: 'UTC' });
  let ms = 0;
  engine.prime(at(ms));
  return {
    engine,
    grow: () => engine.recheck(house, at(ms)),
    set: (key: PropertyKey, value: Value | undefined): string[] => {
      ms += 1000;
      return engine.changed([state.set(key, value)], at(ms), false, []).map(({ policy }) => policy);
    },
    ids: () => engine.infos().map(({ id }) => id),
  };
}

describe('a rule for each area', () => {
  it('is made for the areas that have what it needs, once for each that it looks at, acting on all that it acts on', () => {
    expect(rulesOf(MOTION)).toEqual({
      'motion-light.hall':
        'binary_sensor.hall_motion.state == "on" | if sensor.hall.illuminance < 15 | light.hall.turn_on(brightness: 20)',
      'motion-light.kitchen.kitchen_door_motion':
        'binary_sensor.kitchen_door_motion.state == "on" | if sensor.kitchen.illuminance < 15 | light.kitchen_1.turn_on(brightness: 20) | light.kitchen_2.turn_on(brightness: 20)',
      'motion-light.kitchen.kitchen_motion':
        'binary_sensor.kitchen_motion.state == "on" | if sensor.kitchen.illuminance < 15 | light.kitchen_1.turn_on(brightness: 20) | light.kitchen_2.turn_on(brightness: 20)',
    });
  });

  it('can be for some areas only, and know their names', () => {
    const text = `
- id: say
  for_each: [kitchen]
  with: { heat: sensor.*.temperature }
  when: heat > 30 && changed(heat)
  then: 'notify.phone.send(message: heat.name + " in " + area.name)'`;
    expect(rulesOf(text)).toEqual({
      'say.kitchen':
        'sensor.kitchen.temperature > 30 && changed(sensor.kitchen.temperature) | notify.phone.send(message: "sensor.kitchen" + " in " + "The kitchen")',
    });
  });

  it('can be for each entity, with others of its area', () => {
    const text = `
- id: open
  for_each: binary_sensor.*_window
  with: { lamp: light.* }
  when: it.state == "on"
  for: 30m
  then: ['notify.phone.send(message: it.name)', lamp.turn_off]`;
    expect(rulesOf(text)).toEqual({
      'open.hall_window':
        'binary_sensor.hall_window.state == "on" | notify.phone.send(message: "Hall window") | light.hall.turn_off',
    });
  });

  it('runs like any rule, and comes to be when the house grows', () => {
    const house = rooms();
    const { set, ids, grow, engine } = running(MOTION, house);
    set('sensor.hall.illuminance', 5);
    set('binary_sensor.hall_motion.state', 'off');
    expect(set('binary_sensor.hall_motion.state', 'on')).toEqual(['motion-light.hall']);
    const before = ids();
    house.add('binary_sensor.bath_motion', { area: 'bath', properties: ONOFF });
    grow();
    expect(ids()).toEqual(before);
    house.add('sensor.bath', { area: 'bath', properties: { illuminance: { unit: 'lx' } } });
    grow();
    expect(ids()).toContain('motion-light.bath');
    set('sensor.bath.illuminance', 5);
    set('binary_sensor.bath_motion.state', 'off');
    expect(set('binary_sensor.bath_motion.state', 'on')).toEqual(['motion-light.bath']);
    // What was there before goes on as it was: its cooldown is not over.
    set('binary_sensor.hall_motion.state', 'off');
    expect(set('binary_sensor.hall_motion.state', 'on')).toEqual([]);
    expect(engine.explain('motion-light.hall', at(9000)).lastWhyNot?.reason).toContain('cooldown');
    house.remove('binary_sensor.bath_motion');
    grow();
    expect(ids()).not.toContain('motion-light.bath');
    set('binary_sensor.bath_motion.state', 'off');
    expect(set('binary_sensor.bath_motion.state', 'on')).toEqual([]);
    expect(engine.problems().filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('acts on a lamp that is added later', () => {
    const house = rooms();
    const { set, grow, engine } = running(MOTION, house);
    house.add('light.hall_2', { area: 'hall' });
    grow();
    set('sensor.hall.illuminance', 5);
    set('binary_sensor.hall_motion.state', 'off');
    set('binary_sensor.hall_motion.state', 'on');
    const spec = engine.policy('motion-light.hall') as RuleSpec;
    expect(spec.calls.map(({ entity }) => entity)).toEqual(['light.hall', 'light.hall_2']);
  });

  it('keeps its place among the other rules when two act on one entity', () => {
    const text = `
- { id: first, when: 'binary_sensor.hall_motion.state == "on"', then: light.hall.turn_on }
- { id: room, for_each: [hall], with: { lamp: light.* }, when: 'prop("binary_sensor.hall_motion.state") == "on"', then: lamp.turn_off }
- { id: last, when: '!(binary_sensor.hall_motion.state == "off")', then: light.hall.toggle }`;
    const winners = (skip: string): string[] => {
      const { set } = running(
        text
          .split('\n')
          .filter((line) => !line.includes(`id: ${skip},`))
          .join('\n'),
        rooms(),
      );
      set('binary_sensor.hall_motion.state', 'off');
      return set('binary_sensor.hall_motion.state', 'on');
    };
    expect(winners('none')).toEqual(['first']);
    expect(winners('first')).toEqual(['room.hall']);
  });

  it('is named when nothing fits', () => {
    expect(
      messages(MOTION.replace('lamp: light.*', 'lamp: fan.*').replace('turn_on(brightness: 20)', 'turn_on')),
    ).toEqual([
      'warning motion-light for_each Expected an area with motion (binary_sensor.*_motion with state), lamp (fan.* with turn_on()), lux (sensor.* with illuminance) but the house has none; there is nothing anywhere for lamp',
    ]);
    expect(messages(MOTION.replace('for_each: area', 'for_each: [attic]'))[0]).toBe(
      'error motion-light for_each Expected an area of the house but received attic',
    );
  });

  it.each([
    [
      'for_each: area',
      'for_each: rooms',
      'Expected area, a list of areas, or entities such as light.* but received "rooms"',
    ],
    ['lamp: light.*', 'lamp: light', 'Expected entities such as light.* but received "light"'],
    ['lamp: light.*', 'now: light.*', 'Expected another name: expressions use now for something else'],
    ['motion.state ==', 'moton.state ==', 'Expected a property but received moton.state'],
    ['lux < 15', 'lx < 15', 'did you mean lux?'],
    ['cooldown: 10s', 'cooldwn: 10s', 'did you mean cooldown?'],
    ['brightness: 20', 'brightness: 200', 'Expected 0 to 100 % for brightness but received 200'],
  ])('%s → %s is a problem', (from, to, message) => {
    expect(messages(MOTION.replace(from, to)).join('\n')).toContain(message);
  });

  it('does not take the id of another policy', () => {
    const other = '- { id: motion-light.hall, when: light.hall.state == "on", then: light.hall.turn_off }';
    expect(messages(`${other}\n${MOTION}`)).toEqual([
      expect.stringContaining('Expected no other policy with the id motion-light.hall'),
    ]);
  });
});

describe('a rule like another', () => {
  it('takes over what it does not say itself', () => {
    const text = `
- { id: a, when: light.hall.state == "on", for: 5m, then: light.hall.turn_off }
- { id: b, like: c, then: light.bath.turn_on }
- { id: c, like: a, when: light.bath.state == "on", priority: 60 }`;
    expect(rulesOf(text)).toEqual({
      a: 'light.hall.state == "on" | light.hall.turn_off',
      b: 'light.bath.state == "on" | light.bath.turn_on',
      c: 'light.bath.state == "on" | light.hall.turn_off',
    });
    const [, b] = check(text).policies as RuleSpec[];
    expect(b).toMatchObject({ priority: 60, forMs: 300_000, line: 3 });
    const flat =
      '- id: a\n  when: light.hall.state == "on"\n  then: light.hall.turn_off\n- id: b\n  like: a\n  mode: off\n';
    expect(check(flat).policies.map(({ id, mode }) => `${id} ${mode}`)).toEqual(['a auto', 'b off']);
  });

  it('can be a template too', () => {
    const text = `${MOTION}\n- { id: dim, like: motion-light, for_each: [hall], mode: suggest }`;
    expect(Object.keys(rulesOf(text))).toContain('dim.hall');
  });

  it('is an error where it leads back to itself, or nowhere', () => {
    const text = `
- { id: a, like: b }
- { id: b, like: c }
- { id: c, like: a, when: light.hall.state == "on", then: light.hall.turn_off }
- { id: d, like: d }
- { id: e, like: aa }
- { id: f, when: light.hall.state == "on", then: light.hall.turn_off }`;
    expect(messages(text)).toEqual([
      'error a like Expected templates that do not lead back to themselves but a → b → c → a do',
      'error b like Expected templates that do not lead back to themselves but b → c → a → b do',
      'error c like Expected templates that do not lead back to themselves but c → a → b → c do',
      'error d like Expected templates that do not lead back to themselves but d → d do',
      'error e like Expected the id of another policy for like but received aa; did you mean a?',
    ]);
    expect(check(text).policies.map(({ id }) => id)).toEqual(['f']);
  });
});

describe('variables', () => {
  const rule = (when: string, then = 'light.hall.turn_on'): string =>
    `- { id: r, when: '${when}', then: '${then}' }`;

  it('stand for values and conditions, of one another, in all files', () => {
    const lets =
      '- let: { dark: sensor.hall.illuminance < limit, limit: 15, wanted: "min(100, limit * 2)", mood: \'"on"\' }';
    const files = [
      {
        name: 'a.yaml',
        text: rule(
          'dark && binary_sensor.hall_motion.state == mood',
          'light.hall.turn_on(brightness: wanted)',
        ),
      },
      { name: 'b.yaml', text: lets },
    ];
    const { policies, problems } = checkPolicies(files, rooms(), []);
    expect(problems).toEqual([]);
    const state = new TestState();
    const engine = createRuleEngine({ policies, house: rooms(), tools: [], state, timezone: 'UTC' });
    state.set('sensor.hall.illuminance', 10);
    state.set('binary_sensor.hall_motion.state', 'off');
    engine.prime(at(0));
    const [firing] = engine.changed(
      [state.set('binary_sensor.hall_motion.state', 'on')],
      at(1000),
      false,
      [],
    );
    expect(firing?.calls).toEqual([{ entity: 'light.hall', command: 'turn_on', args: { brightness: 30 } }]);
    expect(firing?.explanation).toContain('10');
    expect(engine.explain('r', at(1000)).when?.source).toBe(
      'dark && binary_sensor.hall_motion.state == mood',
    );
  });

  it('can be used in templates', () => {
    const text = `- let: { dark: 15 }\n${MOTION.replace('lux < 15', 'lux < dark')}`;
    expect(rulesOf(text)['motion-light.hall']).toContain('if sensor.hall.illuminance < dark');
  });

  it.each([
    [
      '{ a: b, b: c, c: a }',
      'error - let.a Expected variables that do not lead back to themselves but a → b → c → a do',
    ],
    ['{ a: a + 1 }', 'error - let.a Expected variables that do not lead back to themselves but a → a do'],
    ['{ now: 1 }', 'error - let.now Expected another name'],
    ['{ a: "b c" }', 'error - let.a Expected a CEL expression'],
    ['{ A: 1 }', 'error - let.A Expected'],
    ['{ a: [1] }', 'error - let.a Expected'],
    ['{ a: nothing }', 'error - let.a Expected a property or a name that `let` gives but received nothing'],
  ])('let: %s is an error', (lets, message) => {
    expect(messages(`- let: ${lets}`).join('\n')).toContain(message);
  });

  it('say who uses one that cannot be read, and who means another', () => {
    expect(messages(`- let: { a: a }\n${rule('a')}`)[1]).toContain(
      'error r when Expected a to be a variable that can be read; see what is wrong with it',
    );
    expect(messages(`- let: { dark: 1 }\n${rule('drk == 1')}`)[0]).toContain('did you mean dark?');
    expect(messages('- let: { a: 1 }\n- let: { a: 2 }')).toEqual([
      'error - let.a Expected a only once, in all policy files',
    ]);
  });

  it('cannot grow without bound', () => {
    const lets = Array.from({ length: 30 }, (_, i) => `v${i + 1}: v${i} + v${i}`).join(', ');
    expect(messages(`- let: { v0: 1 + 1, ${lets} }`)[0]).toContain('Expected at most 300 parts for v7');
    const wide = `${'v + '.repeat(400)}1 > 0`;
    expect(messages(`- let: { v: 1 + 2 * 3 + 4 }\n${rule(wide)}`)[0]).toContain(
      'Expected at most 2000 parts',
    );
  });

  it('are checked where they are used, and problems name them', () => {
    expect(messages(`- let: { warm: sensor.kitchen.temperature }\n${rule('warm == "hot"')}`)).toEqual([
      'error r when Expected both sides of == to be of one type but sensor.kitchen.temperature is a number and "hot" a text',
    ]);
  });
});
