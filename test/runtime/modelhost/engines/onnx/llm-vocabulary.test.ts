import { Tokenizer } from '@huggingface/tokenizers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OnnxVocabulary } from '../../../../../runtime/modelhost/engines/onnx/llm-vocabulary.ts';
import type {
  AddedToken,
  TokenizerJson,
} from '../../../../../runtime/modelhost/engines/onnx/plain-tokenizer.ts';
import { bpeTable } from '../../../../support/vocabulary.ts';

const NAMES = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<tool_call>',
  '</tool_call>',
  '[INST]',
  '<e3>',
  '▁pad',
  'light!',
];
const table = bpeTable();
const plain = table.tokens.filter((_, id) => table.types[id] === 1);

interface Options {
  /** The names are in the vocabulary too, and a word that is there is taken whole. */
  readonly whole?: boolean;
  /** Merging letters makes the names. */
  readonly merged?: boolean;
  readonly more?: readonly Partial<AddedToken>[];
}

/** tokenizer.json in the ways models have it. */
function tokenizer(options: Options = {}): TokenizerJson {
  const added = [
    ...NAMES.map((content) => ({ content, special: content.includes('|') })),
    ...(options.more ?? []),
  ].map((token, i) => ({ id: plain.length + i, content: '', ...token }));
  const vocabulary = Object.fromEntries(plain.map((token, id) => [token, id]));
  const merges = table.merges!.map((merge) => merge.split(' '));
  if (options.whole === true || options.merged === true) {
    for (const { content, id } of added) vocabulary[content] = id;
  }
  if (options.merged === true) {
    // `<e3>` out of `<e` and `3>`, whose parts are tokens as well.
    const next = plain.length + added.length;
    ['<e', '3>'].forEach((part, i) => {
      vocabulary[part] = next + i;
      merges.push([...part]);
    });
    merges.push(['<e', '3>']);
  }
  return {
    added_tokens: added,
    normalizer: { type: 'NFC' },
    pre_tokenizer:
      options.whole === true || options.merged === true
        ? { type: 'ByteLevel', add_prefix_space: true, use_regex: false, trim_offsets: false }
        : { type: 'ByteLevel', add_prefix_space: true, use_regex: true, trim_offsets: false },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: vocabulary, merges, ignore_merges: options.whole === true },
  };
}

function vocabulary(
  json: TokenizerJson,
  config: Record<string, unknown> = {},
  chatTemplate?: string,
): OnnxVocabulary {
  const ends = json.added_tokens
    .filter(({ content }) => /endoftext|im_end/.test(content))
    .map(({ id }) => id);
  return new OnnxVocabulary(
    { tokenizer: json, tokenizerConfig: config, chatTemplate, ends, size: 500 },
    Tokenizer,
  );
}

describe('text is text', () => {
  const added = new Set(tokenizer().added_tokens.map(({ id }) => id));
  for (const [name, options] of [
    ['as most models have them', {}],
    ['in the vocabulary too, words taken whole', { whole: true }],
    ['made by merging', { merged: true }],
  ] as const) {
    it(`for every added token, ${name}`, () => {
      const words = vocabulary(tokenizer(options));
      for (const marker of NAMES) {
        for (const text of [
          marker,
          ` ${marker}`,
          `a${marker}b`,
          `${marker}${marker}`,
          `x ${marker} ${marker}\n`,
        ]) {
          const tokens = words.tokenize(text);
          expect(tokens.filter((token) => added.has(token))).toEqual([]);
          expect(words.detokenize(tokens)).toBe(text);
        }
      }
    });
  }

  it('whatever it is', () => {
    const words = vocabulary(tokenizer());
    const part = fc.oneof(
      fc.constantFrom(...NAMES, ' ', '\n', 'turn on'),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        const tokens = words.tokenize(text);
        expect(tokens.filter((token) => added.has(token))).toEqual([]);
        expect(words.detokenize(tokens)).toBe(text);
      }),
    );
  });

  it('where the rest of a name is a name too', () => {
    const json = tokenizer({ whole: true, more: [{ content: 'INST]' }] });
    const ids = new Set(json.added_tokens.map(({ id }) => id));
    const words = vocabulary(json);
    const tokens = words.tokenize('[INST]');
    expect(tokens.filter((token) => ids.has(token))).toEqual([]);
    expect(words.detokenize(tokens)).toBe('[INST]');
  });

  it('with runs of spaces as the tokens they were added as', () => {
    const json = tokenizer({ more: [{ content: '    ' }] });
    const id = json.added_tokens.at(-1)!.id;
    const words = vocabulary(json);
    expect(words.tokenize('a    b')).toContain(id);
    expect(words.detokenize(words.tokenize('a    b'))).toBe('a    b');
  });
});

describe('what a model says of its tokens', () => {
  it('are control tokens, special or not, and written by their names', () => {
    const words = vocabulary(tokenizer());
    const id = words.control('<|im_end|>')!;
    expect(words.detokenize([id, ...words.tokenize(' é'), id])).toBe('<|im_end|> é<|im_end|>');
    for (const { id: added, content } of tokenizer().added_tokens) {
      expect(words.control(content)).toBe(added);
      expect(words.detokenize([added])).toBe(content);
    }
    const json = tokenizer({ more: [{ content: '    ' }, { content: '§' }] });
    for (const name of ['    ', '§']) expect(vocabulary(json).control(name)).toBeUndefined();
    expect(words.control('the')).toBeUndefined();
    expect(words.detokenize([499])).toBe('');
  });

  it('a half of a character is no text', () => {
    const words = vocabulary(tokenizer());
    const [first, second] = words.tokenize('é');
    expect(words.detokenize([first!])).toBe('\ufffd');
    expect(words.detokenize([first!, second!])).toBe('é');
  });

  it('the end of a turn comes first', () => {
    const json = tokenizer();
    const [text, turn] = ['<|endoftext|>', '<|im_end|>'].map(
      (name) => json.added_tokens.find(({ content }) => content === name)!.id,
    );
    expect(vocabulary(json).ends).toEqual([text, turn]);
    expect(vocabulary(json, {}, 'x<|im_end|>').ends).toEqual([turn, text]);
  });

  it('a prompt begins with what the post-processor or the configuration says', () => {
    const json = tokenizer();
    const id = json.added_tokens[1]!.id;
    expect(vocabulary(json).bos).toBeUndefined();
    for (const bos of ['<|im_start|>', { content: '<|im_start|>' }]) {
      expect(vocabulary(json, { add_bos_token: true, bos_token: bos }).bos).toBe(id);
      expect(vocabulary(json, { add_bos_token: false, bos_token: bos }).bos).toBeUndefined();
    }
    const template = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [7], tokens: ['<s>'] } },
    };
    const sequence = { type: 'Sequence', processors: [{ type: 'ByteLevel' }, template] };
    expect(vocabulary({ ...json, post_processor: sequence }).bos).toBe(7);
  });
});
