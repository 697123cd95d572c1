import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Boundaries } from '../../../../runtime/modelhost/automaton/boundaries.ts';
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
/** Spaces and letters of several bytes, which tokens may cut, and what looks ahead. */
const ODD_FRAGMENTS = "º C BC elsius ll re l r ' 2 20 ٣ é ت 中 文 A a É . )"
  .split(' ')
  .concat([' ', '  ', '\t', '\n', '\r\n', '\u00a0', '\u1680', '\u2004', '\u2028', '\u3000']);
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

  it('tells a space that ends a text from one before a digit', async () => {
    const vocabulary = await load();
    const root = {
      seq: [
        { text: ' 20' },
        { any: [{ token: control, otherwise: control }, { text: '' }] },
        { text: ', ' },
        { text: ' ' },
      ],
    };
    const automaton = compileAnswer({ key: 'spaces', root }, vocabulary);
    expect(automaton.answers).toBe(2);
    for (const parts of spell(root)) {
      expect(acceptsTokens(automaton, tokensOf(parts, vocabulary))).toBe(true);
    }
  });

  it('knows which texts keep their tokens when they meet, whatever was asked before', async () => {
    const vocabulary = await load();
    const odd = fc.array(fc.constantFrom(...ODD_FRAGMENTS), { maxLength: 4 }).map((parts) => parts.join(''));
    const some = fc.uniqueArray(
      fc.oneof(texts, odd).filter((text) => text !== ''),
      { minLength: 24, maxLength: 24 },
    );
    fc.assert(
      fc.property(some, (all) => {
        const boundaries = new Boundaries(vocabulary, 'pairs');
        const pieces = all.map((text) => boundaries.piece(text));
        for (const left of pieces) {
          for (const right of pieces) {
            const tokens = vocabulary.tokenize(left.text + right.text);
            const kept = tokens.join(' ') === [...left.tokens, ...right.tokens].join(' ');
            const fits = boundaries.fit(boundaries.tail(left), boundaries.head(right));
            expect([left.text, right.text, fits]).toEqual([left.text, right.text, kept]);
            expect(boundaries.join(left, right).tokens).toEqual(tokens);
          }
        }
      }),
      { numRuns: 20 },
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
