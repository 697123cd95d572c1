import { answerInvalid } from '../answer/graph.ts';
import type { TokenId, Vocabulary } from '../tokens/token-model.ts';

/** A text with its canonical tokens. One object per text. */
export interface Piece {
  readonly text: string;
  readonly tokens: readonly TokenId[];
}

/** A short text that begins or ends with the tokens a longer one begins or ends with. */
export interface Rim {
  readonly id: number;
  readonly text: string;
  readonly tokens: readonly TokenId[];
  /** Whether it keeps its tokens before each head, by the head's id. Of tails only. */
  readonly fits: (boolean | undefined)[];
}

/** Characters tried for a rim, from short to long, before the whole text is taken. */
const RIM_CHARACTERS = [12, 24, 48];

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

  /** Whether the tokens of a text with this tail followed by one with this head are those of the two. */
  fit(tail: Rim, head: Rim): boolean {
    let fits = tail.fits[head.id];
    if (fits === undefined) {
      const joined = this.#vocabulary.tokenize(tail.text + head.text);
      const { length } = tail.tokens;
      fits =
        joined.length === length + head.tokens.length &&
        tail.tokens.every((token, index) => token === joined[index]) &&
        head.tokens.every((token, index) => token === joined[length + index]);
      tail.fits[head.id] = fits;
    }
    return fits;
  }

  tail(piece: Piece): Rim {
    let rim = this.#tailOf.get(piece);
    if (rim === undefined) {
      const { text, tokens } = piece;
      const last = tokens.slice(-2);
      const key = last.join(' ');
      rim = this.#tails.get(key);
      if (rim === undefined) {
        const short = this.#short(
          text,
          (length) => fromWhole(text, text.length - length),
          // Its first token is cut off from what stood before and says nothing.
          (part) => part.length > last.length && endsWith(part, last),
        );
        rim = { id: this.#tails.size, ...(short ?? piece), fits: [] };
        this.#tails.set(key, rim);
      }
      this.#tailOf.set(piece, rim);
    }
    return rim;
  }

  head(piece: Piece): Rim {
    let rim = this.#headOf.get(piece);
    if (rim === undefined) {
      const { text, tokens } = piece;
      const first = tokens.slice(0, 2);
      rim = this.#heads.get(first[0]!);
      if (rim === undefined) {
        const short = this.#short(
          text,
          (length) => untilWhole(text, length),
          (part) => part.length > first.length && startsWith(part, first),
        );
        rim = { id: this.#heads.size, ...(short ?? piece), fits: [] };
        this.#heads.set(first[0]!, rim);
      }
      this.#headOf.set(piece, rim);
    }
    return rim;
  }

  #short(
    text: string,
    cut: (length: number) => string,
    enough: (tokens: readonly TokenId[]) => boolean,
  ): Piece | undefined {
    for (const length of RIM_CHARACTERS) {
      if (length >= text.length) {
        return undefined;
      }
      const part = cut(length);
      const tokens = this.#vocabulary.tokenize(part);
      if (enough(tokens)) {
        return { text: part, tokens };
      }
    }
    return undefined;
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
