/** A byte-level vocabulary: 256 bytes, then one token for each merge, in order. */
export interface BpeVocabulary {
  /** As GPT-2 writes them: each byte is one character. */
  readonly tokens: readonly string[];
  /** `left right`, first come first merged. */
  readonly merges: readonly string[];
}

interface Word {
  symbols: number[];
  readonly count: number;
}

interface Pair {
  count: number;
  /** Words it occurs in, perhaps no longer. */
  readonly words: Set<number>;
}

/** Ids stay below this, so that a pair of them is one number. */
const MAX_TOKENS = 65_536;

/**
 * Learns byte pair merges from pieces of text: again and again the pair that occurs most often becomes a token; of equals
 * the one with the smaller ids. Ends early where no pair occurs twice. Only words a merge touches are counted anew.
 * Source: Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016).
 */
export function trainBpe(pieces: Iterable<string>, merges: number): BpeVocabulary {
  const words = wordsOf(pieces);
  const pairs = new Map<number, Pair>();
  const add = (word: number, sign: 1 | -1): void => {
    const { symbols, count } = words[word]!;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const key = symbols[i]! * MAX_TOKENS + symbols[i + 1]!;
      let pair = pairs.get(key);
      if (pair === undefined) pairs.set(key, (pair = { count: 0, words: new Set() }));
      pair.count += sign * count;
      if (sign === 1) pair.words.add(word);
      else if (pair.count === 0) pairs.delete(key);
    }
  };
  for (let word = 0; word < words.length; word++) add(word, 1);

  const tokens = Array.from({ length: 256 }, (_, byte) => BYTE_CHARACTERS[byte]!);
  const learned: string[] = [];
  while (learned.length < merges) {
    const best = likeliest(pairs);
    if (best === undefined) break;
    const [left, right] = [Math.floor(best / MAX_TOKENS), best % MAX_TOKENS];
    const made = tokens.length;
    tokens.push(tokens[left]! + tokens[right]!);
    learned.push(`${tokens[left]!} ${tokens[right]!}`);
    for (const word of pairs.get(best)!.words) {
      add(word, -1);
      words[word]!.symbols = merged(words[word]!.symbols, left, right, made);
      add(word, 1);
    }
  }
  return { tokens, merges: learned };
}

function wordsOf(pieces: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const piece of pieces) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  return [...counts].map(([piece, count]) => ({ symbols: [...Buffer.from(piece)], count }));
}

function likeliest(pairs: ReadonlyMap<number, Pair>): number | undefined {
  let best: number | undefined;
  let most = 1;
  for (const [key, { count }] of pairs) {
    if (count > most || (count === most && best !== undefined && key < best)) [best, most] = [key, count];
  }
  return best;
}

function merged(symbols: readonly number[], left: number, right: number, made: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      result.push(made);
      i++;
    } else result.push(symbols[i]!);
  }
  return result;
}

/** Printable bytes stand for themselves, the others are moved to U+0100 and up. Source: GPT-2's encoder.py. */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : 256 + moved++);
  });
})();
