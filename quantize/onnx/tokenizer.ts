import { GanglionError } from '../../runtime/errors.ts';
import { metadataNumber, metadataText, type GgufHeader } from '../gguf/header.ts';

/** ggml's token types. Source: llama.h, enum llama_token_type. */
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;

type Json = Readonly<Record<string, unknown>>;

/** The files transformers reads a vocabulary from, and what other files say about it. */
export interface TokenizerFiles {
  readonly tokenizer: Json;
  readonly tokenizerConfig: Json;
  readonly bos: number | undefined;
  /** What ends an answer: end of text first, then end of turn. */
  readonly ends: readonly number[];
  readonly size: number;
}

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const WORDS = (digits: string): string =>
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const BYTES: Json = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
const GPT2: Json = { ...BYTES, use_regex: true };
const split = (pattern: string): Json => ({
  type: 'Sequence',
  pretokenizers: [{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }, BYTES],
});

/**
 * How text is cut into words before pairs are merged, by `tokenizer.ggml.pre`. The patterns are those of the models'
 * own tokenizer.json. Source: llama.cpp, src/llama-vocab.cpp.
 */
const PRE_TOKENIZERS: Readonly<Record<string, Json>> = {
  'gpt-2': GPT2,
  'llama-bpe': split(WORDS('\\p{N}{1,3}')),
  qwen2: split(WORDS('\\p{N}')),
  smollm: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, GPT2] },
};

/** Names that end an answer whatever the metadata says. Source: llama.cpp, src/llama-vocab.cpp. */
const END_NAMES = new Set([
  '<|im_end|>',
  '<|endoftext|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end_of_text|>',
  '<|end|>',
]);

/**
 * A GGUF's byte-level BPE vocabulary as tokenizer.json and tokenizer_config.json.
 * Throws MODEL_UNSUPPORTED for other vocabularies and for ways of cutting text that are not known here.
 */
export function tokenizerOf(file: string, header: GgufHeader): TokenizerFiles {
  const unsupported = (reason: string): GanglionError =>
    new GanglionError('MODEL_UNSUPPORTED', { file, reason });
  const kind = metadataText(header, 'tokenizer.ggml.model');
  if (kind !== 'gpt2') {
    throw unsupported(`its vocabulary is ${kind ?? 'missing'} where byte-level BPE (gpt2) can be converted`);
  }
  const pre = metadataText(header, 'tokenizer.ggml.pre') ?? 'missing';
  const preTokenizer = PRE_TOKENIZERS[pre];
  if (preTokenizer === undefined) {
    throw unsupported(
      `its tokenizer.ggml.pre is ${pre} where ${Object.keys(PRE_TOKENIZERS).join(', ')} can be converted`,
    );
  }
  const tokens = strings(header, 'tokenizer.ggml.tokens') ?? [];
  const merges = strings(header, 'tokenizer.ggml.merges');
  if (tokens.length === 0 || merges === undefined) throw unsupported('it has no tokens or no merges');
  const types = numbers(header, 'tokenizer.ggml.token_type') ?? tokens.map(() => 1);
  const named = (id: number): boolean =>
    types[id] === CONTROL || types[id] === USER_DEFINED || types[id] === UNKNOWN;

  const vocabulary = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (vocabulary.has(token)) throw unsupported(`two of its tokens are ${JSON.stringify(token)}`);
    vocabulary.set(token, id);
  }
  const idOf = (key: string): number | undefined => {
    const id = metadataNumber(header, `tokenizer.ggml.${key}_token_id`);
    return id !== undefined && id < tokens.length ? id : undefined;
  };
  const addBos = flag(header, 'tokenizer.ggml.add_bos_token') ?? pre === 'llama-bpe';
  const bos = idOf('bos');
  const added = tokens.flatMap((content, id) =>
    named(id)
      ? [
          {
            id,
            content,
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
            special: types[id] !== USER_DEFINED,
          },
        ]
      : [],
  );
  const ends = [
    ...['eos', 'eot', 'eom'].map(idOf),
    ...added.filter(({ content }) => END_NAMES.has(content)).map(({ id }) => id),
  ].filter((id) => id !== undefined);
  const template = metadataText(header, 'tokenizer.chat_template');
  const nameOf = (id: number | undefined): string | null => (id === undefined ? null : tokens[id]!);
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: preTokenizer,
      post_processor: addBos && bos !== undefined ? beginsWith(tokens[bos]!, bos) : BYTES,
      decoder: BYTES,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        byte_fallback: false,
        // Llama 3 takes a word that is a token as it is, merges or not.
        ignore_merges: pre === 'llama-bpe',
        vocab: Object.fromEntries([...vocabulary].filter(([, id]) => !named(id))),
        merges: merges.map((merge) => merge.split(' ', 2)),
      },
    },
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      add_bos_token: addBos && bos !== undefined,
      add_prefix_space: false,
      clean_up_tokenization_spaces: false,
      bos_token: nameOf(bos),
      eos_token: nameOf(ends[0]),
      pad_token: nameOf(idOf('padding') ?? ends[0]),
      unk_token: null,
      model_max_length: metadataNumber(
        header,
        `${metadataText(header, 'general.architecture')}.context_length`,
      ),
      ...(template === undefined ? {} : { chat_template: template }),
    },
    bos,
    ends: [...new Set(ends)],
    size: tokens.length,
  };
}

function beginsWith(content: string, id: number): Json {
  const start = { SpecialToken: { id: content, type_id: 0 } };
  const text = (sequence: string): Json => ({ Sequence: { id: sequence, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [start, text('A')],
    pair: [start, text('A'), start, text('B')],
    special_tokens: { [content]: { id: content, ids: [id], tokens: [content] } },
  };
}

function strings(header: GgufHeader, key: string): readonly string[] | undefined {
  const entry = header.metadata.get(key);
  return entry?.type === 'array' && entry.items === 'string' && entry.values !== undefined
    ? Array.from(entry.values, String)
    : undefined;
}

function numbers(header: GgufHeader, key: string): readonly number[] | undefined {
  const entry = header.metadata.get(key);
  return entry?.type === 'array' && entry.items !== 'string' && entry.values !== undefined
    ? Array.from(entry.values, Number)
    : undefined;
}

function flag(header: GgufHeader, key: string): boolean | undefined {
  const entry = header.metadata.get(key);
  return entry?.type === 'bool' ? entry.value === true : undefined;
}
