import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerNode, NumberRange } from '../../../../runtime/contract/answer.ts';
import { checkAnswer } from '../../../../runtime/modelhost/answer/check.ts';
import { answerLanguage, choiceLanguage } from '../../../../runtime/modelhost/answer/language.ts';
import {
  acceptsAnswer,
  answerCount,
  listAnswers,
  sampleAnswer,
} from '../../../../runtime/modelhost/answer/members.ts';
import { answerPattern, answerSchema } from '../../../../runtime/modelhost/answer/pattern.ts';
import { anyLanguage, spell, textsOf } from '../../../support/languages.ts';

const unit = fc.constantFrom('a', 'b', ' ', '.', '1', '(', '|', '\\', '$', '^', '"', '/', '\n');
const texts = fc.string({ unit, maxLength: 4 });
const languages = anyLanguage({ texts, controls: ['<e1>', '<|im_end|>'] });

function refused(root: AnswerNode): string {
  try {
    checkAnswer(answerLanguage(root));
  } catch (error) {
    return (error as Error).message.replace(/answer \S+/, 'answer KEY');
  }
  return 'fine';
}

function numbers(range: Partial<NumberRange>): AnswerNode {
  return { number: { min: 0, max: 10, step: 1, decimals: 0, ...range } };
}

describe('the members of a language', () => {
  it('are listed, counted and accepted as the tree says', () => {
    fc.assert(
      fc.property(languages, texts, (language, other) => {
        const expected = textsOf(language);
        expect(listAnswers(language, 300).toSorted()).toEqual(expected);
        expect(answerCount(language)).toBeGreaterThanOrEqual(expected.length);
        for (const text of expected) {
          expect(acceptsAnswer(language, text)).toBe(true);
          expect(acceptsAnswer(language, `${text}x`)).toBe(false);
        }
        expect(acceptsAnswer(language, other)).toBe(expected.includes(other));
      }),
    );
  });

  it('match the pattern, and nothing else does', () => {
    fc.assert(
      fc.property(languages, texts, (language, other) => {
        const expected = textsOf(language);
        const pattern = new RegExp(answerPattern(language), 'u');
        for (const text of expected) {
          expect(pattern.test(text)).toBe(true);
        }
        expect(pattern.test(other)).toBe(expected.includes(other));
      }),
    );
  });

  it('are drawn at random from all of them', () => {
    const language = answerLanguage({
      any: [{ text: 'none' }, { seq: [{ text: 'dim ' }, numbers({ max: 98 })] }],
    });
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 0x7fffffff) / 0x7fffffff;
    const drawn = Array.from({ length: 2000 }, () => sampleAnswer(language, random));
    expect(drawn.every((text) => acceptsAnswer(language, text))).toBe(true);
    expect(new Set(drawn).size).toBe(100);
    // One in a hundred, not one in two.
    expect(drawn.filter((text) => text === 'none').length).toBeLessThan(60);
  });

  it('write control tokens by their names or by what stands in for them', () => {
    const language = answerLanguage({ seq: [{ token: '<e3>', otherwise: '3' }, { text: '.on' }] });
    expect(listAnswers(language, 9)).toEqual(['<e3>.on']);
    expect(listAnswers(language, 9, 'otherwise')).toEqual(['3.on']);
    expect(acceptsAnswer(language, '<e3>.on')).toBe(true);
    expect(acceptsAnswer(language, '3.on')).toBe(true);
    expect(answerPattern(language)).toBe(String.raw`^3\.on$`);
    expect(answerPattern(language, 'names')).toBe(String.raw`^<e3>\.on$`);
  });

  it('take time in proportion to the text where a backtracking matcher would take forever', () => {
    const a = { any: [{ text: 'a' }, { text: 'aa' }, { text: 'aaa' }] };
    const language = answerLanguage({ list: { each: a, separator: { text: '' }, max: 60 } });
    expect(acceptsAnswer(language, 'a'.repeat(180))).toBe(true);
    expect(acceptsAnswer(language, `${'a'.repeat(180)}b`)).toBe(false);
  });

  it('are not listed when there are too many, but counted', () => {
    const language = answerLanguage({ seq: [numbers({ max: 999 }), { text: ' ' }, numbers({ max: 999 })] });
    expect(answerCount(language)).toBe(1_000_000);
    expect(answerCount(language, 65)).toBe(65);
    expect(() => listAnswers(language, 64)).toThrow(/at most 64 answers .* received 1000000/);
    expect(answerSchema(language)).toEqual({ type: 'string', pattern: answerPattern(language) });
    expect(answerSchema(choiceLanguage(['yes', 'no']))).toEqual({ type: 'string', enum: ['yes', 'no'] });
  });
});

describe('numbers', () => {
  it('are written with their decimal places, without drift and without minus zero', () => {
    const language = answerLanguage(numbers({ min: -0.3, max: 0.3, step: 0.1, decimals: 1 }));
    expect(listAnswers(language, 9)).toEqual(['-0.3', '-0.2', '-0.1', '0.0', '0.1', '0.2', '0.3']);
    expect(listAnswers(answerLanguage(numbers({ min: 5, max: 6, step: 0.25, decimals: 2 })), 9)).toEqual([
      '5.00',
      '5.25',
      '5.50',
      '5.75',
      '6.00',
    ]);
    expect(listAnswers(answerLanguage(numbers({ min: 2000, max: 2120, step: 50 })), 9)).toEqual([
      '2000',
      '2050',
      '2100',
    ]);
  });
});

describe('a language that is none', () => {
  it.each<[string, AnswerNode, RegExp]>([
    [
      'a choice of nothing',
      { any: [] },
      /at least one alternative in every choice for answer KEY but received 0/,
    ],
    ['too many numbers', numbers({ max: 2000 }), /received 2001 numbers/],
    ['no numbers', numbers({ max: -1 }), /which are none/],
    ['steps of nothing', numbers({ step: 0 }), /which are none/],
    ['endless numbers', numbers({ max: Infinity }), /from 0 to Infinity/],
    ['too many decimal places', numbers({ decimals: 4 }), /received 4 decimal places/],
    ['steps that cannot be written', numbers({ step: 0.25, decimals: 1 }), /1 decimal places cannot write/],
    [
      'an empty list',
      { list: { each: { text: 'a' }, separator: { text: ' ' }, max: 0 } },
      /1 to 64 parts .* received 0/,
    ],
    ['half a character', { text: 'a\ud800' }, /text of whole characters/],
    [
      'the same text twice',
      { any: [{ text: 'on' }, { text: 'on' }] },
      /different alternatives .* "on" twice/,
    ],
    [
      'two ways to write the same',
      { any: [{ text: 'ab' }, { seq: [{ text: 'a' }, { any: [{ text: 'b' }, { text: 'c' }] }] }] },
      /one way only .* 3 ways to write 2 answers/,
    ],
  ])('is refused: %s', (_, root, sentence) => {
    expect(refused(root)).toMatch(sentence);
  });

  it('is refused: nested without end', () => {
    let root: AnswerNode = { text: 'a' };
    for (let depth = 0; depth < 5000; depth += 1) {
      root = { seq: [root] };
    }
    expect(() => checkAnswer({ key: 'deep', root })).toThrow(/nested at most 200 deep/);
  });

  it('is refused: too large to be built', () => {
    let root: AnswerNode = numbers({ max: 1999 });
    for (let depth = 0; depth < 5; depth += 1) {
      root = { list: { each: { seq: [root, { text: `${depth}` }] }, separator: { text: ';' }, max: 16 } };
    }
    expect(refused(root)).toMatch(/at most 200000 parts/);
  });

  it('leaves good ones alone', () => {
    fc.assert(
      fc.property(languages, (language) => {
        // A list of one never says its separator, so spelling tells nothing of that.
        fc.pre(!hasListOfOne(language.root));
        const readings = spell(language.root).length;
        fc.pre(readings === textsOf(language).length);
        expect(refused(language.root)).toBe('fine');
      }),
    );
  });
});

function hasListOfOne(node: AnswerNode): boolean {
  if ('list' in node) {
    const { each, separator, max } = node.list;
    return max === 1 || hasListOfOne(each) || hasListOfOne(separator);
  }
  if ('seq' in node) return node.seq.some(hasListOfOne);
  return 'any' in node && node.any.some(hasListOfOne);
}

describe('the key of a language', () => {
  it('is the same for the same tree and another for another', () => {
    expect(choiceLanguage(['a', 'b']).key).toBe(choiceLanguage(['a', 'b']).key);
    expect(choiceLanguage(['a', 'b']).key).not.toBe(choiceLanguage(['a', 'c']).key);
  });
});
