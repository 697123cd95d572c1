import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyBecomes,
  atClock,
  atSun,
  conjunction,
  conjuncts,
  negated,
  onDays,
  timeWindow,
} from '../../../policies/author/expressions.ts';
import { printExpr } from '../../../policies/author/print.ts';
import { parseExpression } from '../../../policies/rules/syntax.ts';

function printed(source: string): string {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(`${source}: ${parsed.problem.message}`);
  return printExpr(parsed.value.expr);
}

describe('conditions as text', () => {
  const atom = fc.constantFrom(
    'light.hall.state == "on"',
    'sensor.a.temperature > 20.5',
    'now.time >= "22:00"',
    'now.weekday in [1, 3]',
    'changed(select.mode.option)',
    'count(binary_sensor.x.state == "on", "5m") == 0',
    'cron("0 7 * * 1-5")',
    'sunset("-30m")',
    'sun.elevation < -2',
    'prop("light.0x15.state") == "on"',
    'mean(sensor.a.temperature, "1h30m") > min(3, sensor.b.value * (2 + 1))',
    'sequence(light.a.state == "on", light.b.state == "on", "30s")',
    'media.tv.title.startsWith("a")',
    'rose(sensor.a.co2, 5, "10m")',
    'known(sensor.a.co2)',
  );
  const condition = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc
        .tuple(tie('any'), fc.constantFrom('&&', '||'), tie('any'))
        .map(([a, by, b]) => `(${a}) ${by} (${b})`),
      tie('any').map((one) => `!(${one})`),
    ),
  })).any;

  it('say the same when they are printed and read again', () => {
    fc.assert(
      fc.property(condition, (source) => {
        const once = printed(source);
        expect(printed(once)).toBe(once);
        expect(strip(parseExpression(once))).toEqual(strip(parseExpression(source)));
      }),
      { numRuns: 300 },
    );
  });

  it('come apart into what is joined, and back', () => {
    const parts = ['a.b.c == 1', '(a.b.c == 2 || x.y.z > 3)', '!(a.b.d == 1 && a.b.e == 2)'];
    expect(conjuncts(conjunction(parts))).toEqual(parts);
    expect(conjunction(['a.b.c == 1 || a.b.c == 2'])).toBe('a.b.c == 1 || a.b.c == 2');
  });

  it.each([
    ['a.b.c == "on"', 'a.b.c != "on"'],
    ['a.b.c > 5', 'a.b.c <= 5'],
    ['now.time >= "22:00" || now.time < "06:00"', 'now.time < "22:00" && now.time >= "06:00"'],
    ['!known(a.b.c)', 'known(a.b.c)'],
    ['known(a.b.c)', '!known(a.b.c)'],
  ])('%s is denied by %s', (source, opposite) => {
    expect(negated(source)).toBe(opposite);
  });

  it('are written for times, days and people', () => {
    expect(timeWindow(1320, 360)).toBe('(now.time >= "22:00" || now.time < "06:00")');
    expect(timeWindow(480, 1020)).toBe('now.time >= "08:00" && now.time < "17:00"');
    expect(onDays([5, 1, 2, 4, 3])).toBe('now.weekday <= 5');
    expect(onDays([1, 4])).toBe('now.weekday in [1, 4]');
    expect(atClock(450, [1, 2, 3, 4, 5])).toBe('cron("30 7 * * 1-5")');
    expect(atClock(450)).toBe('cron("30 7 * * *")');
    expect(atSun('sunset', -30)).toBe('sunset("-30m")');
    expect(anyBecomes(['person.a', 'person.b'], 'state', 'home')).toBe(
      '(changed(person.a.state) && person.a.state == "home") || (changed(person.b.state) && person.b.state == "home")',
    );
  });
});

/** A syntax tree without places. */
function strip(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, part: unknown) =>
      key === 'start' || key === 'end' || key === 'source' ? undefined : part,
    ),
  );
}
