import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFlatYaml } from '../../../policies/rules/quick-yaml.ts';
import { readFully } from '../../../policies/rules/read-yaml.ts';

const value = fc.constantFrom(
  'a',
  'sensor.a.b > 3 && x.y.z == "on"',
  '"quoted: # text"',
  '\'single "one"\'',
  '12',
  '0',
  '007',
  '1.5',
  '-3',
  '5m',
  '1h30m',
  'true',
  'True',
  'null',
  '~',
  '',
  'yes',
  'a # comment',
  'a#b',
  'b: c',
  '[a, b]',
  '{ a: b }',
  '"esc\\n"',
  "'it''s'",
  '(a)',
  '!x',
  '|',
  'a:',
  '0x1f',
  '1e3',
  '.5',
  'é',
  '2026-01-01',
  'a  ',
  '&a b',
  '*a',
  'x, y',
  '- z',
);
const line = fc
  .tuple(
    fc.constantFrom('- ', '  ', '  ', '  ', ''),
    fc.constantFrom('id', 'when', 'if', 'then', 'for'),
    value,
  )
  .map(([lead, key, v]) => `${lead}${key}: ${v}`);
const file = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: line },
      fc.constantFrom('', '# note', '  # note', '---', '  more', '    - x'),
    ),
    { maxLength: 10 },
  )
  .map((lines) => lines.join('\n'));
/** Files as people write them, so that the comparison is not about refusals alone. */
const sane = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'sensor.a.b > 3', '"q: x"', '12', 'true', '5m', "'s'"),
      fc.constantFrom('b', '"c"', '7'),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((entries) => entries.map(([a, b]) => `- id: ${a}\n  when: ${b}\n\n`).join('# c\n'));

describe('the quick reader of policy files', () => {
  it('gives what the YAML library gives, or nothing', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(file, sane), (text) => {
        const found = readFlatYaml('p.yaml', text);
        if (found === undefined) return;
        const quick = [...found];
        read++;
        const problems: never[] = [];
        const full = readFully({ name: 'p.yaml', text }, problems);
        expect(problems).toEqual([]);
        expect(quick.map(({ data }) => data)).toEqual(full.map(({ data }) => data));
        for (const [i, raw] of quick.entries()) {
          for (const path of [[], ['id'], ['when'], ['then', 0], ['nothing']])
            expect(raw.lineOf(path)).toBe(full[i]!.lineOf(path));
        }
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(500);
  });
});
