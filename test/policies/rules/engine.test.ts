import { describe, expect, it } from 'vitest';
import {
  createRuleEngine,
  type Firing,
  parsePolicies,
  type RuleEngineOptions,
} from '../../../policies/index.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Reading, Value } from '../../../runtime/contract/reading.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import type { GanglionError } from '../../../runtime/errors.ts';
import { at, START, testHouse, TestState } from '../support.ts';

const MOTION = 'binary_sensor.hall_motion.state';
const LUX = 'sensor.hall.illuminance';
const CO2 = 'sensor.living.co2';

interface Setup extends Partial<RuleEngineOptions> {
  readonly yaml: string;
  readonly state0?: Readonly<Record<PropertyKey, Value>>;
  readonly start?: number;
}

/** An engine with a clock of its own: `set` changes a property now, `wait` lets time pass. */
function setup({ yaml, state0 = {}, start = START, ...options }: Setup) {
  const { policies, problems } = parsePolicies([{ name: 'test.yaml', text: yaml }]);
  expect(problems).toEqual([]);
  const state = new TestState();
  for (const [key, value] of Object.entries(state0)) state.set(key as PropertyKey, value);
  const house = testHouse();
  const engine = createRuleEngine({ policies, house, tools: [], state, timezone: 'UTC', ...options });
  let offset = 0;
  const now = () => at(offset, start);
  engine.prime(now());
  return {
    engine,
    house,
    state,
    now,
    set: (key: PropertyKey, value: Value | undefined, retained = false): readonly Firing[] => {
      const slot = state.set(key, value);
      const reading: Reading = { key, value: value ?? 0, at: now().wall, received: now().mono, retained };
      return engine.changed([slot], now(), retained, [reading]);
    },
    wait: (ms: number): Firing[] => {
      const end = offset + ms;
      const fired: Firing[] = [];
      for (let due = engine.nextDue(); due !== undefined && due - 1000 <= end; due = engine.nextDue()) {
        offset = Math.max(offset, due - 1000);
        fired.push(...engine.due(now()));
      }
      offset = end;
      return fired;
    },
    jump: (ms: number): void => {
      offset += ms;
    },
  };
}
const ids = (firings: readonly Firing[]): string[] => firings.map((firing) => firing.policy);

const NIGHT = `
- id: hall-night-light
  when: binary_sensor.hall_motion.state == "on"
  if: sensor.hall.illuminance < 15 && (now.hour >= 21 || now.hour < 6)
  then: "light.hall.turn_on(brightness: 20)"
  cooldown: 60s
`;
const LATE = Date.UTC(2026, 2, 4, 22, 14);

describe('a rule', () => {
  it('fires on false → true with calls, inputs and an explanation in words', () => {
    const s = setup({ yaml: NIGHT, state0: { [MOTION]: 'off', [LUX]: 3 }, start: LATE });
    s.state.units.set(LUX, 'lx');
    const [firing] = s.set(MOTION, 'on');
    expect(firing).toMatchObject({
      type: 'rule',
      policy: 'hall-night-light',
      calls: [{ entity: 'light.hall', command: 'turn_on', args: { brightness: 20 } }],
      priority: 50,
      mode: 'auto',
      explanation: 'hall motion turned on while hall illuminance is 3 lx (< 15) and it is 22:14',
      inputs: { [MOTION]: 'on', [LUX]: 3 },
      trigger: { kind: 'reading', readings: [{ key: MOTION }] },
      overrode: [],
    });
    expect(s.set(MOTION, 'on')).toEqual([]);
  });

  it('takes unknown → true, and a value found at the start, as baseline', () => {
    const s = setup({ yaml: NIGHT, state0: { [LUX]: 3 }, start: LATE });
    expect(s.set(MOTION, 'on')).toEqual([]);
    s.set(MOTION, undefined);
    expect(s.set(MOTION, 'on')).toEqual([]);
    s.set(MOTION, 'off');
    expect(ids(s.set(MOTION, 'on'))).toEqual(['hall-night-light']);
  });

  it('is never fired by retained readings, which set the baseline', () => {
    const s = setup({ yaml: NIGHT, state0: { [MOTION]: 'off', [LUX]: 3 }, start: LATE });
    expect(s.set(MOTION, 'on', true)).toEqual([]);
    expect(s.set(MOTION, 'on')).toEqual([]);
    s.set(MOTION, 'off', true);
    expect(ids(s.set(MOTION, 'on'))).toEqual(['hall-night-light']);
  });

  it('does not fire on an unknown `if`, and explain says why', () => {
    const s = setup({ yaml: NIGHT, state0: { [MOTION]: 'off' }, start: LATE });
    expect(s.set(MOTION, 'on')).toEqual([]);
    expect(s.engine.explain('hall-night-light', s.now())).toMatchObject({
      status: 'active',
      when: { value: true, because: 'hall motion is on' },
      if: { value: 'unknown', because: 'hall illuminance is unknown' },
      lastWhyNot: { at: LATE, reason: 'its condition is unknown: hall illuminance is unknown' },
      fired: 0,
    });
    s.set(MOTION, 'off');
    s.set(LUX, 80);
    s.set(MOTION, 'on');
    expect(s.engine.explain('hall-night-light', s.now()).lastWhyNot?.reason).toBe(
      'its condition is false: hall illuminance is 80 (not < 15)',
    );
  });

  it('keeps its cooldown, also over a restart and with a clock that was not set', () => {
    const state0 = { [MOTION]: 'off', [LUX]: 3 };
    const s = setup({ yaml: NIGHT, state0, start: LATE });
    const blink = (): string[] => {
      s.set(MOTION, 'off');
      return ids(s.set(MOTION, 'on'));
    };
    expect(blink()).toHaveLength(1);
    s.wait(59_999);
    expect(blink()).toHaveLength(0);
    expect(s.engine.explain('hall-night-light', s.now()).lastWhyNot?.reason).toBe(
      'its cooldown has 1s to go',
    );
    s.wait(1);
    expect(blink()).toHaveLength(1);

    const lastFired = s.engine.lastFired();
    expect(lastFired.get('hall-night-light')).toBe(LATE + 60_000);
    const restarted = (start: number) => setup({ yaml: NIGHT, state0, start, lastFired });
    expect(restarted(LATE + 119_000).set(MOTION, 'on')).toHaveLength(0);
    expect(restarted(LATE + 120_000).set(MOTION, 'on')).toHaveLength(1);
    const yaml = NIGHT.replace(/if:.*/, '');
    expect(setup({ yaml, state0, start: 0, lastFired }).set(MOTION, 'on')).toHaveLength(0);
  });

  it('leaves modes to the caller, except off', () => {
    const rule = (mode: string): Setup => ({
      yaml: `- { id: a, mode: ${mode}, when: '${MOTION} == "on"', then: light.hall.turn_on }`,
      state0: { [MOTION]: 'off' },
    });
    expect(setup(rule('suggest')).set(MOTION, 'on')).toMatchObject([{ mode: 'suggest' }]);
    expect(setup(rule('approve')).set(MOTION, 'on')).toMatchObject([{ mode: 'approve' }]);
    const off = setup(rule('off'));
    expect(off.set(MOTION, 'on')).toEqual([]);
    expect(off.engine.explain('a', off.now())).toMatchObject({ status: 'off', when: { value: true } });
  });
});

describe('`for`', () => {
  const yaml = `- { id: open, when: 'binary_sensor.door.state == "on"', for: 5m, then: 'notify.phone.send(message: "open")' }`;
  const DOOR = 'binary_sensor.door.state';

  it('fires once the condition has held', () => {
    const s = setup({ yaml, state0: { [DOOR]: 'off' } });
    expect(s.set(DOOR, 'on')).toEqual([]);
    s.wait(120_000);
    expect(s.engine.explain('open', s.now()).holdLeftMs).toBe(180_000);
    expect(s.wait(179_999)).toEqual([]);
    const [firing] = s.wait(1);
    expect(firing).toMatchObject({ explanation: 'door is on for 5m', trigger: { kind: 'time' } });
    expect(s.wait(3_600_000)).toEqual([]);
  });

  it('starts anew after false, and after unknown if it was running', () => {
    const s = setup({ yaml, state0: { [DOOR]: 'off' } });
    s.set(DOOR, 'on');
    s.wait(299_000);
    s.set(DOOR, 'off');
    expect(s.wait(600_000)).toEqual([]);
    s.set(DOOR, 'on');
    s.wait(200_000);
    s.set(DOOR, undefined);
    expect(s.wait(600_000)).toEqual([]);
    s.set(DOOR, 'on');
    expect(s.wait(299_999)).toEqual([]);
    expect(ids(s.wait(1))).toEqual(['open']);
  });

  it('does not start from a baseline', () => {
    const s = setup({ yaml, state0: { [DOOR]: 'on' } });
    expect(s.wait(3_600_000)).toEqual([]);
    s.set(DOOR, 'off', true);
    s.set(DOOR, 'on', true);
    expect(s.wait(3_600_000)).toEqual([]);
  });
});

describe('time', () => {
  const yaml = `- { id: morning, when: 'now.time >= "07:00" && now.weekday <= 5', then: light.kitchen.turn_on }`;

  it('fires schedules at their boundary in local time, on the right days', () => {
    // Friday 2026-03-27 12:00 UTC; Berlin goes to summer time on Sunday the 29th.
    const s = setup({ yaml, start: Date.UTC(2026, 2, 27, 12, 0), timezone: 'Europe/Berlin' });
    const times: string[] = [];
    for (let i = 0; i < 4 * 24 * 60; i++) {
      if (s.wait(60_000).length > 0) times.push(new Date(s.now().wall).toISOString());
    }
    expect(times).toEqual(['2026-03-30T05:00:00.000Z', '2026-03-31T05:00:00.000Z']);
  });

  it('fires at a boundary that summer time skips, at the moment of the change', () => {
    const skipped = `- { id: a, when: 'now.hour == 3', then: light.kitchen.turn_on }
- { id: b, when: 'now.time >= "02:30"', then: light.hall.turn_on }`;
    const s = setup({ yaml: skipped, start: Date.UTC(2026, 2, 29, 0, 0), timezone: 'Europe/Berlin' });
    expect(ids(s.wait(3_599_999))).toEqual([]);
    expect(ids(s.wait(1))).toEqual(['a', 'b']);
  });

  it('waits until the clock is plausible, and does not fire when it becomes so', () => {
    const s = setup({ yaml, start: 1_000_000 });
    expect(s.wait(86_400_000)).toEqual([]);
    expect(s.engine.explain('morning', s.now())).toMatchObject({
      when: { value: 'unknown', because: 'the clock is not set yet' },
    });
  });

  it('notices a clock that was set', () => {
    const s = setup({ yaml, start: Date.UTC(2026, 2, 4, 6, 0) });
    const moved = { wall: Date.UTC(2026, 2, 4, 7, 0) as WallMs, mono: s.now().mono };
    expect(ids(s.engine.due(moved))).toEqual(['morning']);
  });

  it('asks for nothing where no rule looks at the time', () => {
    const s = setup({ yaml: `- { id: a, when: '${LUX} > 3', then: light.hall.turn_on }` });
    expect(s.engine.nextDue()).toBeUndefined();
  });
});

describe('several rules', () => {
  it('fire by priority; on one entity the higher wins and the loser is reported', () => {
    const yaml = `
- { id: low, priority: 10, when: '${MOTION} == "on"', then: light.hall.turn_off }
- { id: high, priority: 90, when: '${MOTION} == "on"', then: light.hall.turn_on }
- { id: hint, priority: 5, mode: suggest, when: '${MOTION} == "on"', then: light.hall.turn_on }
- { id: other, priority: 20, when: '${MOTION} == "on"', then: light.kitchen.turn_on }`;
    const s = setup({ yaml, state0: { [MOTION]: 'off' } });
    const firings = s.set(MOTION, 'on');
    expect(ids(firings)).toEqual(['high', 'other', 'hint']);
    const reason = 'high acts on light.hall at the same moment and comes first';
    expect(firings[0]!.overrode).toEqual([{ policy: 'low', reason }]);
    expect(s.engine.explain('low', s.now())).toMatchObject({ fired: 0, lastWhyNot: { reason } });
  });

  it('touches only those whose inputs crossed one of their limits', () => {
    const yaml = `
- { id: a, when: '${MOTION} == "on"', if: '${CO2} > 3', then: light.hall.turn_on }
- { id: b, when: '${CO2} > 1000', then: fan.living.turn_on }`;
    const s = setup({ yaml, state0: { [MOTION]: 'off', [CO2]: 400 } });
    for (const value of [500, 600, 700]) s.set(CO2, value);
    expect(s.engine.explain('a', s.now()).evaluations).toBe(1);
    expect(s.engine.explain('b', s.now()).evaluations).toBe(1);
    for (const value of [1001, 1002, 900, 901]) s.set(CO2, value);
    expect(s.engine.explain('a', s.now()).evaluations).toBe(1);
    expect(s.engine.explain('b', s.now()).evaluations).toBe(3);
  });

  it('that fire too often are paused for a minute and reported', () => {
    const paused: GanglionError[] = [];
    const s = setup({
      yaml: `- { id: a, when: '${MOTION} == "on"', then: light.hall.toggle }`,
      state0: { [MOTION]: 'off' },
      maxFiringsPerMinute: 3,
      onPaused: (error) => void paused.push(error),
    });
    const blink = (): number => {
      s.wait(1000);
      s.set(MOTION, 'off');
      return s.set(MOTION, 'on').length;
    };
    expect([blink(), blink(), blink(), blink(), blink()]).toEqual([1, 1, 1, 0, 0]);
    expect(paused.map((error) => error.code)).toEqual(['POLICY_LOOP']);
    expect(s.engine.explain('a', s.now()).status).toBe('paused');
    s.wait(60_000);
    expect(blink()).toBe(1);
  });
});

describe('arguments', () => {
  const yaml = `- { id: a, when: '${MOTION} == "on"', then: 'light.hall.turn_on(brightness: ${LUX} * 2)' }`;
  it.each<[string, Value | undefined, unknown, string | undefined]>([
    ['are evaluated when the rule fires', 20, [{ brightness: 40 }], undefined],
    [
      'that are unknown stop it',
      undefined,
      [],
      'the argument brightness is unknown: hall illuminance is unavailable',
    ],
    ['out of range stop it', 80, [], 'Expected 0 to 100 % for brightness but received 160'],
    ['of the wrong type stop it', 'dark', [], 'the argument brightness is unknown: hall illuminance is dark'],
  ])('%s', (_title, lux, args, reason) => {
    const s = setup({ yaml, state0: { [MOTION]: 'off' } });
    s.set(LUX, lux);
    expect(s.set(MOTION, 'on').flatMap((firing) => firing.calls.map((call) => call.args))).toEqual(args);
    expect(s.engine.explain('a', s.now()).lastWhyNot?.reason).toBe(reason);
  });
});

describe('a house whose entities have names', () => {
  it('explains with them, on one line whatever the device calls itself', () => {
    const s = setup({
      yaml: `- { id: a, when: '${MOTION} == "on" && ${LUX} < 15', then: light.kitchen.turn_on }`,
      state0: { [MOTION]: 'off', [LUX]: 3 },
    });
    s.house.add('binary_sensor.hall_motion', { name: 'Motion in\nthe hall' });
    s.house.add('sensor.hall', { name: 'Hall sensor', properties: { illuminance: { unit: 'lx' } } });
    expect(s.set(MOTION, 'on')).toMatchObject([
      {
        explanation: expect.stringMatching(/^Motion in the hall turned on and Hall sensor illuminance is 3/),
      },
    ]);
  });
});

describe('a house that grows', () => {
  it('lets waiting rules start with a silent baseline, and stops those whose entity went', () => {
    const yaml = `- { id: a, when: '${MOTION} == "on"', then: light.attic.turn_on }`;
    const s = setup({ yaml, state0: { [MOTION]: 'off' } });
    expect(s.engine.problems()).toMatchObject([{ policy: 'a', path: 'then[0]', severity: 'error' }]);
    expect(s.engine.explain('a', s.now()).status).toBe('waiting');
    expect(s.set(MOTION, 'on')).toEqual([]);
    s.house.add('light.attic');
    s.engine.recheck(s.house, s.now());
    expect(s.engine.problems()).toEqual([]);
    expect(s.set(MOTION, 'on')).toEqual([]);
    s.set(MOTION, 'off');
    expect(ids(s.set(MOTION, 'on'))).toEqual(['a']);
    s.house.remove('light.attic');
    s.engine.recheck(s.house, s.now());
    s.set(MOTION, 'off');
    expect(s.set(MOTION, 'on')).toEqual([]);
  });

  it('waits for the hub of an entity that house.yaml only names', () => {
    const s = setup({
      yaml: `- { id: a, when: '${MOTION} == "on"', then: light.attic.turn_on }`,
      state0: { [MOTION]: 'off' },
    });
    s.house.add('light.attic', { commands: [] });
    s.engine.recheck(s.house, s.now());
    expect(s.engine.problems()).toMatchObject([{ policy: 'a', severity: 'warning', waits: true }]);
    expect(s.engine.explain('a', s.now()).status).toBe('waiting');
    expect(s.set(MOTION, 'on')).toEqual([]);
    s.house.add('light.attic');
    s.engine.recheck(s.house, s.now());
    s.set(MOTION, 'off');
    expect(ids(s.set(MOTION, 'on'))).toEqual(['a']);
  });

  it('notices an entity that was replaced by one that can do less', () => {
    const s = setup({ yaml: `- { id: a, when: '${MOTION} == "on"', then: light.hall.turn_on }` });
    expect(s.engine.explain('a', s.now()).status).toBe('active');
    s.house.add('light.hall', { commands: ['turn_off'] });
    s.engine.recheck(s.house, s.now());
    expect(s.engine.explain('a', s.now()).status).toBe('waiting');
  });

  it('names the nearest policy for an unknown id', () => {
    const s = setup({ yaml: NIGHT });
    expect(() => s.engine.explain('hall-night-ligt', s.now())).toThrow('did you mean hall-night-light?');
  });
});

describe('a decide policy', () => {
  const yaml = (extra: string): string => `
- id: fresh-air
  cooldown: 10s
  decide:
    on: [sensor.living.co2, person.anna.state]
    choices: [none, "fan.living.turn_on(speed: 60)", cover.living_window.open]
    features: [sensor.living.co2, person.anna.state, now.hour, 'light.hall.state == "on"']
    ${extra}`;

  it('is due when a property of `on` has changed, with a frame', () => {
    const s = setup({ yaml: yaml(''), state0: { [CO2]: 400 } });
    expect(s.set(CO2, 900, true)).toEqual([]);
    expect(s.set(CO2, 900)).toEqual([]);
    const [firing] = s.set(CO2, 1100);
    expect(firing).toMatchObject({ type: 'decide', policy: 'fresh-air', explanation: 'living co2 is 1100' });
    expect(firing?.type === 'decide' ? [...firing.frame.values] : []).toEqual([
      1100,
      Number.NaN,
      12,
      Number.NaN,
    ]);
    s.wait(5000);
    expect(s.set(CO2, 1200)).toEqual([]);
    s.wait(5000);
    s.set('light.hall.state', 'on');
    const [second] = s.set('person.anna.state', 'home');
    expect(second?.type === 'decide' ? [...second.frame.values] : []).toEqual([1200, 1, 12, 1]);
    expect(s.set(CO2, undefined)).toEqual([]);
  });

  it('puts changes within minInterval together into one decision at its end', () => {
    const s = setup({ yaml: yaml('minInterval: 60s'), state0: { [CO2]: 400 } });
    expect(s.set(CO2, 500)).toHaveLength(1);
    s.wait(20_000);
    expect(s.set(CO2, 600)).toEqual([]);
    expect(s.set(CO2, 700)).toEqual([]);
    expect(s.wait(39_999)).toEqual([]);
    const fired = s.wait(1);
    expect(fired).toMatchObject([{ trigger: { kind: 'time' }, inputs: { [CO2]: 700 } }]);
    expect(s.wait(600_000)).toEqual([]);
  });
});

describe('infos', () => {
  it('say what the rules are in words', () => {
    const s = setup({ yaml: NIGHT, state0: { [MOTION]: 'off', [LUX]: 3 }, start: LATE });
    s.set(MOTION, 'on');
    expect(s.engine.infos()).toEqual([
      {
        id: 'hall-night-light',
        type: 'rule',
        file: 'test.yaml',
        mode: 'auto',
        summary:
          'when binary_sensor.hall_motion.state == "on", if sensor.hall.illuminance < 15 && (now.hour >= 21 || now.hour < 6): light.hall.turn_on(brightness: 20)',
        fired: 1,
        lastFired: LATE,
        when: true,
      },
    ]);
  });
});
