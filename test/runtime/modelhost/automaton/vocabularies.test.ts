import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAnswer } from '../../../../runtime/modelhost/automaton/compile.ts';
import {
  acceptsTokens,
  allowedTokens,
  nextState,
  textOfPath,
} from '../../../../runtime/modelhost/automaton/token-automaton.ts';
import type { TokenId, Vocabulary } from '../../../../runtime/modelhost/tokens/token-model.ts';
import { houseLanguage } from '../../../support/house-language.ts';
import { anyLanguage, spell, tokensOf } from '../../../support/languages.ts';
import { llama2Vocabulary, llama3Vocabulary, o200kVocabulary } from '../../../support/vocabularies.ts';

const VOCABULARIES: readonly [string, () => Promise<Vocabulary>, string][] = [
  ['Llama 2, SentencePiece, 32 000 tokens', llama2Vocabulary, '<s>'],
  ['Llama 3, BPE, 128 000 tokens', llama3Vocabulary, '<|begin_of_text|>'],
  ['GPT-4o, BPE, 200 000 tokens', o200kVocabulary, '<|im_end|>'],
];

/** Fragments that like to merge with what stands beside them. */
const FRAGMENTS =
  "light kitchen turn on off bright ness Licht Küche é ü 灯 🙂 A B x . _ ( ) : , ; \" ' 's - / < > 1 20 300 % °C"
    .split(' ')
    .concat([' ', '  ', ': ', ', ', '; ', '\n', ' \n ']);
const texts = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 8 }).map((parts) => parts.join(''));

describe.each(VOCABULARIES)('with a real vocabulary: %s', (name, load, control) => {
  it('accepts the canonical tokens of every answer and nothing else', async () => {
    const vocabulary = await load();
    fc.assert(
      fc.property(anyLanguage({ texts, controls: [control], most: 100 }), (language) => {
        const automaton = compileAnswer(language, vocabulary);
        const canonical = new Set(spell(language.root).map((parts) => tokensOf(parts, vocabulary).join(' ')));
        for (const path of canonical) {
          expect(acceptsTokens(automaton, path.split(' ').map(Number))).toBe(true);
        }
        expect(automaton.answers).toBe(canonical.size);
      }),
      { numRuns: 60 },
    );
  });

  it('compiles a house of 200 entities', async () => {
    const vocabulary = await load();
    const language = houseLanguage(200, 4);
    const times = Array.from({ length: 5 }, () => {
      const from = performance.now();
      compileAnswer(language, vocabulary);
      return performance.now() - from;
    });
    const automaton = compileAnswer(language, vocabulary);
    console.log(
      `${name}: 200 entities, 4 calls: ${automaton.edgesFrom.length - 1} states, ${automaton.token.length} edges, compiled in ` +
        times.map((ms) => ms.toFixed(1)).join(', ') +
        ' ms',
    );
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 0x7fffffff) / 0x7fffffff;
    for (let sample = 0; sample < 200; sample += 1) {
      const path: TokenId[] = [];
      for (let state = 0, allowed = allowedTokens(automaton, 0); allowed.length > 0;) {
        const token = allowed[Math.floor(random() * allowed.length)]!;
        path.push(token);
        state = nextState(automaton, state, token)!;
        allowed = allowedTokens(automaton, state);
      }
      const text = textOfPath(automaton, path);
      expect(vocabulary.detokenize(path.slice(0, -1))).toBe(text);
      expect([...vocabulary.tokenize(text), automaton.end]).toEqual(path);
    }
  });
});
