import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffLines, diffWords } from '../../../runtime/cli/policies/diff.ts';

describe('what became of a policy', () => {
  it('is told by the lines that went and came', () => {
    expect(diffLines('a\nb\nc\n', 'a\nx\nc\nd\n')).toEqual([
      { sign: '-', text: 'b' },
      { sign: '+', text: 'x' },
      { sign: '+', text: 'd' },
    ]);
    expect(diffLines('', 'a\n')).toEqual([{ sign: '+', text: 'a' }]);
    expect(diffLines('a\n', 'a\n')).toEqual([]);
  });

  it('says no more than what brings the one to the other', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = diffLines(before, after);
        const count = (all: string, sign: '-' | '+') =>
          all.split('\n').length - 1 - diff.filter((line) => line.sign === sign).length;
        // What is left of both is the same, and all of it where they are equal.
        expect(count(before, '-')).toBe(count(after, '+'));
        expect(before !== after || diff.length === 0).toBe(true);
      }),
    );
  });

  it('compares long texts as a whole', () => {
    const long = 'x\n'.repeat(1001);
    expect(diffLines(long, 'x\n')).toHaveLength(1002);
  });

  it('is told in words', () => {
    const one = 'id: a\nwhen: x\nthen: y\n';
    expect(diffWords(undefined, one)).toBe('the first version kept');
    expect(diffWords(one, null)).toBe('taken out');
    expect(diffWords(null, one)).toBe('put back');
    expect(diffWords(one, 'id: a\nwhen: z\ncooldown: 5m\n')).toBe(
      'changed when; added cooldown; took out then',
    );
    expect(diffWords(one, `# why\n${one}`)).toBe('the same in other letters');
    expect(diffWords('- [', one)).toBe('written anew');
  });
});
