import { answerInvalid } from '../answer/graph.ts';
import type { TokenId, Vocabulary } from '../tokens/token-model.ts';

/** A text with its canonical tokens. One object per text. */
export interface Piece {
  readonly text: string;
  readonly tokens: readonly TokenId[];
}

/** A short text that begins or ends with the tokens a longer one begins or ends with. */
interface Rim {
  readonly id: number;
  readonly piece: Piece;
}

/** Characters tried for a rim, from short to long, before the whole text is taken. */
const RIM_CHARACTERS = [8, 16, 32];

/**
 * Says whether two texts that meet keep their tokens. Asked thousands of times for the same few rims: what is looked at
 * are the last two tokens before the boundary and the first after it, and each such pair only once.
 */
export class Boundaries {
  readonly #vocabulary: Vocabulary;
  readonly #key: string;
  readonly #pieces = new Map<string, Piece>();
  readonly #tails = new Map<string, Rim>();
  readonly #tailOf = new Map<Piece, Rim>();
  readonly #heads = new Map<TokenId, Rim>();
  readonly #headOf = new Map<Piece, Rim>();
  readonly #fits = new Map<number, boolean>();

  constructor(vocabulary: Vocabulary, key: string) {
    this.#vocabulary = vocabulary;
    this.#key = key;
  }

  /** Throws MODEL_QUESTION_INVALID for text the vocabulary has no tokens for. */
  piece(text: string): Piece {
    let piece = this.#pieces.get(text);
    if (piece === undefined) {
      piece = { text, tokens: this.#vocabulary.tokenize(text) };
      if (piece.tokens.length === 0) {
        throw answerInvalid(this.#key, "text that the model's vocabulary can write", JSON.stringify(text));
      }
      this.#pieces.set(text, piece);
    }
    return piece;
  }

  /** Whether the tokens of `left + right` are those of `left` followed by those of `right`. */
  fit(left: Piece, right: Piece): boolean {
    const tail = this.#tail(left);
    const head = this.#head(right);
    const pair = tail.id * 2 ** 24 + head.id;
    let fits = this.#fits.get(pair);
    if (fits === undefined) {
      const joined = this.#vocabulary.tokenize(tail.piece.text + head.piece.text);
      fits =
        joined.length === tail.piece.tokens.length + head.piece.tokens.length &&
        tail.piece.tokens.every((token, index) => token === joined[index]) &&
        head.piece.tokens.every((token, index) => token === joined[tail.piece.tokens.length + index]);
      this.#fits.set(pair, fits);
    }
    return fits;
  }

  #tail(piece: Piece): Rim {
    let rim = this.#tailOf.get(piece);
    if (rim === undefined) {
      const { text, tokens } = piece;
      const last = tokens.slice(-2);
      const key = last.join(' ');
      rim = this.#tails.get(key);
      if (rim === undefined) {
        const short = RIM_CHARACTERS.filter((length) => length < text.length)
          .map((length) => this.piece(fromWhole(text, text.length - length)))
          // Its first token is cut off from what stood before and says nothing.
          .find((part) => part.tokens.length > last.length && endsWith(part.tokens, last));
        rim = { id: this.#tails.size, piece: short ?? piece };
        this.#tails.set(key, rim);
      }
      this.#tailOf.set(piece, rim);
    }
    return rim;
  }

  #head(piece: Piece): Rim {
    let rim = this.#headOf.get(piece);
    if (rim === undefined) {
      const { text, tokens } = piece;
      const first = tokens.slice(0, 2);
      rim = this.#heads.get(first[0]!);
      if (rim === undefined) {
        const short = RIM_CHARACTERS.filter((length) => length < text.length)
          .map((length) => this.piece(untilWhole(text, length)))
          .find((part) => part.tokens.length > first.length && startsWith(part.tokens, first));
        rim = { id: this.#heads.size, piece: short ?? piece };
        this.#heads.set(first[0]!, rim);
      }
      this.#headOf.set(piece, rim);
    }
    return rim;
  }
}

/** From `index` on, or one further where that would cut a surrogate pair. */
function fromWhole(text: string, index: number): string {
  const code = text.charCodeAt(index);
  return text.slice(code >= 0xdc00 && code <= 0xdfff ? index + 1 : index);
}

function untilWhole(text: string, index: number): string {
  const code = text.charCodeAt(index);
  return text.slice(0, code >= 0xdc00 && code <= 0xdfff ? index - 1 : index);
}

function endsWith(tokens: readonly TokenId[], end: readonly TokenId[]): boolean {
  return end.every((token, index) => token === tokens[tokens.length - end.length + index]);
}

function startsWith(tokens: readonly TokenId[], start: readonly TokenId[]): boolean {
  return start.every((token, index) => token === tokens[index]);
}
