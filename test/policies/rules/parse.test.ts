import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatProblem, parseDuration, parsePolicies } from '../../../policies/index.ts';
import { formatCall, literalCall, parseCall } from '../../../policies/rules/calls.ts';

function problems(text: string): string[] {
  return parsePolicies([{ name: 'p.yaml', text }]).problems.map(formatProblem);
}
const rule = (rest: string): string => `- { id: a, when: 'true', then: light.hall.turn_on, ${rest} }`;

describe('parsePolicies', () => {
  it('reads rules and decide policies with their defaults', () => {
    const text = `
- id: hall
  when: binary_sensor.hall_motion.state == "on"
  for: 1h30m
  then: ["light.hall.turn_on(brightness: 20)", cover.x.open, 'tool.say(text: "it is, (really) \\"late\\"")']
- id: air
  decide:
    on: [sensor.living.co2, 'prop("sensor.0x15.co2")']
    choices: [none, ["fan.living.turn_on(speed: 60)", cover.w.open]]
    features: [now.hour]
    certify: { agreement: 0.95, confidence: 0.9 }
    tree: trees/air.json
`;
    const { policies, problems: found } = parsePolicies([{ name: 'p.yaml', text }]);
    expect(found).toEqual([]);
    expect(policies).toMatchObject([
      {
        type: 'rule',
        id: 'hall',
        file: 'p.yaml',
        line: 2,
        forMs: 5_400_000,
        cooldownMs: 0,
        priority: 50,
        mode: 'auto',
        calls: [
          { entity: 'light.hall', command: 'turn_on', args: { brightness: { source: '20' } } },
          { entity: 'cover.x', command: 'open', args: {} },
          {
            entity: 'tool.say',
            command: 'run',
            args: { text: { expr: { value: 'it is, (really) "late"' } } },
          },
        ],
      },
      {
        type: 'decide',
        id: 'air',
        on: ['sensor.living.co2', 'sensor.0x15.co2'],
        choices: [
          { label: 'none', calls: [] },
          { label: 'fan.living.turn_on(speed: 60) + cover.w.open', calls: [{ args: { speed: 60 } }, {}] },
        ],
        rungs: ['tree', 'cache', 'llm'],
        tree: 'trees/air.json',
        minConfidence: 0,
        timeoutMs: 10_000,
      },
    ]);
  });

  it('names every problem at once, with file, line, policy and path', () => {
    const text = `
- id: a
  when: sensor.x.y = 3
  if: now.our > 3
  then: [light.hall, "light.hall.turn_on(brightness: )"]
  cooldwn: 60s
  mode: atuo
- id: a
  when: sensor.x.y > 3
  then: light.hall.turn_on
  for: soon
- 7
- decide: { on: [co2], choices: [none, light.x.turn_on, light.x.turn_on, "fan.y.turn_on(speed: sensor.x.y)"] }
  id: b
`;
    expect(problems(text)).toEqual([
      'p.yaml:7 a mode: Expected one of auto, suggest, approve, off for mode but received "atuo"; did you mean auto?',
      'p.yaml:6 a cooldwn: Expected a known key but received "cooldwn"; did you mean cooldown?',
      expect.stringMatching(/^p.yaml:3 a when: .*equality is written == \(character 12 of/) as string,
      expect.stringMatching(/^p.yaml:4 a if: Expected one of now.hour/) as string,
      expect.stringMatching(/^p.yaml:5 a then\[0\]: Expected a command after light.hall/) as string,
      expect.stringMatching(/^p.yaml:5 a then\[1\]: Expected an expression but received nothing/) as string,
      expect.stringMatching(/^p.yaml:11 a for: Expected a duration such as/) as string,
      'p.yaml:8 a id: Expected an id of its own but a is already in p.yaml:2',
      'p.yaml:12: Expected a policy as a mapping with an id but received 7',
      expect.stringMatching(/^p.yaml:13 b decide.on\[0\]: Expected a property/) as string,
      expect.stringMatching(/decide.choices\[3\]: Expected a fixed value for speed/) as string,
      'p.yaml:13 b decide.choices[2]: Expected light.x.turn_on only once',
    ]);
  });

  it('goes on with the other policies and files', () => {
    const { policies, problems: found } = parsePolicies([
      { name: 'bad.yaml', text: 'a: [' },
      { name: 'empty.yaml', text: '# nothing yet\n' },
      { name: 'good.yaml', text: `${rule('priority: 1')}\n- { id: b, when: 3, then: x }` },
    ]);
    expect(policies.map((policy) => policy.id)).toEqual(['a']);
    expect(found.map((problem) => problem.file)).toEqual(['bad.yaml', 'good.yaml', 'good.yaml']);
  });

  it.each([
    [
      'an unquoted call',
      '- id: a\n  when: "true"\n  then: light.hall.turn_on(brightness: 20)',
      'must be quoted',
    ],
    [
      'an unquoted call in a list',
      "- { id: a, when: 'true', then: [light.hall.turn_on(brightness: 20)] }",
      'must be quoted',
    ],
    ['a mapping instead of a list', 'id: a', 'Expected a list of policies'],
    ['a priority out of range', rule('priority: 5000'), 'at most 1000'],
    [
      'a file outside the folder',
      '- { id: a, decide: { on: [sensor.a.b], choices: [none, light.a.turn_on], tree: ../../etc/passwd } }',
      'inside the policies folder',
    ],
    ['a prototype key', rule('__proto__: { x: 1 }'), '"__proto__"'],
    ['too long a duration', rule('for: 99d'), '31 days'],
    ['deep nesting', '['.repeat(50_000), 'Expected'],
    ['duplicate keys', '- { id: a, id: b }', 'unique'],
    [
      'an id with spaces',
      "- { id: 'a b', when: 'true', then: light.a.turn_on }",
      'Expected an id of at most 64',
    ],
  ])('refuses %s', (_name, text, message) => {
    expect(problems(text).join('\n')).toContain(message);
  });

  it('bounds alias bombs', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) =>
        `- &l${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*l${i - 1}`)
          .join(', ')}]`,
    );
    const before = performance.now();
    expect(problems(levels.join('\n')).join()).toContain('Expected readable YAML');
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('-:{}[]"\'\n &*!|>#%,ab1')), maxLength: 60 }),
        (text) => {
          expect(Array.isArray(problems(text))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('calls', () => {
  it('are read back as they were written', () => {
    const value = fc.oneof(
      fc.integer({ min: 0 }),
      fc.boolean(),
      fc.string({ unit: fc.constantFrom(...Array.from('aZ0 "\\,():')) }),
    );
    const call = fc.record({
      entity: fc.constantFrom('light.hall', 'light.0x0015', 'cover.größe'),
      command: fc.constantFrom('turn_on', 'open'),
      args: fc.dictionary(fc.constantFrom('brightness', 'text', 'x1'), value, { noNullPrototype: true }),
    });
    fc.assert(
      fc.property(call, (given) => {
        const parsed = parseCall(formatCall(given));
        expect(parsed.ok ? literalCall(parsed.value) : parsed.problem).toEqual(given);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['light', 'Expected a call'],
    ['light.hall', 'Expected a command'],
    ['tool.say.now(x: 1)', 'without a command'],
    ['light.hall.turn_on(', 'name: value'],
    ['light.hall.turn_on(a: 1', 'Expected )'],
    ['light.hall.turn_on(a: 1) x', 'nothing after'],
    ['light.hall.turn_on(a: 1, a: 2)', 'only once'],
    ['light.hall.turn_on(20)', 'name: value'],
    ['light.hall.turn_on x', 'Expected ('],
    ['light.hall.turn_on(a: "x)', 'Expected )'],
  ])('refuse %s', (source, message) => {
    const parsed = parseCall(source);
    expect(parsed.ok ? '' : parsed.problem.message).toContain(message);
  });
});

describe('durations', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 31 * 86_400_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it.each(['', '5', 'm5', '1.5h', '5 m', '1m1h', '-5s', '32d'])('refuse %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
