import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import { compileCondition, compileNumber, compileValue } from '../../../policies/rules/compile.ts';
import { createLocalTime } from '../../../policies/rules/local-time.ts';
import { parseExpression } from '../../../policies/rules/syntax.ts';
import { at, readerOf, TestState } from '../support.ts';
import { interpret, type Unknown, UNKNOWN } from './reference.ts';

const KEYS = ['sensor.a.x', 'sensor.a.y', 'switch.b.state', 'switch.b.flag'] as const;
const TEXTS = ['on', 'off', 'a b', ''];

const values: fc.Arbitrary<Value | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(...TEXTS),
  fc.boolean(),
);
const state = fc.tuple(values, values, values, values);

const leaf = fc.oneof(
  fc.constantFrom(...KEYS),
  fc.integer({ min: 0, max: 6 }).map((n) => `${n}.0`),
  fc.constantFrom(...TEXTS).map((text) => JSON.stringify(text)),
  fc.constantFrom('true', 'false', 'now.hour', 'now.weekday', 'now.time'),
);
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'e' },
    leaf,
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('&&', '||', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%'),
        tie('expression'),
      )
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('expression').map((a) => `!(${a})`),
    tie('expression').map((a) => `-(${a})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc
      .tuple(tie('expression'), fc.array(tie('expression'), { maxLength: 3 }))
      .map(([a, list]) => `(${a} in [${list.join(', ')}])`),
    fc
      .tuple(fc.constantFrom('known', 'abs', 'round', 'size', 'string'), tie('expression'))
      .map(([name, a]) => `${name}(${a})`),
    fc
      .tuple(fc.constantFrom('min', 'max'), tie('expression'), tie('expression'))
      .map(([name, a, b]) => `${name}(${a}, ${b})`),
    fc
      .tuple(tie('expression'), fc.constantFrom('startsWith', 'endsWith', 'contains'), tie('expression'))
      .map(([a, name, b]) => `(${a}).${name}(${b})`),
  ),
}));

function reader(given: readonly (Value | undefined)[]) {
  const state = new TestState();
  for (const [i, key] of KEYS.entries()) if (given[i] !== undefined) state.set(key, given[i]);
  const time = createLocalTime('UTC');
  time.set(at(0).wall);
  return readerOf(state, time);
}

function parsed(source: string) {
  const result = parseExpression(source);
  if (!result.ok) throw new TypeError(`${source}: ${result.problem.message}`);
  return result.value.expr;
}

function evaluate(source: string, given: Partial<Record<PropertyKey, Value>> = {}): Value | undefined {
  const state = new TestState();
  for (const [key, value] of Object.entries(given)) state.set(key as PropertyKey, value);
  const time = createLocalTime('Europe/Berlin');
  time.set(at(0).wall);
  return compileValue(parsed(source), readerOf(state, time))();
}

describe('expressions', () => {
  it('agree with the reference interpreter on any expression and state', () => {
    fc.assert(
      fc.property(expression, state, (source, given) => {
        const expr = parsed(source);
        const context = reader(given);
        const expected: Value | Unknown = interpret(expr, (key) => context.state.get(key).value, {
          hour: 12,
          weekday: 3,
          time: '12:00',
        });
        const value = compileValue(expr, context)();
        expect(value).toBe(expected === UNKNOWN ? undefined : expected);
        const truth = compileCondition(expr, context)();
        expect(truth).toBe(expected === true ? 1 : expected === false ? 0 : -1);
        const number = compileNumber(expr, context)();
        expect(number).toBe(typeof expected === 'number' ? expected : Number.NaN);
      }),
      { numRuns: 1500 },
    );
  });

  it('agree with the CEL library wherever it has an answer on known values', () => {
    const cel = new Environment({ unlistedVariablesAreDyn: true });
    const numeric = fc.letrec<{ n: string; b: string }>((tie) => ({
      n: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'n' },
        fc.constantFrom('sensor.a.x', 'sensor.a.y', '1.5', '2.0', '-3.0'),
        fc.tuple(tie('n'), fc.constantFrom('+', '-', '*'), tie('n')).map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc.tuple(tie('b'), tie('n'), tie('n')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      ),
      b: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'b' },
        fc.constantFrom('switch.b.flag', 'switch.b.state == "on"', 'switch.b.state in ["off", "x"]'),
        fc
          .tuple(tie('n'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('n'))
          .map(([a, o, b]) => `(${a} ${o} ${b})`),
        fc.tuple(tie('b'), fc.constantFrom('&&', '||'), tie('b')).map(([a, o, b]) => `(${a} ${o} ${b})`),
        tie('b').map((a) => `!(${a})`),
      ),
    }));
    const number = fc.integer({ min: -4, max: 4 });
    fc.assert(
      fc.property(
        numeric.b,
        number,
        number,
        fc.constantFrom('on', 'off'),
        fc.boolean(),
        (source, x, y, s, flag) => {
          const expected: unknown = cel.evaluate(source, {
            sensor: { a: { x, y } },
            switch: { b: { state: s, flag } },
          });
          expect(compileValue(parsed(source), reader([x, y, s, flag]))()).toBe(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('treat integers as doubles', () => {
    expect(evaluate('7 / 2 == 3.5')).toBe(true);
    expect(evaluate('sensor.a.x > 2', { 'sensor.a.x': 2.5 })).toBe(true);
  });

  it('are unknown, not false, where types do not match or results are not finite', () => {
    expect(evaluate('sensor.a.x < 5', { 'sensor.a.x': 'warm' })).toBeUndefined();
    expect(evaluate('sensor.a.x == "5"', { 'sensor.a.x': 5 })).toBeUndefined();
    expect(evaluate('1 / sensor.a.x > 3', { 'sensor.a.x': 0 })).toBeUndefined();
    expect(evaluate('false && sensor.a.x > 3')).toBe(false);
    expect(evaluate('true || sensor.a.x > 3')).toBe(true);
    expect(evaluate('known(sensor.a.x)')).toBe(false);
  });

  it('read local time of the site and ids that are no identifiers', () => {
    expect(evaluate('now.hour == 13 && now.time == "13:00" && now.day == 4 && now.month == 3')).toBe(true);
    expect(evaluate('prop("light.0x0015.state") == "on"', { 'light.0x0015.state': 'on' })).toBe(true);
  });

  it.each([
    ['', 'received nothing'],
    ['sensor.hall < 3', 'add its property'],
    ['light.hall.state == on', 'texts are quoted'],
    ['light.0x15.state == "on"', 'prop("light.0x0015.state")'],
    ['a = b', 'equality is written =='],
    ['now.hours > 3', 'now.hour'],
    ['sensor.a.x.matches("(a+)+$")', 'no regular expressions'],
    ['[1, 2]', 'only after `in`'],
    ['{"a": 1}', 'no maps'],
    ['sensor.a.list.map(x, x)', 'known function'],
    ['has(sensor.a.x)', 'known function'],
    ['knwon(sensor.a.x)', 'did you mean known'],
    ['null == null', 'null'],
    ['abs(1, 2)', '1 argument(s)'],
    ['Object.prototype.x == 1', 'lower case'],
    ['sensor.a.x.y == 1', 'kind.name.property'],
    [`${'!'.repeat(4000)}true`, 'Expected'],
    [`${'('.repeat(2000)}true${')'.repeat(2000)}`, 'Expected'],
    [`${'1+'.repeat(3000)}1`, 'at most 4096'],
  ])('refuse %s', (source, hint) => {
    const result = parseExpression(source);
    const problem = result.ok ? undefined : result.problem;
    expect(problem?.message).toContain(hint);
    expect(problem?.at).toBeLessThanOrEqual(source.length);
  });

  it('never throw on arbitrary text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (source) => {
        expect(typeof parseExpression(source).ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });
});
