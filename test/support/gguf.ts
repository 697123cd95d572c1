import {
  writeGguf,
  type GgufMetadata,
  type GgufScalarType,
  type GgufTensor,
  type GgufValue,
} from '../../quantize/index.ts';
import { bpeTable, type TokenTable } from './vocabulary.ts';

export interface TinyLlama {
  /** Row length of every matrix: a multiple of 256 for k-quants, of 32 for Q8_0. */
  readonly embd?: number;
  readonly layers?: number;
  readonly type?: 'F32' | 'F16' | 'Q8_0';
  readonly seed?: number;
  readonly contextTokens?: number;
  /** Default: `bpeTable()`. */
  readonly vocabulary?: TokenTable;
  /** Jinja source; without it the model has no chat template. */
  readonly chatTemplate?: string;
}

/** Writes a llama-architecture model with random weights. It answers nonsense, but a given seed always the same nonsense. */
export async function writeTinyLlama(file: string, options: TinyLlama = {}): Promise<void> {
  const embd = options.embd ?? 64;
  const layers = options.layers ?? 2;
  const type = options.type ?? 'F32';
  const ff = embd * 2;
  const vocabulary = options.vocabulary ?? bpeTable();
  const { tokens } = vocabulary;
  const random = mulberry32(options.seed ?? 1);
  const weights = (name: string, ...shape: number[]): GgufTensor => ({
    name,
    shape,
    type,
    values: () =>
      normal(
        shape.reduce((a, b) => a * b, 1),
        1.5 / Math.sqrt(embd),
        random,
      ),
  });
  const ones = (name: string): GgufTensor => ({
    name,
    shape: [embd],
    type: 'F32',
    values: () => new Float32Array(embd).fill(1),
  });

  const tensors = [
    weights('token_embd.weight', embd, tokens.length),
    ones('output_norm.weight'),
    weights('output.weight', embd, tokens.length),
  ];
  for (let i = 0; i < layers; i++) {
    tensors.push(
      ones(`blk.${i}.attn_norm.weight`),
      weights(`blk.${i}.attn_q.weight`, embd, embd),
      weights(`blk.${i}.attn_k.weight`, embd, embd),
      weights(`blk.${i}.attn_v.weight`, embd, embd),
      weights(`blk.${i}.attn_output.weight`, embd, embd),
      ones(`blk.${i}.ffn_norm.weight`),
      weights(`blk.${i}.ffn_gate.weight`, embd, ff),
      weights(`blk.${i}.ffn_up.weight`, embd, ff),
      weights(`blk.${i}.ffn_down.weight`, ff, embd),
    );
  }
  const heads = 4;
  const metadata: GgufMetadata = new Map<string, GgufValue>([
    ['general.architecture', text('llama')],
    ['general.name', text('tiny random')],
    ['general.file_type', u32({ F32: 0, F16: 1, Q8_0: 7 }[type])],
    ['llama.block_count', u32(layers)],
    ['llama.context_length', u32(options.contextTokens ?? 2048)],
    ['llama.embedding_length', u32(embd)],
    ['llama.feed_forward_length', u32(ff)],
    ['llama.attention.head_count', u32(heads)],
    ['llama.attention.head_count_kv', u32(heads)],
    ['llama.rope.dimension_count', u32(embd / heads)],
    ['llama.attention.layer_norm_rms_epsilon', { type: 'float32', value: Math.fround(1e-5) }],
    ['llama.vocab_size', u32(tokens.length)],
    ...vocabularyEntries(vocabulary),
    ...(options.chatTemplate === undefined
      ? []
      : [['tokenizer.chat_template', text(options.chatTemplate)] as const]),
  ]);
  await writeGguf(file, { metadata, tensors });
}

export const CHATML =
  '{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';

export function vocabularyEntries(table: TokenTable): [string, GgufValue][] {
  return [
    ['tokenizer.ggml.model', text(table.model)],
    ...(table.model === 'gpt2' ? [['tokenizer.ggml.pre', text('gpt-2')] as [string, GgufValue]] : []),
    ['tokenizer.ggml.tokens', array('string', table.tokens)],
    ['tokenizer.ggml.token_type', array('int32', table.types)],
    ...(table.merges === undefined
      ? []
      : [['tokenizer.ggml.merges', array('string', table.merges)] as [string, GgufValue]]),
    ...(table.scores === undefined
      ? []
      : [['tokenizer.ggml.scores', array('float32', table.scores)] as [string, GgufValue]]),
    ['tokenizer.ggml.bos_token_id', u32(table.bos)],
    ['tokenizer.ggml.eos_token_id', u32(table.eos)],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: table.addBos }],
  ];
}

/** Writes a LoRA adapter of rank 4 with random weights for the query projections of a model of `writeTinyLlama`. */
export async function writeTinyAdapter(
  file: string,
  options: { readonly embd?: number; readonly layers?: number; readonly architecture?: string } = {},
): Promise<void> {
  const embd = options.embd ?? 64;
  const random = mulberry32(7);
  const matrix = (name: string, rows: number, columns: number): GgufTensor => ({
    name,
    shape: [rows, columns],
    type: 'F32',
    values: () => normal(rows * columns, 0.5, random),
  });
  const tensors = Array.from({ length: options.layers ?? 2 }, (_, i) => [
    matrix(`blk.${i}.attn_q.weight.lora_a`, embd, 4),
    matrix(`blk.${i}.attn_q.weight.lora_b`, 4, embd),
  ]).flat();
  const metadata: GgufMetadata = new Map<string, GgufValue>([
    ['general.architecture', text(options.architecture ?? 'llama')],
    ['general.type', text('adapter')],
    ['adapter.type', text('lora')],
    ['adapter.lora.alpha', { type: 'float32', value: 8 }],
  ]);
  await writeGguf(file, { metadata, tensors });
}

function text(value: string): GgufValue {
  return { type: 'string', value };
}

export function u32(value: number): GgufValue {
  return { type: 'uint32', value };
}

function array(items: GgufScalarType, values: readonly (string | number)[]): GgufValue {
  return { type: 'array', items, length: values.length, values };
}

export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function normal(length: number, deviation: number, random: () => number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    values[i] = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) * deviation;
  }
  return values;
}
