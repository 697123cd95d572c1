import type { GgufMetadata, GgufTensor, GgufValue } from '../../../quantize/index.ts';
import type { Shape } from './shapes.ts';
import type { ShapeVocabulary } from './vocabulary.ts';
import { WeightPool } from './weights.ts';

/** Of the logits, where the output matrix is the embedding: about what trained models have. */
const LOGIT_DEVIATION = 3;
const SEED = 1;

/** A model of this shape with random weights in F16, and norms in F32. What its tensors hold is made when it is asked for. */
export function shapeTensors(shape: Shape): GgufTensor[] {
  const { embedding, heads, kvHeads, feedForward, vocabulary } = shape;
  const pool = new WeightPool(SEED);
  const kv = (embedding / heads) * kvHeads;
  const matrix = (name: string, columns: number, rows: number, scale = 1): GgufTensor => ({
    name: `${name}.weight`,
    shape: [columns, rows],
    type: 'F16',
    // Divided by the root of what is summed up, so that the sums keep their size from layer to layer.
    bytes: () => pool.drawF16(rows, columns, scale / Math.sqrt(columns)),
  });
  const vector = (name: string, length: number, value: number): GgufTensor => ({
    name,
    shape: [length],
    type: 'F32',
    values: () => new Float32Array(length).fill(value),
  });
  const layer = (i: number): GgufTensor[] => {
    const name = (part: string): string => `blk.${i}.${part}`;
    return [
      vector(name('attn_norm.weight'), embedding, 1),
      matrix(name('attn_q'), embedding, embedding),
      matrix(name('attn_k'), embedding, kv),
      matrix(name('attn_v'), embedding, kv),
      matrix(name('attn_output'), embedding, embedding),
      // Qwen2 alone adds something to queries, keys and values.
      ...(shape.architecture === 'qwen2'
        ? [
            vector(name('attn_q.bias'), embedding, 0),
            vector(name('attn_k.bias'), kv, 0),
            vector(name('attn_v.bias'), kv, 0),
          ]
        : []),
      vector(name('ffn_norm.weight'), embedding, 1),
      matrix(name('ffn_gate'), embedding, feedForward),
      matrix(name('ffn_up'), embedding, feedForward),
      matrix(name('ffn_down'), feedForward, embedding),
    ];
  };
  return [
    matrix('token_embd', embedding, vocabulary, LOGIT_DEVIATION),
    ...Array.from({ length: shape.layers }, (_, i) => layer(i)).flat(),
    vector('output_norm.weight', embedding, 1),
    ...(shape.tied ? [] : [matrix('output', embedding, vocabulary, LOGIT_DEVIATION)]),
  ];
}

/** Keys: ggml's docs/gguf.md. */
export function shapeMetadata(name: string, shape: Shape, vocabulary: ShapeVocabulary): GgufMetadata {
  const own = (key: string): string => `${shape.architecture}.${key}`;
  return new Map<string, GgufValue>([
    ['general.architecture', text(shape.architecture)],
    ['general.name', text(`${name} shape, random weights`)],
    ['general.file_type', u32(1)],
    [own('block_count'), u32(shape.layers)],
    [own('context_length'), u32(shape.contextTokens)],
    [own('embedding_length'), u32(shape.embedding)],
    [own('feed_forward_length'), u32(shape.feedForward)],
    [own('attention.head_count'), u32(shape.heads)],
    [own('attention.head_count_kv'), u32(shape.kvHeads)],
    [own('attention.layer_norm_rms_epsilon'), f32(shape.normEpsilon)],
    [own('rope.freq_base'), f32(shape.ropeBase)],
    [own('rope.dimension_count'), u32(shape.embedding / shape.heads)],
    [own('vocab_size'), u32(shape.vocabulary)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text(shape.pre)],
    ['tokenizer.ggml.tokens', array('string', vocabulary.tokens)],
    ['tokenizer.ggml.token_type', array('int32', vocabulary.types)],
    ['tokenizer.ggml.merges', array('string', vocabulary.merges)],
    ['tokenizer.ggml.bos_token_id', u32(vocabulary.bos)],
    ['tokenizer.ggml.eos_token_id', u32(vocabulary.eos)],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: vocabulary.addBos }],
    ['tokenizer.chat_template', text(vocabulary.chatTemplate)],
  ]);
}

function text(value: string): GgufValue {
  return { type: 'string', value };
}

function u32(value: number): GgufValue {
  return { type: 'uint32', value };
}

function f32(value: number): GgufValue {
  return { type: 'float32', value: Math.fround(value) };
}

function array(items: 'string' | 'int32', values: readonly (string | number)[]): GgufValue {
  return { type: 'array', items, length: values.length, values };
}
