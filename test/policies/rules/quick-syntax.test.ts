import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlain, parseQuickly } from '../../../policies/rules/quick-syntax.ts';
import { parseFully } from '../../../policies/rules/syntax.ts';

const space = fc.constantFrom('', ' ', '  ');
const operand = fc.constantFrom(
  'sensor.a.b',
  'light.x_1.state',
  '1',
  '0.5',
  '12.25',
  '1234567890.1234',
  '0.000000000001',
  'now.hour',
  '"on"',
  "'o n'",
  '""',
  'true',
  'false',
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'q' },
    operand,
    fc
      .tuple(operand, fc.constantFrom('==', '!=', '<', '<=', '>', '>='), operand, space)
      .map(([a, o, b, s]) => `${a}${s}${o}${s}${b}`),
    fc
      .tuple(operand, fc.constantFrom('[1]', '["a", "b"]', '[ 1,"x", true ]'))
      .map(([a, list]) => `${a} in ${list}`),
    fc
      .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'), space)
      .map(([a, o, b, s]) => `${a}${s}${o}${s}${b}`),
    fc.tuple(space, tie('condition'), space).map(([s, a, t]) => `(${s}${a}${t})`),
    tie('condition').map((a) => `!${a}`),
  ),
}));
/** Anything at all, made of the same pieces. */
const soup = fc
  .array(
    fc.oneof(
      operand,
      fc.constantFrom(
        '&&',
        '||',
        '!',
        '(',
        ')',
        '==',
        '<',
        'in',
        '[',
        ']',
        ',',
        '-',
        '.',
        'now.hour',
        '?',
        ' ',
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(' '));

describe('the quick parser', () => {
  it('gives what the CEL parser gives, or nothing', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: condition }, soup), (source) => {
        const quick = parseQuickly(source);
        if (quick === undefined) return;
        read++;
        const full = parseFully(source);
        expect(full.ok && full.value.expr).toEqual(quick);
      }),
      { numRuns: 1500 },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('reads whatever is called plain', () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.oneof(condition, soup), (source) => {
        if (!isPlain(source)) return;
        plain++;
        expect(parseQuickly(source)).toBeDefined();
      }),
      { numRuns: 1500 },
    );
    expect(plain).toBeGreaterThan(50);
  });

  it.each([
    'now.second >= 21',
    'sensor.a.b + 1 > 2',
    'changed(sensor.a.b)',
    'a.b == 1',
    '1 < 2 < 3',
    '"a\\n" == "b"',
    '(sensor.a.b',
    '',
    '-1 < sensor.a.b',
  ])('leaves %s to the CEL parser', (source) => expect(parseQuickly(source)).toBeUndefined());
});
