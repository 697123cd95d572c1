import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CacheRung, DecisionCache } from '../../../policies/index.ts';
import { quantise } from '../../../policies/cache/quantise.ts';
import type { MonoMs } from '../../../runtime/contract/time.ts';
import { rungConformance } from '../../conformance/rung.ts';
import { request } from '../support.ts';

const ANSWER = { kind: 'choice', index: 1, confidence: 0.9, explanation: 'stuffy' } as const;

function setup(capacity = 10, ttlMs = 60_000) {
  const time = { now: 0 };
  const cache = new DecisionCache({ capacity, ttlMs });
  const rung = new CacheRung({ cache, mono: () => time.now as MonoMs, steps: { 'now.hour': 3 } });
  return { time, cache, rung };
}

rungConformance('cache', () => {
  const { rung } = setup();
  rung.learn(request([1200, 12]), ANSWER, 'llm');
  return { rung, answerable: request([1200, 12]), foreign: request([1200, 12], { policy: 'another' }) };
});

describe('the cache rung', () => {
  it('answers for features that round to the same values', () => {
    const { rung, time } = setup();
    rung.learn(request([1200, 12]), ANSWER, 'llm');
    time.now = 5000;
    expect(rung.decide(request([1230, 13]))).toEqual({
      ...ANSWER,
      explanation: 'as llm decided 5 s ago in the same situation: stuffy',
    });
    expect(rung.decide(request([1300, 13])).kind).toBe('abstain');
    expect(rung.decide(request([1200, 15])).kind).toBe('abstain');
    expect(rung.decide(request([Number.NaN, 12])).kind).toBe('abstain');
  });

  it('asks again when the guidance or the choices have changed', () => {
    const { rung } = setup();
    rung.learn(request([1200, 12]), ANSWER, 'llm');
    const other = request([1200, 12]);
    expect(rung.decide({ ...other, guidance: 'Save energy.' }).kind).toBe('abstain');
    expect(rung.decide({ ...other, choices: other.choices.slice(0, 2) }).kind).toBe('abstain');
  });

  it('remembers nothing without features, as for requests in words', () => {
    const { rung, cache } = setup();
    const words = request([], { policy: 'ask' });
    rung.learn(words, ANSWER, 'llm');
    expect(rung.decide(words).kind).toBe('abstain');
    expect(cache.counters().size).toBe(0);
  });

  it('forgets by age and by policy, and counts', () => {
    const { rung, cache, time } = setup();
    rung.learn(request([1200, 12]), ANSWER, 'llm');
    time.now = 59_999;
    expect(rung.decide(request([1200, 12])).kind).toBe('choice');
    time.now = 60_000;
    expect(rung.decide(request([1200, 12])).kind).toBe('abstain');
    rung.learn(request([1200, 12]), ANSWER, 'llm');
    expect(cache.forget({ policy: 'another' })).toBe(0);
    expect(cache.forget({ policy: request([]).policy })).toBe(1);
    expect(rung.decide(request([1200, 12])).kind).toBe('abstain');
    expect(cache.counters()).toEqual({
      size: 0,
      hits: 1,
      misses: 2,
      expired: 1,
      evicted: 0,
      invalidated: 1,
      hitAgeMs: 59_999,
    });
  });

  it('forgets what hangs on a policy, an entity or a rung that has changed, and nothing else', () => {
    const fill = (): ReturnType<typeof setup> => {
      const made = setup();
      made.rung.learn(request([1200, 12]), ANSWER, 'llm');
      made.rung.learn(request([1200, 12], { policy: 'another' }), ANSWER, 'onnx');
      return made;
    };
    expect(fill().cache.forget({ policy: 'another' })).toBe(1);
    expect(fill().cache.forget({ entity: 'sensor.living' })).toBe(2);
    expect(fill().cache.forget({ entity: 'fan.living' })).toBe(2);
    expect(fill().cache.forget({ entity: 'light.hall' })).toBe(0);
    const { cache, rung } = fill();
    expect(cache.forget({ rung: 'llm' })).toBe(1);
    expect(rung.decide(request([1200, 12])).kind).toBe('abstain');
    expect(rung.decide(request([1200, 12], { policy: 'another' })).kind).toBe('choice');
    expect(cache.counters()).toMatchObject({ size: 1, invalidated: 1, hits: 1, misses: 1 });
    // A feature that is a whole condition may look at anything.
    const { frame } = request([1, 2]);
    const condition = { ...frame, names: ['sensor.living.co2 > 800', 'now.hour'] };
    rung.learn(request([1, 2], { frame: condition }), ANSWER, 'llm');
    expect(cache.forget({ entity: 'light.hall' })).toBe(1);
  });

  it('behaves as a plain least-recently-used list', () => {
    const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), keys)), (steps) => {
        const cache = new DecisionCache({ capacity: 3, ttlMs: 100 });
        let model: string[] = [];
        for (const [write, key] of steps) {
          const known = model.includes(key);
          const found = cache.get(key, 0 as MonoMs)?.label;
          expect(found).toBe(known ? key : undefined);
          if (write)
            cache.set(key, { label: key, confidence: 1, explanation: '', by: 'llm', at: 0 as MonoMs });
          if (write || known) model = [...model.filter((other) => other !== key), key].slice(-3);
          expect(cache.counters().size).toBe(model.length);
        }
      }),
    );
  });

  it.each([
    [1043, undefined, '1000'],
    [0.01234, undefined, '0.012'],
    [-0, undefined, '0'],
    [22.4, 0.5, '45'],
    [Number.NaN, 5, '?'],
    [7, 0, '7'],
  ])('rounds %s by step %s to %s', (value, step, expected) => {
    expect(quantise(value, step, 2)).toBe(expected);
  });
});
