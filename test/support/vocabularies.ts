import type { TokenId, Vocabulary } from '../../runtime/modelhost/tokens/token-model.ts';

/** How GPT-4 splits text before it merges bytes (tiktoken `cl100k_base`, without possessive quantifiers). */
export const PRETOKENS =
  /(?:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/giu;

export interface ToyOptions {
  /** Single characters come first: every text of the alphabet can be written. */
  readonly alphabet: readonly string[];
  /** Pairs of tokens that become one, most important first. */
  readonly merges: readonly (readonly [string, string])[];
  /**
   * `rank`: the most important merge anywhere in the text (BPE). `score`: whatever two neighbours spell a token, whichever
   * pair it was made of (SentencePiece).
   */
  readonly by: 'rank' | 'score';
  /** Text is split by this first, and merged within the parts only. */
  readonly split?: RegExp;
  readonly controls?: readonly string[];
}

/** A small vocabulary that merges like the real ones. The first control token is `<end>`. */
export function toyVocabulary(options: ToyOptions): Vocabulary {
  const known = new Set(options.alphabet);
  const ranks = new Map<string, number>();
  for (const [left, right] of options.merges) {
    const whole = left + right;
    if (!known.has(left) || !known.has(right)) {
      continue;
    }
    known.add(whole);
    const key = options.by === 'rank' ? `${left}\n${right}` : whole;
    if (!ranks.has(key)) {
      ranks.set(key, ranks.size);
    }
  }
  const texts = [...known];
  const ids = new Map(texts.map((text, id) => [text, id]));
  const controls = ['<end>', ...(options.controls ?? [])];
  const rankOf = (left: string, right: string) =>
    ranks.get(options.by === 'rank' ? `${left}\n${right}` : left + right) ?? Infinity;
  const merge = (text: string): string[] => {
    const parts = [...text];
    for (;;) {
      let best = -1;
      for (let index = 0; index + 1 < parts.length; index += 1) {
        const rank = rankOf(parts[index]!, parts[index + 1]!);
        if (rank < (best < 0 ? Infinity : rankOf(parts[best]!, parts[best + 1]!))) {
          best = index;
        }
      }
      if (best < 0) {
        return parts;
      }
      parts.splice(best, 2, parts[best]! + parts[best + 1]!);
    }
  };
  return {
    size: texts.length + controls.length,
    tokenize: (text) =>
      (options.split === undefined ? [text] : (text.match(options.split) ?? [])).flatMap((part) =>
        merge(part).map((piece) => {
          const id = ids.get(piece);
          if (id === undefined) {
            throw new Error(`${JSON.stringify(piece)} is not in the alphabet`);
          }
          return id;
        }),
      ),
    detokenize: (tokens) =>
      tokens.map((token) => texts[token] ?? controls[token - texts.length] ?? '\ufffd').join(''),
    control: (name) => (controls.includes(name) ? texts.length + controls.indexOf(name) : undefined),
    bos: undefined,
    ends: [texts.length],
    chatTemplate: undefined,
  };
}

interface Encoder {
  readonly size: number;
  encode(text: string): readonly number[];
  decode(tokens: readonly TokenId[]): string;
  readonly controls: Readonly<Record<string, TokenId>>;
  readonly end: TokenId;
}

function adapt(encoder: Encoder): Vocabulary {
  const names = new Map(Object.entries(encoder.controls).map(([name, id]) => [id, name]));
  return {
    size: encoder.size,
    tokenize: (text) => [...encoder.encode(text)],
    detokenize: (tokens) => {
      let text = '';
      let plain: TokenId[] = [];
      for (const token of [...tokens, undefined]) {
        const name = token === undefined ? '' : names.get(token);
        if (name === undefined) {
          plain.push(token!);
        } else {
          text += (plain.length === 0 ? '' : encoder.decode(plain)) + name;
          plain = [];
        }
      }
      return text;
    },
    control: (name) => encoder.controls[name],
    bos: undefined,
    ends: [encoder.end],
    chatTemplate: undefined,
  };
}

/** Llama 2: SentencePiece, 32 000 tokens, no splitting, spaces as `▁`, bytes for what is unknown. */
export async function llama2Vocabulary(): Promise<Vocabulary> {
  const { default: tokenizer } = await import('llama-tokenizer-js');
  return adapt({
    size: 32_000,
    encode: (text) => tokenizer.encode(text, false, false),
    decode: (tokens) => tokenizer.decode([...tokens], false, false),
    controls: { '<s>': 1, '</s>': 2 },
    end: 2,
  });
}

/** Llama 3: byte-level BPE, 128 000 tokens, split as GPT-4 does. */
export async function llama3Vocabulary(): Promise<Vocabulary> {
  const { default: tokenizer } = await import('llama3-tokenizer-js');
  // Texts that look like special tokens stay text.
  const none = { bos: false, eos: false, specialTokenRegex: /(?!)/g };
  return adapt({
    size: 128_256,
    encode: (text) => tokenizer.encode(text, none),
    decode: (tokens) => tokenizer.decode([...tokens]),
    controls: { '<|begin_of_text|>': 128_000, '<|eot_id|>': 128_009 },
    end: 128_009,
  });
}

/** GPT-4o: byte-level BPE, 200 000 tokens, split by case as well. */
export async function o200kVocabulary(): Promise<Vocabulary> {
  const tokenizer = await import('gpt-tokenizer/encoding/o200k_base');
  return adapt({
    size: 200_019,
    encode: (text) => tokenizer.encode(text, { disallowedSpecial: new Set() }),
    decode: (tokens) => tokenizer.decode([...tokens]),
    controls: { '<|endoftext|>': 199_999, '<|im_end|>': 200_004 },
    end: 199_999,
  });
}
