import { CONTROL_TOKENS } from '../../../runtime/modelhost/synapse/tokens.ts';
import { BYTE_CHARACTERS, trainBpe } from './bpe.ts';

/** Learned pieces besides the bytes. With the control tokens that is a vocabulary of about 2048 and a few. */
const MERGES = 1792;

/** Token types of GGUF. Source: the GGUF specification in ggml's docs/gguf.md. */
const NORMAL = 1;
const CONTROL = 3;

/** The vocabulary of the embedded model, as its GGUF file has it. */
export interface SynapseVocabulary {
  /** (vocabulary) As GPT-2 writes them: each byte is one character. Control tokens last. */
  readonly tokens: readonly string[];
  /** (vocabulary) */
  readonly types: readonly number[];
  readonly merges: readonly string[];
  readonly bos: number;
  readonly eos: number;
}

/** What merges stay within. Source: the GPT-2 expression of llama.cpp's src/llama-vocab.cpp. */
const PIECES = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

export function piecesOf(text: string): readonly string[] {
  return text.match(PIECES) ?? [];
}

/** Learns the pieces of texts; the control tokens follow. */
export function learnVocabulary(texts: Iterable<string>): SynapseVocabulary {
  const { tokens, merges } = trainBpe(allPieces(texts), MERGES);
  const all = [...tokens, ...CONTROL_TOKENS];
  return {
    tokens: all,
    types: [...tokens.map(() => NORMAL), ...CONTROL_TOKENS.map(() => CONTROL)],
    merges,
    bos: all.indexOf('<begin>'),
    eos: all.indexOf('<end>'),
  };
}

function* allPieces(texts: Iterable<string>): Generator<string> {
  // Digits stay single, so that every number is spelled from the same ten tokens.
  for (const text of texts) for (const piece of piecesOf(text)) if (!/\p{N}{2}/u.test(piece)) yield piece;
}

/** Turns text and control tokens into ids, as llama.cpp does with the same vocabulary. */
export class Encoder {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #known = new Map<string, readonly number[]>();

  constructor({ tokens, merges }: SynapseVocabulary) {
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    this.#ranks = new Map(merges.map((merge, rank) => [merge, rank]));
  }

  /** Undefined: there is no such control token. */
  control(name: string): number | undefined {
    return this.#ids.get(name);
  }

  text(text: string): number[] {
    return piecesOf(text).flatMap((piece) => this.#piece(piece));
  }

  #piece(piece: string): readonly number[] {
    let ids = this.#known.get(piece);
    if (ids === undefined) {
      ids = this.#merged([...Buffer.from(piece)].map((byte) => BYTE_CHARACTERS[byte]!)).map((token) =>
        this.#ids.get(token)!,
      );
      if (this.#known.size < 50_000) this.#known.set(piece, ids);
    }
    return ids;
  }

  /** The pair learned first is joined first; of equals the one that stands first. */
  #merged(symbols: string[]): string[] {
    for (;;) {
      let best = Infinity;
      let at = -1;
      for (let i = 0; i + 1 < symbols.length; i++) {
        const rank = this.#ranks.get(`${symbols[i]} ${symbols[i + 1]}`) ?? Infinity;
        if (rank < best) [best, at] = [rank, i];
      }
      if (at < 0) return symbols;
      symbols.splice(at, 2, symbols[at]! + symbols[at + 1]!);
    }
  }
}
