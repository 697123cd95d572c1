import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRuleEngine, parsePolicies, type RuleEngine, samePolicy } from '../../../policies/index.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { at, TestHouse, testHouse, TestState } from '../support.ts';

const STEP = 10_000;
const DOMAIN: Readonly<Record<PropertyKey, readonly Value[]>> = {
  'binary_sensor.hall_motion.state': ['on', 'off'],
  'sensor.hall.illuminance': [0, 10, 20, 90],
  'sensor.living.co2': [400, 900, 1300],
  'binary_sensor.door.state': ['on', 'off'],
};
const KEYS = Object.keys(DOMAIN) as PropertyKey[];

const condition = fc.constantFrom(
  'binary_sensor.hall_motion.state == "on"',
  '!(binary_sensor.door.state == "on")',
  'sensor.hall.illuminance < 15 && sensor.living.co2 >= 900',
  'now.minute in [5, 20] || binary_sensor.door.state == "on"',
  'now.minute % 4 == 1',
  'changed(binary_sensor.door.state)',
  'rose(sensor.living.co2, 300)',
  'fell(sensor.hall.illuminance, 50, "2m")',
  'mean(sensor.living.co2, "5m") > 700',
  'count(binary_sensor.hall_motion.state == "on", "10m") >= 2',
  'sequence(binary_sensor.door.state == "on", binary_sensor.hall_motion.state == "on", "5m")',
  'cron("*/7 * * * *")',
);
const rule = fc.record({
  when: condition,
  hold: fc.constantFrom('0s', '0s', '1m', '5m'),
  cooldown: fc.constantFrom('0s', '30s', '10m'),
});
type Rule = typeof rule extends fc.Arbitrary<infer T> ? T : never;
const step = fc.record({
  gap: fc.integer({ min: 0, max: 30 }),
  key: fc.constantFrom(...KEYS),
  pick: fc.integer({ min: -1, max: 3 }),
  /** So many other rules stand before them from here on; −1: nothing is replaced. */
  others: fc.integer({ min: -3, max: 2 }),
});

function yaml(rules: readonly Rule[], others: number): string {
  const written = rules.map(({ when, hold, cooldown }, i) => {
    const timed = /changed|rose|sequence|cron/.test(when) ? '' : `for: ${hold}, `;
    return `- { id: r${i}, when: '${when}', ${timed}cooldown: ${cooldown}, then: light.l${i}.turn_on }`;
  });
  const extra = Array.from(
    { length: others },
    (_, i) =>
      `- { id: x${others}${i}, when: 'mean(sensor.living.co2, "${i + 1}m") > 1', then: fan.living.turn_on }`,
  );
  return [...extra, ...(others % 2 === 0 ? written : written.toReversed())].join('\n');
}

function read(text: string) {
  const parsed = parsePolicies([{ name: 'p.yaml', text }]);
  expect(parsed.problems).toEqual([]);
  return parsed;
}

describe('policies that are replaced while they run', () => {
  it('do what they would have done, whatever comes and goes around them', () => {
    let firings = 0;
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 2, maxLength: 5, size: 'max' }),
        fc.array(step, { minLength: 20, maxLength: 40, size: 'max' }),
        (rules, steps) => {
          const state = new TestState();
          for (const key of KEYS) state.set(key, DOMAIN[key]!.at(-1));
          const house = testHouse();
          for (const i of rules.keys()) house.add(`light.l${i}`);
          const options = { house, tools: [], timezone: 'UTC', state, maxFiringsPerMinute: 3 };
          const still = createRuleEngine({ ...options, ...read(yaml(rules, 0)) });
          const moved = createRuleEngine({ ...options, ...read(yaml(rules, 0)) });
          const engines = [still, moved];
          const logs: string[][] = [[], []];
          let offset = 0;
          const log = (which: number, fired: ReturnType<RuleEngine['due']>): void => {
            const ids = fired.map(({ policy }) => policy).filter((id) => id.startsWith('r'));
            // Which of two comes first goes by the place in the file, which has changed: only that they fire counts.
            logs[which]!.push(...ids.toSorted().map((id) => `${offset / STEP} ${id}`));
          };
          for (const engine of engines) engine.prime(at(0));
          for (const { gap, key, pick, others } of steps) {
            const end = offset + gap * STEP;
            for (;;) {
              const next = Math.min(...engines.map((engine) => (engine.nextDue() ?? Infinity) - 1000));
              if (next > end) break;
              offset = Math.max(offset, next);
              for (const [i, engine] of engines.entries()) log(i, engine.due(at(offset)));
            }
            offset = end;
            if (others >= 0) {
              const next = read(yaml(rules, others));
              log(0, still.due(at(offset)));
              log(1, moved.replace(next, at(offset)));
            }
            const slot = state.set(key, pick < 0 ? undefined : DOMAIN[key]![pick % DOMAIN[key]!.length]!);
            for (const [i, engine] of engines.entries())
              log(i, engine.changed([slot], at(offset), false, []));
          }
          expect(logs[1]).toEqual(logs[0]);
          firings += logs[0]!.length;
        },
      ),
      { numRuns: 50 },
    );
    expect(firings).toBeGreaterThan(100);
  });

  const MOTION = 'binary_sensor.hall_motion.state';
  const HOLD = `- { id: a, when: '${MOTION} == "on"', for: 1m, then: light.hall.turn_on }`;
  const begin = (text: string, motion: Value = 'off') => {
    const state = new TestState();
    state.set(MOTION, motion);
    const engine = createRuleEngine({ ...read(text), house: testHouse(), tools: [], timezone: 'UTC', state });
    engine.prime(at(0));
    const replace = (next: string, ms: number): string[] => {
      return engine.replace(read(next), at(ms)).map(({ policy }) => policy);
    };
    const set = (value: Value, ms: number): string[] =>
      engine.changed([state.set(MOTION, value)], at(ms), false, []).map(({ policy }) => policy);
    const due = (ms: number): string[] => engine.due(at(ms)).map(({ policy }) => policy);
    return { engine, replace, set, due };
  };

  it('keep a wait that runs, and lose it when they say something else', () => {
    const kept = begin(HOLD);
    kept.set('on', 0);
    expect(kept.replace(`# a word\n\n${HOLD}`, 30_000)).toEqual([]);
    expect(kept.due(59_999)).toEqual([]);
    expect(kept.due(60_000)).toEqual(['a']);

    const changed = begin(HOLD);
    changed.set('on', 0);
    changed.replace(HOLD.replace('1m', '2m'), 30_000);
    expect(changed.due(600_000)).toEqual([]);
  });

  it('fire what was due at that very moment, by the rules that were there', () => {
    const { set, replace } = begin(HOLD);
    set('on', 0);
    expect(replace('[]', 60_000)).toEqual(['a']);
  });

  it('begin silently where they are new: what is true already is no edge', () => {
    const { replace, set } = begin('[]', 'on');
    expect(replace(`- { id: b, when: '${MOTION} == "on"', then: light.hall.turn_on }`, 1000)).toEqual([]);
    set('off', 2000);
    expect(set('on', 3000)).toEqual(['b']);
  });

  it('keep their cooldown and count when they say something else, and when they come back', () => {
    const text = `- { id: a, when: '${MOTION} == "on"', cooldown: 1m, then: light.hall.turn_on }`;
    const { engine, replace, set } = begin(text);
    expect(set('on', 0)).toEqual(['a']);
    replace(text.replace('light.hall', 'light.kitchen'), 1000);
    expect(engine.infos()[0]).toMatchObject({ fired: 1, lastFired: at(0).wall satisfies WallMs });
    set('off', 2000);
    expect(set('on', 3000)).toEqual([]);
    replace('[]', 4000);
    replace(text, 5000);
    set('off', 6000);
    expect(set('on', 7000)).toEqual([]);
    set('off', 61_000);
    expect(set('on', 62_000)).toEqual(['a']);
  });

  it('take the rules that forbid along', () => {
    const { engine, replace } = begin('[]');
    const call = { entity: 'lock.door', command: 'unlock', args: {} } as const;
    expect(engine.veto(call, at(0))).toBeUndefined();
    replace('- { id: shut, never: lock.*.unlock }', 1000);
    expect(engine.veto(call, at(1000))?.policy).toBe('shut');
    expect(engine.problems()).toEqual([]);
    replace('[]', 2000);
    expect(engine.veto(call, at(2000))).toBeUndefined();
  });

  it('do not gather watches of rules that are gone', () => {
    const text = (minutes: number): string =>
      `- { id: a, when: 'mean(sensor.living.co2, "${minutes}m") > 700', then: light.hall.turn_on }`;
    const { engine, replace } = begin(text(1));
    for (let i = 2; i < 20; i++) replace(text(i), i * 1000);
    // Each would be due when its window runs out of what it has seen.
    expect(engine.costs('a').memoryBytes).toBeLessThan(100_000);
    expect(engine.explain('a', at(20_000))).toBeDefined();
  });

  it('are told apart by what they do, not by where they stand', () => {
    const one = (text: string) => read(text).policies[0]!;
    const text = `- { id: a, when: '${MOTION} == "on"', then: 'light.hall.turn_on(brightness: 20)' }`;
    expect(samePolicy(one(text), one(`# moved\n\n${text}`))).toBe(true);
    expect(samePolicy(one(text), one(text.replace('20', '30')))).toBe(false);
    expect(samePolicy(one(text), one(text.replace('== "on"', '== "off"')))).toBe(false);
    expect(samePolicy(one(text), one(text.replace('id: a', 'id: a, mode: suggest')))).toBe(false);
  });
});

describe('templates that are replaced while they run', () => {
  const ONOFF = { state: { values: ['on', 'off'] } };
  const rooms = (): TestHouse =>
    new TestHouse({
      'binary_sensor.hall_motion': { area: 'hall', properties: ONOFF },
      'light.hall': { area: 'hall' },
      'binary_sensor.bath_motion': { area: 'bath', properties: ONOFF },
      'light.bath': { area: 'bath' },
    });
  const LAMPS = `
- id: lamps
  for_each: area
  with: { motion: binary_sensor.*_motion, lamp: light.* }
  when: motion.state == "on"
  for: 1m
  cooldown: 10m
  then: lamp.turn_on
`;
  const begin = (text: string, lastFired: ReadonlyMap<string, WallMs> = new Map()) => {
    const state = new TestState();
    const house = rooms();
    const engine = createRuleEngine({ ...read(text), house, tools: [], timezone: 'UTC', state, lastFired });
    engine.prime(at(0));
    const set = (area: string, value: Value, ms: number): string[] =>
      engine
        .changed([state.set(`binary_sensor.${area}_motion.state`, value)], at(ms), false, [])
        .map(({ policy }) => policy);
    for (const area of ['hall', 'bath']) set(area, 'off', 0);
    return {
      engine,
      house,
      set,
      replace: (next: string, ms: number): string[] =>
        engine.replace(read(next), at(ms)).map(({ policy }) => policy),
      due: (ms: number): string[] => engine.due(at(ms)).map(({ policy }) => policy),
      ids: (): string[] => engine.infos().map(({ id }) => id),
    };
  };

  it('keep the waits of rules that come out the same, wherever the template stands', () => {
    const { set, replace, due, ids } = begin(LAMPS);
    set('hall', 'on', 0);
    const other = `- { id: first, when: 'now.hour > 25', then: light.hall.turn_off }`;
    expect(replace(`${other}\n${LAMPS}`, 30_000)).toEqual([]);
    expect(ids()).toEqual(['first', 'lamps.bath', 'lamps.hall']);
    expect(due(59_999)).toEqual([]);
    expect(due(60_000)).toEqual(['lamps.hall']);
  });

  it('begin anew where they say something else, with the cooldowns they had', () => {
    const { set, replace, due } = begin(LAMPS);
    set('hall', 'on', 0);
    expect(due(60_000)).toEqual(['lamps.hall']);
    set('bath', 'on', 61_000);
    replace(LAMPS.replace('lamp.turn_on', 'lamp.toggle'), 90_000);
    // The wait of the bath went with the rule that had begun it.
    expect(due(300_000)).toEqual([]);
    set('hall', 'off', 301_000);
    set('hall', 'on', 302_000);
    set('bath', 'off', 301_000);
    set('bath', 'on', 302_000);
    expect(due(362_000)).toEqual(['lamps.bath']);
  });

  it('lose only the rules that they do not become any more', () => {
    const { set, replace, due, ids } = begin(LAMPS);
    set('hall', 'on', 0);
    set('bath', 'on', 0);
    replace(LAMPS.replace('for_each: area', 'for_each: [hall]'), 30_000);
    expect(ids()).toEqual(['lamps.hall']);
    expect(due(60_000)).toEqual(['lamps.hall']);
    replace('[]', 70_000);
    expect(ids()).toEqual([]);
    expect(due(700_000)).toEqual([]);
  });

  it('grow with the house like those that were there from the start', () => {
    const { house, engine, set, replace, due, ids } = begin('[]');
    replace(LAMPS, 1000);
    house.add('light.attic', { area: 'attic' });
    house.add('binary_sensor.attic_motion', { area: 'attic', properties: ONOFF });
    engine.recheck(house, at(2000));
    expect(ids()).toEqual(['lamps.attic', 'lamps.bath', 'lamps.hall']);
    set('attic', 'off', 3000);
    set('attic', 'on', 4000);
    replace(`# Again.\n${LAMPS}`, 5000);
    expect(due(64_000)).toEqual(['lamps.attic']);
  });

  it('change with the variables they use', () => {
    const named = (ms: string): string => `- let: { late: now.hour >= ${ms} }\n${LAMPS}  if: late\n`;
    const { set, replace, due } = begin(named('25'));
    replace(named('0'), 1000);
    set('hall', 'on', 2000);
    expect(due(62_000)).toEqual(['lamps.hall']);
  });

  it('remember their cooldowns over a restart, and while the house has no place for them', () => {
    const fired = new Map([['lamps.attic', at(-60_000).wall]]);
    const { house, engine, set, replace, due } = begin(LAMPS, fired);
    const wait = (ms: number): string[] => {
      set('attic', 'off', ms);
      set('attic', 'on', ms + 1);
      return due(ms + 60_001);
    };
    house.add('light.attic', { area: 'attic' });
    house.add('binary_sensor.attic_motion', { area: 'attic', properties: ONOFF });
    engine.recheck(house, at(0));
    expect(wait(0)).toEqual([]);
    expect(wait(600_000)).toEqual(['lamps.attic']);
    house.remove('light.attic');
    engine.recheck(house, at(670_000));
    replace(`# Again.\n${LAMPS}`, 680_000);
    house.add('light.attic', { area: 'attic' });
    engine.recheck(house, at(690_000));
    expect(wait(700_000)).toEqual([]);
    expect(wait(1_300_000)).toEqual(['lamps.attic']);
  });
});
