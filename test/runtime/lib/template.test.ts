import { describe, expect, it } from 'vitest';
import { isGanglionError } from '../../../runtime/errors.ts';
import { compileTemplate } from '../../../runtime/lib/template.ts';

const render = (source: string, variables: Record<string, unknown> = {}) =>
  compileTemplate(source).render(variables);

describe('templates', () => {
  it.each([
    ['{{ value_json.t | round(1) }}', '21.3'],
    ['{{ value_json["a b"].c }}', 'x'],
    ['{{ (value | float - 32) / 2 }}', '2'],
    ["{{ 'ON' if value_json.t > 20 else 'OFF' }}", 'ON'],
    ['{% if value_json.missing is defined %}a{% elif value_json.t %}b{% else %}c{% endif %}', 'b'],
    ["{% set names = {'36': 'warm'} %}{{ names[value] }}", 'warm'],
    ["{{ value_json.get('none', 'other') }}", 'other'],
    ["{{ value_json.list[1] ~ '-' ~ value_json.list | length }}", '2-3'],
    ['{{ value_json.missing | default(5) }}', '5'],
    ['{{ value_json.missing }}', ''],
    ['{{ iif(value_json.on, "yes", "no") }}', 'yes'],
    ['{% for i in value_json.list %}{{ i }};{% endfor %}', '1;2;3;'],
    ["{{ value.split('6')[0] | int + 1 }}", '4'],
    ['{{ not value_json.on or "a" in ["a"] }}', 'True'],
    ['{{ {"brightness": value_json.t} | tojson }}', '{"brightness":21.34}'],
    ['{{ is_number(value) }}', 'True'],
  ])('%s', (source, expected) => {
    const variables = {
      value: '36',
      value_json: { t: 21.34, 'a b': { c: 'x' }, list: [1, 2, 3], on: true },
    };
    expect(render(source, variables)).toBe(expected);
  });

  it.each([
    '{% for i in range(10**9) %}x{% endfor %}',
    "{{ 'x' * 10**9 }}",
    `{% set a = "xxxxxxxxxxxxxxxx" %}${'{% set a = a ~ a %}'.repeat(60)}{{ a }}`,
    `{{ ${'('.repeat(2000)}1${')'.repeat(2000)} }}`,
    `{{ ${'-'.repeat(3000)}1 }}`,
    `{{ 1${'+1'.repeat(1500)} }}`,
    `{{ ${'not '.repeat(900)}1 }}`,
    '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
    '{% for a in l %}{% for b in l %}{% for c in l %}{% for d in l %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}',
    '{{ value.constructor.constructor("return process")() }}',
    '{{ value_json.__proto__.polluted.x() }}',
    "{{ ''.__class__.__mro__() }}",
    '{{ value | regex_replace("(a+)+$", "") }}',
    '{% include "x" %}',
    '{{ cycler.__init__.__globals__.os() }}',
    "{{ l | join('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') }}",
    '{{',
    '{% if %}',
    'a'.repeat(5000),
  ])('refuses or bounds %s', (source) => {
    const variables = {
      value: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!',
      value_json: {},
      l: Array.from({ length: 1000 }, () => 1),
    };
    const before = performance.now();
    let outcome: unknown;
    try {
      outcome = render(source, variables);
    } catch (error) {
      outcome = error;
    }
    expect(isGanglionError(outcome)).toBe(true);
    expect(performance.now() - before).toBeLessThan(500);
  });

  it.each(['{{ value | float }}', '{{ value | round(1) }}', '{{ value_json.t * 2 }}', '{{ 1 + value }}'])(
    'says that a value is no number in %s',
    (source) => {
      const template = compileTemplate(source);
      expect(() => template.render({ value: 'offline', value_json: { t: 'offline' } })).toThrow(
        expect.objectContaining({
          code: 'TEMPLATE_VALUE',
          fields: { expected: 'a number', received: 'offline' },
        }),
      );
    },
  );

  it('never reaches a prototype', () => {
    expect(render('{{ value_json.constructor }}{{ value_json["__proto__"] }}', { value_json: {} })).toBe('');
  });
});
