import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trainBpe } from '../../../models/synapse/tokenizer/bpe.ts';
import { piecesOf } from '../../../bench/support/shape/pieces.ts';

/** The plainest way: counts all pairs of all pieces anew for each merge. */
function slowly(pieces: readonly string[], merges: number): string[] {
  const { tokens } = trainBpe([], 0);
  const words = pieces.map((piece) => [...Buffer.from(piece)].map((byte) => tokens[byte]!));
  const ids = new Map(tokens.map((token, i) => [token, i]));
  const learned: string[] = [];
  while (learned.length < merges) {
    const counts = new Map<string, number>();
    for (const word of words)
      for (let i = 0; i + 1 < word.length; i++) {
        const pair = `${word[i]} ${word[i + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    const rank = (pair: string): number => {
      const [left, right] = pair.split(' ');
      return ids.get(left!)! * 65_536 + ids.get(right!)!;
    };
    const [best] = [...counts]
      .filter(([, count]) => count > 1)
      .toSorted(([a, many], [b, more]) => more - many || rank(a) - rank(b));
    if (best === undefined) break;
    const [left, right] = best[0].split(' ');
    learned.push(best[0]);
    ids.set(left! + right!, ids.size);
    for (const word of words)
      for (let i = 0; i + 1 < word.length; i++)
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, left! + right!);
  }
  return learned;
}

describe('learning byte pair merges', () => {
  it('counts only what changed, and comes to the same as counting everything', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'ü'), minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        // Where the same text is made in two ways, ids differ and so does which of equals comes first.
        const expected = slowly(pieces, 12);
        const texts = expected.map((merge) => merge.replace(' ', ''));
        fc.pre(new Set(texts).size === texts.length);
        expect(trainBpe(pieces, 12).merges).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('has every byte, then a token for each merge', () => {
    const { tokens, merges } = trainBpe(['light', ' light', ' light'], 50);
    expect(tokens).toHaveLength(256 + merges.length);
    expect(new Set(tokens.slice(0, 256)).size).toBe(256);
    expect(tokens.slice(256)).toEqual(merges.map((merge) => merge.replace(' ', '')));
    expect(tokens).toContain('Ġlight');
  });
});

describe('cutting text into pieces', () => {
  it('leaves nothing out', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('qwen2', 'llama-bpe', 'smollm'),
        (text, pre) => {
          expect(piecesOf(text, pre).join('')).toBe(text);
        },
      ),
    );
  });

  it('cuts numbers as each kind does', () => {
    expect(piecesOf('at 2150 W', 'qwen2')).toEqual(['at', ' ', '2', '1', '5', '0', ' W']);
    expect(piecesOf('at 2150 W', 'llama-bpe')).toEqual(['at', ' ', '215', '0', ' W']);
    expect(piecesOf('light.hall_ceiling', 'smollm')).toEqual(['light', '.', 'hall', '_', 'ceiling']);
  });
});
