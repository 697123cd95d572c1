import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRuleEngine, parsePolicies, type RuleSpec } from '../../../policies/index.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import { at, START, testHouse, TestState } from '../support.ts';
import { ReferenceEngine } from './reference-engine.ts';

const STEP = 10_000;
const DOMAIN: Readonly<Record<PropertyKey, readonly Value[]>> = {
  'binary_sensor.hall_motion.state': ['on', 'off'],
  'sensor.hall.illuminance': [0, 10, 20, 90],
  'sensor.living.co2': [400, 900, 1300],
  'binary_sensor.door.state': ['on', 'off'],
};
const KEYS = Object.keys(DOMAIN) as PropertyKey[];

const atom = fc.constantFrom(
  'binary_sensor.hall_motion.state == "on"',
  'binary_sensor.door.state == "on"',
  'sensor.hall.illuminance < 15',
  'sensor.living.co2 >= 900',
  'sensor.living.co2 / 10 > sensor.hall.illuminance',
  'now.hour >= 13',
  'now.minute in [5, 20]',
  'now.minute % 4 == 1',
  'now.time == "12:30"',
  'now.time < "12:10"',
  `now.epoch >= ${START / 1000 + 1500}`,
  'known(sensor.hall.illuminance)',
);
/** What came before, and schedules. */
const looking = fc.constantFrom(
  'changed(sensor.hall.illuminance)',
  'changed(binary_sensor.door.state)',
  'rose(sensor.living.co2, 400)',
  'fell(sensor.hall.illuminance, 10)',
  'rose(sensor.living.co2, 400, "2m")',
  'fell(sensor.hall.illuminance, 15, "5m")',
  'min(sensor.living.co2, "1m") >= 900',
  'max(sensor.hall.illuminance, "3m") < sensor.hall.illuminance + 1',
  'count(binary_sensor.door.state == "on", "5m") >= 2',
  'count(changed(sensor.hall.illuminance), "2m") > 1',
  'sequence(binary_sensor.hall_motion.state == "on", binary_sensor.door.state == "on", "3m")',
  'sequence(changed(sensor.hall.illuminance), binary_sensor.door.state == "on", fell(sensor.living.co2, 300), "10m")',
  'cron("*/5 * * * *")',
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'c' },
    atom,
    looking,
    fc
      .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('condition').map((a) => `!(${a})`),
  ),
}));

const rule = fc.record({
  when: condition,
  only: fc.option(condition, { nil: undefined }),
  hold: fc.constantFrom('0s', '0s', '10s', '1m', '5m'),
  cooldown: fc.constantFrom('0s', '0s', '30s', '10m'),
  priority: fc.constantFrom(10, 50, 90),
  mode: fc.constantFrom('auto', 'auto', 'approve', 'suggest', 'off'),
  light: fc.constantFrom('hall', 'kitchen'),
  brightness: fc.constantFrom('20', 'sensor.hall.illuminance * 2'),
});

const step = fc.record({
  gap: fc.integer({ min: 0, max: 25 }),
  key: fc.constantFrom(...KEYS),
  pick: fc.integer({ min: -1, max: 3 }),
  retained: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

describe('the rule engine', () => {
  it('fires exactly what re-evaluating everything all the time would fire', () => {
    let firings = 0;
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 3, maxLength: 6, size: 'max' }),
        fc.array(step, { minLength: 20, maxLength: 40, size: 'max' }),
        (rules, steps) => {
          const text = rules.map(
            (r, i) =>
              `- { id: r${i}, when: '${r.when}', ${r.only === undefined ? '' : `if: '${r.only}', `}for: ${r.hold}, cooldown: ${r.cooldown}, priority: ${r.priority}, mode: ${r.mode}, then: 'light.${r.light}.turn_on(brightness: ${r.brightness})' }`,
          );
          const { policies, problems } = parsePolicies([{ name: 'p.yaml', text: text.join('\n') }]);
          expect(problems).toEqual([]);
          const state = new TestState();
          const options = { house: testHouse(), tools: [], timezone: 'UTC', maxFiringsPerMinute: 3 };
          const engine = createRuleEngine({ ...options, policies, state });
          const reference = new ReferenceEngine(policies as RuleSpec[], 3);
          for (const key of KEYS) {
            state.set(key, DOMAIN[key]!.at(-1));
            reference.state.set(key, DOMAIN[key]!.at(-1)!);
          }
          engine.prime(at(0));
          reference.look(START, 1000, true);

          const actual: string[] = [];
          const expected: string[] = [];
          const log = (into: string[], offset: number, ids: readonly string[]): void =>
            void into.push(...ids.map((id) => `${offset / STEP} ${id}`));
          let offset = 0;
          const runTo = (end: number): void => {
            for (let due = engine.nextDue(); due !== undefined && due - 1000 <= end; due = engine.nextDue()) {
              log(
                actual,
                due - 1000,
                engine.due(at(due - 1000)).map((firing) => firing.policy),
              );
            }
            for (let t = offset + STEP; t <= end; t += STEP)
              log(expected, t, reference.look(START + t, 1000 + t, false, true));
            offset = end;
          };
          for (const { gap, key, pick, retained } of steps) {
            runTo(offset + gap * STEP);
            const value = pick < 0 ? undefined : DOMAIN[key]![pick % DOMAIN[key]!.length]!;
            const slot = state.set(key, value);
            if (value === undefined) reference.state.delete(key);
            else reference.state.set(key, value);
            log(
              actual,
              offset,
              engine.changed([slot], at(offset), retained, []).map((firing) => firing.policy),
            );
            log(expected, offset, reference.look(START + offset, 1000 + offset, retained));
          }
          runTo(offset + 60 * STEP);
          expect(actual).toEqual(expected);
          firings += actual.length;
        },
      ),
      { numRuns: 40 },
    );
    expect(firings).toBeGreaterThan(20);
  }, 60_000);
});
