import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importJsonRules, parsePolicies } from '../../../policies/index.ts';

const RULES = [
  {
    name: 'Too warm!',
    priority: 5,
    conditions: {
      any: [
        {
          all: [
            { fact: 'temperature', operator: 'greaterThanInclusive', value: 26.5 },
            { fact: 'sensor.living.mode', operator: 'in', value: ['day', 'eve"ning'] },
          ],
        },
        { not: { fact: 'sensor.living.co2', operator: 'lessThan', value: { fact: 'sensor.living.limit' } } },
      ],
    },
    event: { type: 'openWindow', params: { text: 'it\'s "hot"', level: 2 } },
  },
  {
    conditions: { all: [{ fact: 'binary_sensor.door.state', operator: 'equal', value: 'on' }] },
    event: { type: 'light' },
  },
];
const options = {
  facts: { temperature: 'sensor.living.temperature' },
  events: { light: 'light.hall.turn_on(brightness: 20)' },
} as const;

describe('rules of json-rules-engine', () => {
  it('become policies that suggest', () => {
    const { yaml, policies, problems } = importJsonRules(JSON.stringify(RULES), options);
    expect([policies, problems]).toEqual([2, []]);
    const parsed = parsePolicies([{ name: 'i.yaml', text: yaml }]);
    expect(parsed.problems).toEqual([]);
    expect(parsed.policies).toMatchObject([
      {
        id: 'Too-warm-',
        priority: 54,
        mode: 'suggest',
        when: {
          source:
            '((sensor.living.temperature >= 26.5 && sensor.living.mode in ["day", "eve\\"ning"]) || !(sensor.living.co2 < sensor.living.limit))',
        },
        calls: [{ source: 'tool.openwindow(text: "it\'s \\"hot\\"", level: 2)' }],
      },
      {
        id: 'rule-2',
        when: { source: 'binary_sensor.door.state == "on"' },
        calls: [{ source: 'light.hall.turn_on(brightness: 20)' }],
      },
    ]);
  });

  it.each([
    ['{', 'Expected JSON'],
    ['3', 'Expected a rule'],
    [
      '{"conditions":{"all":[{"fact":"warmth","operator":"equal","value":1}]},"event":{"type":"x"}}',
      '--fact warmth=',
    ],
    [
      '{"conditions":{"all":[{"fact":"sensor.a.b","operator":"near","value":1}]},"event":{"type":"x"}}',
      'Expected a built-in operator',
    ],
    [
      '{"conditions":{"all":[{"fact":"sensor.a.b","path":"$.x","operator":"equal","value":1}]},"event":{"type":"x"}}',
      'Expected no path',
    ],
    ['{"conditions":{"all":[]},"event":{}}', 'Expected an event with a type'],
  ])('%s cannot be taken over', (text, message) => {
    const { policies, problems } = importJsonRules(text, options);
    expect(policies).toBe(0);
    expect(problems.join()).toContain(message);
  });

  it('give readable policies or problems, whatever the file', () => {
    const value = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null));
    const leaf = fc.record({
      fact: fc.constantFrom('sensor.a.b', 'prop', 'sensor.a.0x1'),
      operator: fc.constantFrom('equal', 'in', 'contains', 'lessThan', 'x'),
      value: fc.oneof(value, fc.array(value, { maxLength: 3 })),
    });
    const rule = fc.record({
      name: fc.string(),
      conditions: fc.oneof(
        leaf,
        fc.record({ all: fc.array(leaf, { maxLength: 3 }) }),
        fc.record({ not: leaf }),
      ),
      event: fc.record({
        type: fc.string({ minLength: 1 }),
        params: fc.dictionary(fc.string(), value, { maxKeys: 2 }),
      }),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
        const { yaml, policies, problems } = importJsonRules(JSON.stringify(rules), {
          facts: {},
          events: {},
        });
        expect(policies + problems.length).toBe(rules.length);
        const parsed = parsePolicies([{ name: 'i.yaml', text: yaml }]);
        // The tool may have a name that is none, or a text CEL does not take; the file itself can be read.
        expect(parsed.problems.filter(({ message }) => message.includes('YAML'))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
