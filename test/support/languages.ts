import fc from 'fast-check';
import type { AnswerLanguage, AnswerNode } from '../../runtime/contract/answer.ts';
import type { TokenId, Vocabulary } from '../../runtime/modelhost/tokens/token-model.ts';
import { toyVocabulary } from './vocabularies.ts';

/** What an answer is made of: text, or the name of a control token. */
export type Part = string | { readonly token: string };

/** Every answer of a language, the simple way. */
export function spell(node: AnswerNode): Part[][] {
  if ('text' in node) {
    return [[node.text]];
  }
  if ('token' in node) {
    return [[{ token: node.token }]];
  }
  if ('seq' in node) {
    return node.seq.reduce<Part[][]>((all, part) => cross(all, spell(part)), [[]]);
  }
  if ('any' in node) {
    return node.any.flatMap(spell);
  }
  if ('number' in node) {
    const { min, max, step, decimals } = node.number;
    const texts: Part[][] = [];
    for (let index = 0; min + index * step <= max + 1e-9; index += 1) {
      texts.push([(min + index * step).toFixed(decimals).replace(/^-(0(\.0*)?)$/, '$1')]);
    }
    return texts;
  }
  const { each, separator, max } = node.list;
  const all: Part[][] = [];
  let lists: Part[][] = [[]];
  for (let length = 1; length <= max; length += 1) {
    lists = cross(length === 1 ? lists : cross(lists, spell(separator)), spell(each));
    all.push(...lists);
  }
  return all;
}

function cross(left: Part[][], right: Part[][]): Part[][] {
  return left.flatMap((a) => right.map((b) => [...a, ...b]));
}

/** The text of an answer, control tokens by their names. */
export function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.token)).join('');
}

/** Every distinct text of a language, sorted. */
export function textsOf(language: AnswerLanguage): string[] {
  return [...new Set(spell(language.root).map(textOf))].toSorted();
}

/** The canonical tokens of an answer: each stretch of text as one, then the end. */
export function tokensOf(parts: readonly Part[], vocabulary: Vocabulary): TokenId[] {
  const tokens: TokenId[] = [];
  let text = '';
  const flush = () => {
    tokens.push(...(text === '' ? [] : vocabulary.tokenize(text)));
    text = '';
  };
  for (const part of parts) {
    const id = typeof part === 'string' ? undefined : vocabulary.control(part.token);
    if (id === undefined) {
      text += typeof part === 'string' ? part : part.token;
    } else {
      flush();
      tokens.push(id);
    }
  }
  flush();
  return [...tokens, vocabulary.ends[0]!];
}

/** How many paths a tree has, without walking them. */
function paths(node: AnswerNode): number {
  if ('seq' in node) {
    return node.seq.reduce((product, part) => product * paths(part), 1);
  }
  if ('any' in node) {
    return node.any.reduce((sum, part) => sum + paths(part), 0);
  }
  if ('number' in node) {
    return Math.floor((node.number.max - node.number.min) / node.number.step + 1e-9) + 1;
  }
  if ('list' in node) {
    const each = paths(node.list.each);
    const separator = paths(node.list.separator);
    let all = 0;
    for (let length = 1; length <= node.list.max; length += 1) {
      all += each ** length * separator ** (length - 1);
    }
    return all;
  }
  return 1;
}

export interface LanguageOptions {
  readonly texts: fc.Arbitrary<string>;
  /** Names of control tokens. Default: none. */
  readonly controls?: readonly string[];
  /** At most this many answers. Default 300. */
  readonly most?: number;
}

/** Random languages: nested choices, sequences, numbers and lists. */
export function anyLanguage(options: LanguageOptions): fc.Arbitrary<AnswerLanguage> {
  const { texts, controls = [], most = 300 } = options;
  const leaf: fc.Arbitrary<AnswerNode>[] = [texts.map((text) => ({ text }))];
  if (controls.length > 0) {
    leaf.push(fc.constantFrom(...controls).map((token) => ({ token, otherwise: token })));
  }
  leaf.push(
    fc
      .record({
        min: fc.integer({ min: -5, max: 12 }),
        count: fc.integer({ min: 0, max: 12 }),
        decimals: fc.constantFrom(0, 0, 1),
      })
      .map(({ min, count, decimals }) => {
        const step = decimals === 0 ? 1 : 0.5;
        return { number: { min, max: min + count * step, step, decimals } };
      }),
  );
  const { node } = fc.letrec<{ node: AnswerNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
      fc.oneof(...leaf),
      fc.array(tie('node'), { minLength: 1, maxLength: 4 }).map((any) => ({ any })),
      fc.array(tie('node'), { minLength: 0, maxLength: 4 }).map((seq) => ({ seq })),
      fc
        .record({ each: tie('node'), separator: tie('node'), max: fc.integer({ min: 1, max: 3 }) })
        .map((list) => ({ list })),
    ),
  }));
  return node.filter((root) => paths(root) <= most).map((root) => ({ key: JSON.stringify(root), root }));
}

/** Random small vocabularies whose alphabet is that of `anyLanguage` with texts of the same characters. */
export function anyVocabulary(alphabet: readonly string[], split?: RegExp): fc.Arbitrary<Vocabulary> {
  return fc
    .record({
      by: fc.constantFrom('rank' as const, 'score' as const),
      pairs: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 30 }),
    })
    .map(({ by, pairs }) => {
      const known = [...alphabet];
      // Vocabularies that split digits in threes have a token for each group.
      const merges = split === undefined ? [] : [...GROUPS];
      for (const [a, b] of pairs) {
        const pair: [string, string] = [known[a % known.length]!, known[b % known.length]!];
        if (!known.includes(pair.join(''))) {
          known.push(pair.join(''));
        }
        merges.push(pair);
      }
      return toyVocabulary({ alphabet, merges, by, controls: ['<e1>', '<e2>'], ...(split && { split }) });
    });
}

const DIGITS = Array.from('0123456789');
const GROUPS = DIGITS.flatMap((a) => DIGITS.map((b): [string, string] => [a, b])).flatMap(([a, b]) => [
  [a, b] as const,
  ...DIGITS.map((c) => [a + b, c] as const),
]);
