import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerLanguage, AnswerNode } from '../../../../../runtime/contract/answer.ts';
import { choiceLanguage } from '../../../../../runtime/modelhost/answer/language.ts';
import { listAnswers, sampleAnswer } from '../../../../../runtime/modelhost/answer/members.ts';
import { LanguageRules } from '../../../../../runtime/modelhost/engines/remote/rules.ts';

const pointer = (n: number): AnswerNode => ({ token: `<e${n}>`, otherwise: ` e${n}` });
const call: AnswerNode = {
  seq: [
    { any: [{ text: ' on' }, { text: ' off' }] },
    { any: [pointer(1), pointer(2), pointer(12)] },
    {
      any: [
        { seq: [] },
        { seq: [{ text: ' brightness=' }, { number: { min: 0, max: 100, step: 10, decimals: 0 } }] },
      ],
    },
  ],
};
const calls: AnswerLanguage = {
  key: 'calls',
  root: { any: [{ text: ' none' }, { list: { each: call, separator: { text: ' and' }, max: 3 } }] },
};

describe('LanguageRules', () => {
  const rules = new LanguageRules();

  it('takes the plain text of every answer, and gives it back with control tokens by their names', () => {
    const random = (): number => fc.sample(fc.double({ min: 0, max: 0.999, noNaN: true }), 1)[0]!;
    for (let i = 0; i < 50; i++) {
      const named = sampleAnswer(calls, random);
      const plain = named.replaceAll(/<(e\d+)>/g, ' $1');
      expect(rules.member(calls, plain.slice(1))).toBe(named);
    }
    expect(rules.member(calls, 'on e12 brightness=40 and off e1')).toBe(' on<e12> brightness=40 and off<e1>');
  });

  it('takes nothing else', () => {
    const others = ['', ' none', 'None', 'on<e1>', 'on e3', 'on e1 brightness=45', 'on e1 and'];
    others.push('on e1 and on e1 and on e1 and on e1');
    expect(others.filter((text) => rules.member(calls, text) !== undefined)).toEqual([]);
    fc.assert(fc.property(fc.string(), (text) => rules.member(calls, `${text}\u0000`) === undefined));
  });

  it('describes them by a pattern that fits exactly those texts, or as a list', () => {
    const { pattern } = rules.schema(calls) as { pattern: string };
    const regex = new RegExp(pattern);
    for (const text of ['none', 'on e1', 'off e12 brightness=100 and on e2']) expect(text).toMatch(regex);
    for (const text of [' none', 'on e3', 'on e1 and', 'none and on e1']) expect(text).not.toMatch(regex);
    const small = choiceLanguage([' a', ' b']);
    expect(rules.schema(small)).toEqual({ type: 'string', enum: ['a', 'b'] });
    expect(rules.member(small, 'b')).toBe(' b');
  });

  it('leaves the space where not every answer begins with it', () => {
    for (const texts of [
      ['a', ' b'],
      ['', ' b'],
    ]) {
      const language = choiceLanguage(texts);
      expect(rules.schema(language)).toEqual({ type: 'string', enum: texts });
      for (const text of listAnswers(language, 9)) expect(rules.member(language, text)).toBe(text);
    }
    const number: AnswerLanguage = { key: 'n', root: { number: { min: 1, max: 2, step: 0.5, decimals: 1 } } };
    expect(rules.member(number, '1.5')).toBe('1.5');
    expect(rules.member(number, '1.50')).toBeUndefined();
  });

  it('refuses a plain text that two answers share', () => {
    const twins: AnswerLanguage = {
      key: 'twins',
      root: {
        any: [{ token: '<a>', otherwise: 'lamp' }, { token: '<b>', otherwise: 'lamp' }, { text: 'none' }],
      },
    };
    expect(rules.member(twins, 'lamp')).toBeUndefined();
    expect(rules.member(twins, 'none')).toBe('none');
  });

  it('sends no pattern without measure, and keeps only so many languages', () => {
    const long = choiceLanguage(Array.from({ length: 3000 }, (_, i) => `an answer of some length ${i}`));
    expect(rules.schema(long)).toEqual({ type: 'string' });
    expect(rules.member(long, 'an answer of some length 2999')).toBeDefined();
    for (let i = 0; i < 40; i++) expect(rules.member(choiceLanguage([`x${i}`]), `x${i}`)).toBe(`x${i}`);
  });
});
