import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { GanglionError } from '../../../runtime/errors.ts';
import { readScenarios } from '../../../runtime/scenarios/index.ts';
import { momentOf } from '../../../runtime/scenarios/moment.ts';

function problemsIn(text: string): readonly string[] {
  try {
    readScenarios(text, 'tests.yaml');
  } catch (error) {
    return (error as GanglionError<'CONFIG_INVALID'>).fields.problems;
  }
  return [];
}

describe('a file of tests', () => {
  it('is read with everything it may hold', () => {
    const file = fileURLToPath(
      new URL('../../../examples/evening/policies/tests/evening.yaml', import.meta.url),
    );
    const { policies, tests } = readScenarios(readFileSync(file, 'utf8'), file);
    expect(policies).toBe('../evening.yaml');
    expect(tests.map(({ steps }) => steps?.length ?? 0)).toEqual([0, 0, 3, 0, 0]);
  });

  it('names everything that is wrong, with its place', () => {
    const problems = problemsIn(`
tests:
  - name: one
    given: { time: noon, state: { hall: 3 } }
    when: [{ wait: long }, { unavailable: lamp }]
    then: ["light.hall.turn_on(brightness: sensor.hall.x)", { refused: nonsense }]
  - name: two
    wenn: []
    then: nothing
`);
    expect(problems.join('\n')).toMatch(/given\.time: Expected a time/);
    expect(problems.join('\n')).toMatch(/when\[0\].*Expected a duration/);
    expect(problems.join('\n')).toMatch(/then\[0\].*Expected a call with fixed values/);
    expect(problems.join('\n')).toMatch(/wenn.*(unknown key|when)/);
  });

  it('wants something expected, in one way, of things that exist', () => {
    expect(problemsIn('tests: [{ name: a }]')).toEqual([expect.stringContaining('tests[0].then')]);
    expect(problemsIn('tests: [{ name: a, then: nothing, steps: [] }]')).toEqual([
      expect.stringContaining('steps'),
    ]);
    expect(problemsIn('tests: [{ name: a, then: nothing, given: { state: { hall: 3 } } }]')).toEqual([
      expect.stringContaining('received hall'),
    ]);
    expect(() => readScenarios('tests: [', 'tests.yaml')).toThrow(
      expect.objectContaining({ code: 'CONFIG_SYNTAX' }),
    );
  });
});

describe('a moment in a test', () => {
  const at = (text: string, now = 0): string | undefined => {
    const ms = momentOf(text, 'Europe/Berlin', now);
    return ms === undefined ? undefined : new Date(ms).toISOString();
  };

  it('is local time, summer and winter, or has an offset', () => {
    expect(at('2026-11-21 22:00')).toBe('2026-11-21T21:00:00.000Z');
    expect(at('2026-07-01T22:00:30')).toBe('2026-07-01T20:00:30.000Z');
    expect(at('2026-11-21T22:00:00Z')).toBe('2026-11-21T22:00:00.000Z');
    // Comes twice: the first. Is skipped: an hour later.
    expect(at('2026-10-25 02:30')).toBe('2026-10-25T00:30:00.000Z');
    expect(at('2026-03-29 02:30')).toBe('2026-03-29T01:30:00.000Z');
    expect(at('2026-03-29 03:30')).toBe('2026-03-29T01:30:00.000Z');
    for (const wrong of ['25:00', '2026-02-30 10:00', 'noon', '2026-11-21'])
      expect(at(wrong)).toBeUndefined();
  });

  it('is the next one where only a time of day is given', () => {
    const now = Date.UTC(2026, 9, 24, 20);
    expect(at('23:30', now)).toBe('2026-10-24T21:30:00.000Z');
    expect(at('22:00', now)).toBe('2026-10-25T21:00:00.000Z');
    expect(at('02:30', now)).toBe('2026-10-25T00:30:00.000Z');
  });
});
