/** GGUF token types: `tokenizer.ggml.token_type`. Source: the GGUF specification in ggml's docs/gguf.md. */
const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const BYTE = 6;

/** A vocabulary as a GGUF file holds it. */
export interface TokenTable {
  readonly model: 'gpt2' | 'llama';
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  /** Byte-level BPE: pairs, first come first merged. */
  readonly merges?: readonly string[];
  /** SentencePiece: the higher, the earlier merged. */
  readonly scores?: readonly number[];
  readonly bos: number;
  readonly eos: number;
  /** What stands before a prompt, and whether a space is put before a text. SentencePiece only. */
  readonly addBos: boolean;
}

export interface TableOptions {
  /** Control tokens besides <|endoftext|>, <|im_start|> and <|im_end|>. */
  readonly control?: readonly string[];
  readonly userDefined?: readonly string[];
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('');
const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
/** Words that are one token, so that texts have more than one way to be cut up. */
const WORDS = ['the', 'on', 'off', 'light', 'turn', 'kitchen', 'ha', 'hall', 'none', 'answer'];

/** Byte-level BPE: every byte, every letter with a space before it, some words, control tokens. */
export function bpeTable(options: TableOptions = {}): TokenTable {
  const merges = LETTERS.map((letter) => `Ġ ${letter}`);
  const joined = new Set(LETTERS.map((letter) => `Ġ${letter}`));
  for (const word of WORDS) {
    let left = word[0]!;
    for (const letter of word.slice(1)) {
      if (!joined.has(left + letter)) merges.push(`${left} ${letter}`);
      joined.add(left + letter);
      left += letter;
    }
  }
  const control = [...SPECIAL, ...(options.control ?? [])];
  const userDefined = options.userDefined ?? [];
  const plain = [...byteTokens(), ...joined];
  const tokens = [...plain, ...control, ...userDefined];
  const eos = tokens.indexOf('<|endoftext|>');
  return {
    model: 'gpt2',
    tokens,
    types: [
      ...plain.map(() => NORMAL),
      ...control.map(() => CONTROL),
      ...userDefined.map(() => USER_DEFINED),
    ],
    merges,
    bos: eos,
    eos,
    addBos: false,
  };
}

/** SentencePiece as Llama 2 has it: a space is U+2581, bytes without a token of their own are <0x00>, longer words score higher. */
export function spmTable(options: TableOptions = {}): TokenTable {
  const control = ['<s>', '</s>', ...SPECIAL, ...(options.control ?? [])];
  const userDefined = options.userDefined ?? [];
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const joined = new Set<string>();
  for (const word of [
    '▁▁',
    ...LETTERS.map((letter) => `▁${letter}`),
    ...WORDS,
    ...WORDS.map((word) => `▁${word}`),
  ])
    for (let end = 2; end <= word.length; end++) joined.add(word.slice(0, end));
  const single = [...Array.from({ length: 94 }, (_, i) => String.fromCodePoint(33 + i)), '▁', 'ü', 'é', '°'];
  const plain = [...joined, ...single];
  const tokens = ['<unk>', ...control, ...bytes, ...plain, ...userDefined];
  return {
    model: 'llama',
    tokens,
    types: [
      UNKNOWN,
      ...control.map(() => CONTROL),
      ...bytes.map(() => BYTE),
      ...plain.map(() => NORMAL),
      ...userDefined.map(() => USER_DEFINED),
    ],
    scores: tokens.map((token, i) => (joined.has(token) ? -i : -10_000)),
    bos: tokens.indexOf('<s>'),
    eos: tokens.indexOf('</s>'),
    addBos: true,
  };
}

/** The 256 byte tokens as GPT-2 writes them: printable bytes as themselves, the others moved to U+0100 and up. */
function byteTokens(): string[] {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : 256 + moved++);
  });
}
