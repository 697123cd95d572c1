import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editFile, onePolicy, piecesFully, piecesOf } from '../../../runtime/policies/policy-text.ts';

const FILE = `# The evening.
- id: hall   # by the door
  when: binary_sensor.hall.state == "on"   # motion
  then:
    - "light.hall.turn_on"

# Fresh air.
-
  id: air
  decide:
    on: [sensor.living.co2]
    choices: [none, "fan.living.turn_on(speed: 60)"]
    guidance: |
      Keep it low.

      Always.

- { id: shut, never: lock.*.unlock }
# The end.
`;

describe('the policies of a file', () => {
  it('are cut out as they are written', () => {
    expect(piecesOf(FILE)).toEqual([
      {
        id: 'hall',
        text: 'id: hall   # by the door\nwhen: binary_sensor.hall.state == "on"   # motion\nthen:\n  - "light.hall.turn_on"\n',
      },
      {
        id: 'air',
        text: 'id: air\ndecide:\n  on: [sensor.living.co2]\n  choices: [none, "fan.living.turn_on(speed: 60)"]\n  guidance: |\n    Keep it low.\n\n    Always.\n',
      },
      { id: 'shut', text: '{ id: shut, never: lock.*.unlock }\n' },
    ]);
  });

  it('are the same by lines and by the library', () => {
    const line = fc.constantFrom(
      '- id: a1',
      '- when: x == "on"',
      '  id: b2',
      '  when: sensor.a.b > 3 && c',
      '  if: "a: b"',
      '  guidance: |',
      '    deeper text',
      '  then:',
      '    - light.a.turn_on',
      '# a comment',
      '  # an inner comment',
      '    # a deeper one',
      '',
      '- { id: flow }',
      '-',
      '- id: "q"',
      '  cooldown: 5m',
      '  then: *alias',
      '  when: &anchor x',
      'policies:',
      '---',
    );
    let compared = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const text = `${lines.join('\n')}\n`;
        const full = piecesFully(text);
        // What cannot be read is never cut.
        if (full === undefined) return;
        compared += full.length;
        expect(piecesOf(text)).toEqual(full);
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('leave the comments after a last key without a value to what follows', () => {
    for (const comments of ['# a comment', '# one\n\n# another', '\n# late']) {
      const text = `- id: a1\n  then:\n${comments}\n`;
      expect(piecesFully(text)).toEqual([{ id: 'a1', text: 'id: a1\nthen:\n' }]);
      expect(piecesOf(text)).toEqual(piecesFully(text));
    }
  });

  it('are read from a list in brackets, under `policies:`, and out of borrowed parts', () => {
    expect(piecesOf('[{"id":"a","when":"x"},{"id":"b"}]')?.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(piecesOf('other: 1\npolicies:\n  - id: a\n    when: x\n')).toEqual([
      { id: 'a', text: 'id: a\nwhen: x\n' },
    ]);
    const shared = '- id: a\n  then: &both [x.y.z, u.v.w]\n- id: b\n  then: *both\n';
    expect(piecesOf(shared)?.[1]).toEqual({ id: 'b', text: 'id: b\nthen:\n  - x.y.z\n  - u.v.w\n' });
  });
});

describe('one policy put in the place of another', () => {
  it('leaves every other letter where it was', () => {
    const edited = editFile(FILE, 'air', 'id: air\nmode: off   # for now\n')!;
    expect(edited).toBe(
      FILE.replace(/-\n {2}id: air[^]*?Always\.\n/, '- id: air\n  mode: off   # for now\n'),
    );
    expect(editFile(FILE, 'shut', undefined)).toBe(
      FILE.replace('- { id: shut, never: lock.*.unlock }\n', ''),
    );
    expect(editFile(FILE, 'new', 'id: new\nwhen: x\n')).toBe(`${FILE}\n- id: new\n  when: x\n`);
  });

  it('is the same by lines and by the library', () => {
    const line = fc.constantFrom(
      '- id: a',
      '- id: b',
      '- id: c',
      '  when: x == "on"',
      '  guidance: |',
      '    deep',
      '# words',
      '',
    );
    const policy = fc.constantFrom(
      undefined,
      'id: b\nwhen: new\n',
      'id: b\nguidance: |\n  deep\n\n  deeper\n',
      '# why\nid: b\n',
      '{ id: b }\n',
    );
    let edited = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 10 }), policy, fc.constantFrom('b', 'd'), (lines, put, id) => {
        const file = lines.map((one) => `${one}\n`).join('');
        const before = piecesFully(file);
        if (before === undefined || new Set(before.map((piece) => piece.id)).size < before.length) return;
        const after = editFile(file, id, put?.replace('id: b', `id: ${id}`));
        edited++;
        const others = (text: string) => piecesFully(text)!.filter((piece) => piece.id !== id);
        expect(others(after!)).toEqual(others(file));
        const mine = piecesFully(after!)!.find((piece) => piece.id === id);
        expect(mine && parse(mine.text)).toEqual(put && { ...(parse(put) as object), id });
        // It stands where it stood, or at the end.
        const place = (some: typeof before) => some.findIndex((piece) => piece.id === id);
        const wanted = put === undefined ? -1 : place(before) < 0 ? before.length : place(before);
        expect(place(piecesFully(after!)!)).toBe(wanted);
      }),
      { numRuns: 200 },
    );
    expect(edited).toBeGreaterThan(10);
  });

  it('can be taken back to the letter', () => {
    for (const piece of piecesOf(FILE)!.filter(({ id }) => id !== 'air')) {
      const other = editFile(FILE, piece.id!, `id: ${piece.id}\nwhen: other\n`)!;
      expect(editFile(other, piece.id!, piece.text)).toBe(FILE);
    }
  });

  it('works in files of every shape', () => {
    const policy = 'id: b\nthen:\n  - x\n';
    const cases: readonly (readonly [string, unknown])[] = [
      ['', [{ id: 'b', then: ['x'] }]],
      ['# only words\n', [{ id: 'b', then: ['x'] }]],
      ['[]\n', [{ id: 'b', then: ['x'] }]],
      ['[{"id":"a"},{"id":"b","when":"y"}]', [{ id: 'a' }, { id: 'b', then: ['x'] }]],
      ['  - id: b\n    when: y\n  - id: a\n', [{ id: 'b', then: ['x'] }, { id: 'a' }]],
      ['---\n- id: a\n...\n', [{ id: 'a' }, { id: 'b', then: ['x'] }]],
      ['- id: a', [{ id: 'a' }, { id: 'b', then: ['x'] }]],
      [
        '- id: a\r\n  when: y\r\n- id: b\r\n',
        [
          { id: 'a', when: 'y' },
          { id: 'b', then: ['x'] },
        ],
      ],
    ];
    for (const [file, wanted] of cases) expect(parse(editFile(file, 'b', policy)!)).toEqual(wanted);
    const kept = editFile('variables: { low: 5 }\npolicies:\n  - id: b\n    when: y\n', 'b', policy)!;
    expect(parse(kept)).toEqual({ variables: { low: 5 }, policies: [{ id: 'b', then: ['x'] }] });
  });

  it('does not take away what others borrow from it', () => {
    const file = '- id: a\n  then: &both [x.y.z, u.v.w]\n- id: b\n  then: *both\n# end\n';
    const edited = editFile(file, 'a', 'id: a\nthen: q\n')!;
    expect(parse(edited)).toEqual([
      { id: 'a', then: 'q' },
      { id: 'b', then: ['x.y.z', 'u.v.w'] },
    ]);
    expect(parse(editFile(file, 'a', undefined)!)).toEqual([{ id: 'b', then: ['x.y.z', 'u.v.w'] }]);
    expect(edited).toContain('# end');
  });

  it('is not tried in a file that cannot be read', () => {
    expect(editFile('- id: [', 'a', 'id: a\n')).toBeUndefined();
    expect(editFile('just words', 'a', 'id: a\n')).toBeUndefined();
  });
});

describe('a policy that is handed in', () => {
  it('is a mapping, or a list of one', () => {
    expect(onePolicy('id: a\nwhen: x')).toEqual({ id: 'a', text: 'id: a\nwhen: x\n' });
    expect(onePolicy('- id: a\n  when: x # why\n')).toEqual({ id: 'a', text: 'id: a\nwhen: x # why\n' });
  });

  it('is refused with a sentence otherwise', () => {
    expect(onePolicy('- id: a\n- id: b\n')).toBe('Expected one policy but received 2');
    expect(onePolicy('when: x')).toBe('Expected a policy with an id but it has none');
    expect(onePolicy('id: [')).toMatch(/^Expected YAML but /);
    expect(onePolicy('words')).toBe('Expected one policy but received something else');
    expect(onePolicy('')).toBe('Expected one policy but received something else');
  });
});
