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

const ALPHABET = ['a', 'b', ' ', '.', '-', ...'0123456789'];
const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '.', '1', '2'), maxLength: 5 });

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
  return [...new Set(paths.map((path) => path.join(' ')))].sort();
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
      { numRuns: 300 },
    );
  });

  it('joins pieces only where they would be tokenized differently together', () => {
    const vocabulary = toyVocabulary({
      alphabet: [...'abon: 7'],
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
    expect(pieces.sort()).toEqual(['', '7', 'a: ', 'a: on', 'b: ', 'b: on']);
  });
});
