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
  /** The tokens of this tail and each head as one, by the head's id; `true` where they are those of the two. Of tails only. */
  readonly joined: (readonly TokenId[] | true | undefined)[];
}

/** Characters tried for a rim, from short to long, before the whole text is taken. */
const RIM_CHARACTERS = [12, 24, 48];

/**
 * Says whether two texts that meet keep their tokens. Asked thousands of times for the same few rims: what is looked at
 * are two tokens and two characters on either side of the boundary, and each such pair only once. Fewer would not do: a
 * space at the end of a text is split off differently than one before a digit, and a token may be a part of a character.
 */
export class Boundaries {
  readonly #vocabulary: Vocabulary;
  readonly #key: string;
  readonly #pieces = new Map<string, Piece>();
  readonly #tails = new Map<string, Rim>();
  readonly #tailOf = new Map<Piece, Rim>();
  readonly #heads = new Map<string, Rim>();
  readonly #headOf = new Map<Piece, Rim>();

  constructor(vocabulary: Vocabulary, key: string) {
    this.#vocabulary = vocabulary;
    this.#key = key;
  }

  /** Throws MODEL_QUESTION_INVALID for text the vocabulary has no tokens for. */
  piece(text: string): Piece {
    return this.#pieces.get(text) ?? this.#keep(text);
  }

  #keep(text: string, tokens: readonly TokenId[] = this.#vocabulary.tokenize(text)): Piece {
    if (tokens.length === 0) {
      throw answerInvalid(this.#key, "text that the model's vocabulary can write", JSON.stringify(text));
    }
    const piece = { text, tokens };
    this.#pieces.set(text, piece);
    return piece;
  }

  /** Whether the tokens of a text with this tail followed by one with this head are those of the two. */
  fit(tail: Rim, head: Rim): boolean {
    return this.#joined(tail, head) === true;
  }

  /** Two texts as one. Of long ones only the tokens around the boundary are made anew. */
  join(left: Piece, right: Piece): Piece {
    const text = left.text + right.text;
    return this.#pieces.get(text) ?? this.#keep(text, this.#splice(left, right));
  }

  /**
   * `left` without the tokens that change, what they become, `right` without those that change; undefined where the tokens
   * next to those are not the ones that were looked at.
   */
  #splice(left: Piece, right: Piece): TokenId[] | undefined {
    const tail = this.tail(left);
    const head = this.head(right);
    const joined = this.#joined(tail, head);
    if (joined === true) {
      return [...left.tokens, ...right.tokens];
    }
    const most = Math.min(joined.length, tail.tokens.length);
    let kept = 0;
    while (kept < most && joined[kept] === tail.tokens[kept]) {
      kept += 1;
    }
    const least = Math.max(kept, joined.length - head.tokens.length);
    let last = joined.length;
    while (
      last > least &&
      joined[last - 1] === head.tokens[head.tokens.length - 1 - (joined.length - last)]
    ) {
      last -= 1;
    }
    const lost = tail.tokens.length - kept;
    const taken = head.tokens.length - (joined.length - last);
    // One more on either side: a token that stays, so that its neighbours are known to be canonical.
    const known =
      lost < tail.tokens.length &&
      taken < head.tokens.length &&
      lost < left.tokens.length &&
      taken < right.tokens.length &&
      endsWith(left.tokens, tail.tokens.slice(-lost - 1)) &&
      startsWith(right.tokens, head.tokens.slice(0, taken + 1));
    return known
      ? [
          ...left.tokens.slice(0, left.tokens.length - lost),
          ...joined.slice(kept, last),
          ...right.tokens.slice(taken),
        ]
      : undefined;
  }

  #joined(tail: Rim, head: Rim): readonly TokenId[] | true {
    let joined = tail.joined[head.id];
    if (joined === undefined) {
      const tokens = this.#vocabulary.tokenize(tail.text + head.text);
      joined =
        tokens.length === tail.tokens.length + head.tokens.length &&
        startsWith(tokens, tail.tokens) &&
        endsWith(tokens, head.tokens)
          ? true
          : tokens;
      tail.joined[head.id] = joined;
    }
    return joined;
  }

  tail(piece: Piece): Rim {
    let rim = this.#tailOf.get(piece);
    if (rim === undefined) {
      const { text, tokens } = piece;
      const last = tokens.slice(-2);
      const key = `${last.join(' ')} ${text.slice(-2)}`;
      rim = this.#tails.get(key);
      if (rim === undefined) {
        const short = this.#short(
          text,
          (length) => fromWhole(text, text.length - length),
          // Its first token is cut off from what stood before and says nothing.
          (part) => part.length > last.length && endsWith(part, last),
        );
        rim = { id: this.#tails.size, ...(short ?? piece), joined: [] };
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
      const key = `${first.join(' ')} ${text.slice(0, 2)}`;
      rim = this.#heads.get(key);
      if (rim === undefined) {
        const short = this.#short(
          text,
          (length) => untilWhole(text, length),
          (part) => part.length > first.length && startsWith(part, first),
        );
        rim = { id: this.#heads.size, ...(short ?? piece), joined: [] };
        this.#heads.set(key, rim);
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
