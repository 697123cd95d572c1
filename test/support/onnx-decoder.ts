import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ggufToOnnx, writeOnnx, type OnnxModel } from '../../quantize/index.ts';
import { mulberry32, normal, writeTinyLlama } from './gguf.ts';
import type { TokenTable } from './vocabulary.ts';

const SIZE = 32;

/**
 * A decoder of standard operators, as other exporters make them: it wants position ids, gives the scores of every position,
 * and gives its cache back as a longer copy. A token's value is its embedding plus its position's; what follows depends on
 * their running mean.
 */
export function runningMeanDecoder(vocabulary: number, contextTokens: number): OnnxModel {
  const random = mulberry32(5);
  const table = (rows: number, deviation: number) => (): readonly Uint8Array[] => [
    new Uint8Array(normal(rows * SIZE, deviation, random).buffer),
  ];
  const integers = (name: string, values: readonly number[], shape: readonly number[] = [values.length]) => ({
    name,
    type: 'int64' as const,
    shape,
    data: () => [new Uint8Array(BigInt64Array.from(values, BigInt).buffer)],
  });
  const past = (name: string, tokens: string) => ({
    name,
    type: 'float32' as const,
    shape: ['batch', 1, tokens, SIZE],
  });
  return {
    graph: 'running mean',
    opsets: { '': 20 },
    inputs: [
      { name: 'input_ids', type: 'int64', shape: ['batch', 'step'] },
      { name: 'attention_mask', type: 'int64', shape: ['batch', 'total'] },
      { name: 'position_ids', type: 'int64', shape: ['batch', 'step'] },
      past('past_key_values.0.key', 'past'),
      past('past_key_values.0.value', 'past'),
    ],
    outputs: [
      { name: 'logits', type: 'float32', shape: ['batch', 'step', vocabulary] },
      past('present.0.key', 'total'),
      past('present.0.value', 'total'),
    ],
    nodes: [
      { op: 'Gather', inputs: ['tokens', 'input_ids'], outputs: ['token'] },
      { op: 'Gather', inputs: ['positions', 'position_ids'], outputs: ['position'] },
      { op: 'Add', inputs: ['token', 'position'], outputs: ['value'] },
      { op: 'Unsqueeze', inputs: ['value', 'axis_1'], outputs: ['new'] },
      ...['key', 'value'].map((part) => ({
        op: 'Concat',
        inputs: [`past_key_values.0.${part}`, 'new'],
        outputs: [`present.0.${part}`],
        attributes: { axis: { int: 2 } },
      })),
      { op: 'CumSum', inputs: ['present.0.value', 'axis_2'], outputs: ['sums'] },
      { op: 'CumSum', inputs: ['attention_mask', 'axis'], outputs: ['counts'] },
      { op: 'Cast', inputs: ['counts'], outputs: ['counts_float'], attributes: { to: { int: 1 } } },
      { op: 'Unsqueeze', inputs: ['counts_float', 'axes_1_3'], outputs: ['divisors'] },
      { op: 'Div', inputs: ['sums', 'divisors'], outputs: ['means'] },
      { op: 'Shape', inputs: ['input_ids'], outputs: ['shape'] },
      { op: 'Gather', inputs: ['shape', 'axis_1'], outputs: ['count'] },
      { op: 'Neg', inputs: ['count'], outputs: ['first'] },
      { op: 'Slice', inputs: ['means', 'first', 'end', 'axis_2_list'], outputs: ['last'] },
      { op: 'Squeeze', inputs: ['last', 'axis_1'], outputs: ['hidden'] },
      { op: 'Transpose', inputs: ['tokens'], outputs: ['columns'] },
      { op: 'MatMul', inputs: ['hidden', 'columns'], outputs: ['logits'] },
    ],
    initializers: [
      { name: 'tokens', type: 'float32', shape: [vocabulary, SIZE], data: table(vocabulary, 0.6) },
      { name: 'positions', type: 'float32', shape: [contextTokens, SIZE], data: table(contextTokens, 0.3) },
      integers('axis', [1], []),
      integers('axis_1', [1]),
      integers('axis_2', [2], []),
      integers('axis_2_list', [2]),
      integers('axes_1_3', [1, 3]),
      integers('end', [Number.MAX_SAFE_INTEGER]),
    ],
  };
}

/** A folder with such a decoder and a vocabulary of byte-level BPE. Returns the folder. */
export async function writeForeignFolder(folder: string, table: TokenTable): Promise<string> {
  const gguf = join(folder, 'model.gguf');
  await writeTinyLlama(gguf, { vocabulary: table });
  const { file } = await ggufToOnnx(gguf, folder, { precision: 'fp32' });
  await writeOnnx(file, runningMeanDecoder(table.tokens.length, 512));
  return folder;
}

/**
 * tokenizer.json as Llama 2 has it, out of a SentencePiece table: a space is put before every text and taken off again,
 * bytes without a token of their own are written as such.
 */
export async function writeSentencePieceTokenizer(folder: string, table: TokenTable): Promise<void> {
  const { tokens, types, scores = [] } = table;
  const ids = new Map(tokens.map((token, id) => [token, id]));
  // A pair for every way two tokens make a third; the better the third scores, the earlier it is merged.
  const merges = tokens
    .map((token, id) => ({ token, score: scores[id]! }))
    .filter(({ token }, id) => types[id] === 1 && [...token].length > 1)
    .toSorted((a, b) => b.score - a.score)
    .flatMap(({ token }) =>
      Array.from({ length: token.length - 1 }, (_, i) => [token.slice(0, i + 1), token.slice(i + 1)]),
    )
    .filter((pair) => pair.every((part) => ids.has(part)));
  const special = (content: string | undefined): object => ({ SpecialToken: { id: content, type_id: 0 } });
  const bos = tokens[table.bos]!;
  const json = {
    version: '1.0',
    added_tokens: tokens.flatMap((content, id) =>
      [2, 3, 4].includes(types[id]!)
        ? [
            {
              id,
              content,
              single_word: false,
              lstrip: false,
              rstrip: false,
              normalized: false,
              special: types[id] !== 4,
            },
          ]
        : [],
    ),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [special(bos), { Sequence: { id: 'A', type_id: 0 } }],
      pair: [special(bos), { Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
      special_tokens: { [bos]: { id: bos, ids: [table.bos], tokens: [bos] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    // Llama 2 has its control tokens in the vocabulary too.
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(ids),
      merges,
    },
  };
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(json));
}
