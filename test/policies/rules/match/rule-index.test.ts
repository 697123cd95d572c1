import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCondition } from '../../../../policies/rules/compile.ts';
import { createLocalTime } from '../../../../policies/rules/local-time.ts';
import { IndexPlan } from '../../../../policies/rules/match/index-plan.ts';
import { RuleIndex } from '../../../../policies/rules/match/rule-index.ts';
import { parseExpression } from '../../../../policies/rules/syntax.ts';
import type { PropertyKey } from '../../../../runtime/contract/ids.ts';
import type { Value } from '../../../../runtime/contract/reading.ts';
import { at, readerOf, TestState } from '../../support.ts';

const KEYS: readonly PropertyKey[] = ['sensor.a.x', 'sensor.a.y', 'switch.b.state', 'select.c.option'];
const values = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Value>(-3, 0, -0, 1, 1.5, 2, 3, 7, 10, 1e300) },
  { weight: 2, arbitrary: fc.constantFrom<Value>('on', 'off', '', 'a') },
  fc.constantFrom<Value>(true, false),
);
const key = fc.constantFrom(...KEYS);
const number = fc.constantFrom('-3', '0', '-0.0', '1', '1.5', '3', '10');
const text = fc.constantFrom('"on"', '"off"', '"a"');
const by = fc.constantFrom('<', '<=', '>', '>=', '==', '!=');
const test = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(key, by, number).map(([k, o, n]) => `${k} ${o} ${n}`) },
  fc.tuple(number, by, key).map(([n, o, k]) => `${n} ${o} ${k}`),
  fc.tuple(key, fc.constantFrom('==', '!=', '<'), text).map(([k, o, t]) => `${k} ${o} ${t}`),
  fc.tuple(key, fc.constantFrom('true', 'false')).map(([k, b]) => `${k} == ${b}`),
  key,
  key.map((k) => `known(${k})`),
  fc
    .tuple(key, fc.array(fc.oneof(number, text), { maxLength: 3 }))
    .map(([k, list]) => `${k} in [${list.join(', ')}]`),
  fc.tuple(key, key, by).map(([a, b, o]) => `${a} + 1 ${o} ${b}`),
  fc.tuple(key, key, key).map(([a, b, c]) => `(${a} > 1 ? ${b} : ${c}) == "on"`),
  fc.constantFrom('true', 'false', 'sensor.a.x == sensor.a.x'),
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'c' },
    test,
    fc
      .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'))
      .map(([a, o, b]) => `(${a} ${o} ${b})`),
    tie('condition').map((a) => `!(${a})`),
  ),
}));
const stream = fc.array(fc.tuple(key, fc.option(values, { nil: undefined })), {
  minLength: 30,
  maxLength: 60,
  size: 'max',
});

function setup(sources: readonly string[]) {
  const state = new TestState();
  const time = createLocalTime('UTC');
  time.set(at(0).wall);
  const reader = readerOf(state, time);
  const exprs = sources.map((source) => {
    const parsed = parseExpression(source);
    if (!parsed.ok) throw new TypeError(`${source}: ${parsed.problem.message}`);
    return parsed.value.expr;
  });
  const plan = new IndexPlan(reader);
  for (const expr of exprs) plan.addCondition(expr);
  const index = new RuleIndex(plan);
  return { state, index, naive: exprs.map((expr) => compileCondition(expr, reader)) };
}

function takeNews(index: RuleIndex): number[] {
  const news = Array.from({ length: index.news }, (_, i) => index.newsAt(i));
  index.forget();
  return news;
}

describe('the rule index', () => {
  it('says of any conditions on any stream what evaluating each of them says, and names those that changed', () => {
    fc.assert(
      fc.property(
        fc.array(condition, { minLength: 5, maxLength: 20, size: 'max' }),
        stream,
        fc.nat(20),
        (sources, steps, late) => {
          const { state, index, naive } = setup(sources);
          for (const [k, value] of steps.slice(0, late)) state.set(k, value);
          index.sync();
          const truth = (): number[] => naive.map((evaluate) => evaluate());
          const kept = (): number[] => naive.map((_, i) => index.value(i));
          expect(kept()).toEqual(truth());
          for (const [k, value] of steps.slice(late)) {
            const before = truth();
            index.slotChanged(state.set(k, value));
            const after = truth();
            expect(kept()).toEqual(after);
            const changed = after.flatMap((value2, i) => (value2 === before[i] ? [] : [i]));
            const news = takeNews(index);
            expect(new Set(news).size).toBe(news.length);
            // What flips and flips back within one change may be named too.
            expect(news).toEqual(expect.arrayContaining(changed));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('leaves alone every condition whose limit was not crossed', () => {
    const { state, index } = setup(Array.from({ length: 100 }, (_, i) => `sensor.a.x > ${i}`));
    state.set('sensor.a.x', 10.2);
    index.sync();
    for (const [value, news] of [
      [10.7, []],
      [12.5, [11, 12]],
      [12, [12]],
      [11, [11]],
      [-5, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ] as const) {
      index.slotChanged(state.set('sensor.a.x', value));
      expect(takeNews(index).toSorted((a, b) => a - b)).toEqual(news);
    }
  });

  it('hears of a slot whatever its value, where a policy asks for the slot itself', () => {
    const { state } = setup([]);
    const slot = state.slot('sensor.a.x');
    const plan = new IndexPlan(readerOf(state, createLocalTime('UTC')));
    plan.addSlots([slot]);
    const index = new RuleIndex(plan);
    index.slotChanged(slot);
    index.slotChanged(slot);
    expect(takeNews(index)).toEqual([0]);
  });
});
