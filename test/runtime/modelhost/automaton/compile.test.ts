import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAnswer } from '../../../../runtime/modelhost/automaton/compile.ts';
import {
  acceptsTokens,
  allowedTokens,
  nextState,
  textOfPath,
  type TokenAutomaton,
} from '../../../../runtime/modelhost/automaton/token-automaton.ts';
import type { TokenId } from '../../../../runtime/modelhost/tokens/token-model.ts';
import { anyLanguage, anyVocabulary, spell, textOf, tokensOf } from '../../../support/languages.ts';
import { PRETOKENS, toyVocabulary } from '../../../support/vocabularies.ts';

const ALPHABET = ['a', 'b', ' ', '.', '-', ...Array.from('0123456789')];
const unit = fc.constantFrom('a', 'b', ' ', '.', '1', '2');
const texts = fc.oneof(fc.string({ unit, maxLength: 5 }), fc.string({ unit, minLength: 12, maxLength: 40 }));

/** Every path from the start to the end. */
function pathsOf(automaton: TokenAutomaton): TokenId[][] {
  const found: TokenId[][] = [];
  const walk = (state: number, path: TokenId[]) => {
    const allowed = allowedTokens(automaton, state);
    if (allowed.length === 0) {
      found.push(path);
    }
    for (const token of allowed) {
      walk(nextState(automaton, state, token)!, [...path, token]);
    }
  };
  walk(0, []);
  return found;
}

function sortedKeys(paths: readonly (readonly TokenId[])[]): string[] {
  return [...new Set(paths.map((path) => path.join(' ')))].toSorted();
}

describe('compileAnswer', () => {
  it.each([
    ['merges anywhere', undefined],
    ['merges within words', PRETOKENS],
  ])('accepts the canonical tokens of every answer and nothing else: %s', (_, split) => {
    fc.assert(
      fc.property(
        anyLanguage({ texts, controls: ['<e1>', '<e2>', '<absent>'].slice(0, 2) }),
        anyVocabulary(ALPHABET, split),
        (language, vocabulary) => {
          const automaton = compileAnswer(language, vocabulary);
          const answers = spell(language.root);
          const canonical = answers.map((parts) => tokensOf(parts, vocabulary));
          expect(sortedKeys(pathsOf(automaton))).toEqual(sortedKeys(canonical));
          expect(automaton.answers).toBe(sortedKeys(canonical).length);
          expect(automaton.longest).toBe(Math.max(...canonical.map((path) => path.length)) - 1);
          for (const [index, path] of canonical.entries()) {
            expect(acceptsTokens(automaton, path)).toBe(true);
            expect(textOfPath(automaton, path)).toBe(textOf(answers[index]!));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('refuses a language that no automaton of bearable size recognizes', () => {
    const vocabulary = toyVocabulary({ alphabet: ['a', 'b'], merges: [], by: 'rank' });
    const either = { any: [{ text: 'a' }, { text: 'b' }] };
    // What a letter means depends on how many follow: there are 2^24 things to remember.
    const root = {
      seq: [
        { list: { each: either, separator: { text: '' }, max: 24 } },
        { text: 'a' },
        ...Array.from({ length: 24 }, () => either),
      ],
    };
    expect(() => compileAnswer({ key: 'huge', root }, vocabulary)).toThrow(
      expect.objectContaining({ code: 'MODEL_QUESTION_INVALID' }),
    );
  });

  it('joins pieces only where they would be tokenized differently together', () => {
    const vocabulary = toyVocabulary({
      alphabet: Array.from('abon: 7'),
      merges: [
        ['o', 'n'],
        [' ', 'on'],
      ],
      by: 'rank',
    });
    const root = {
      seq: [{ any: [{ text: 'a: ' }, { text: 'b: ' }] }, { any: [{ text: 'on' }, { text: '7' }] }],
    };
    const { segments } = compileAnswer({ key: 'join', root }, vocabulary);
    const pieces = segments.states.flat().map(({ text }) => text);
    expect(pieces.toSorted()).toEqual(['', '7', 'a: ', 'a: on', 'b: ', 'b: on']);
  });
});
