import { writeGguf, type GgufMetadata, type GgufTensor, type GgufValue } from '../../quantize/index.ts';
import { mulberry32, normal, u32, vocabularyEntries } from './gguf.ts';
import { bpeTable, type TokenTable } from './vocabulary.ts';

export interface TinyQwen {
  readonly type?: 'F32' | 'F16' | 'Q8_0';
  readonly vocabulary?: TokenTable;
  /** `tokenizer.ggml.pre`. Default: `qwen2`. */
  readonly pre?: string;
}

/**
 * Writes a qwen2-architecture model with random weights: two of four heads share keys and values, queries, keys and values
 * have a bias, norms are no ones, the output matrix is the embedding, and rotary pairs are halves of the head.
 */
export async function writeTinyQwen(file: string, options: TinyQwen = {}): Promise<void> {
  const [embd, ff, heads, kvHeads, layers] = [64, 96, 4, 2, 3];
  const vocabulary = options.vocabulary ?? bpeTable();
  const random = mulberry32(11);
  const draw = (name: string, shape: readonly number[], deviation: number, mean = 0): GgufTensor => ({
    name,
    shape,
    type: shape.length === 1 ? 'F32' : (options.type ?? 'F32'),
    values: () =>
      normal(
        shape.reduce((a, b) => a * b, 1),
        deviation,
        random,
      ).map((x) => x + mean),
  });
  const scale = 1.5 / Math.sqrt(embd);
  const kv = (embd / heads) * kvHeads;
  const tensors = [
    draw('token_embd.weight', [embd, vocabulary.tokens.length], scale),
    draw('output_norm.weight', [embd], 0.2, 1),
    ...Array.from({ length: layers }, (_, i) => [
      draw(`blk.${i}.attn_norm.weight`, [embd], 0.2, 1),
      draw(`blk.${i}.attn_q.weight`, [embd, embd], scale),
      draw(`blk.${i}.attn_k.weight`, [embd, kv], scale),
      draw(`blk.${i}.attn_v.weight`, [embd, kv], scale),
      draw(`blk.${i}.attn_q.bias`, [embd], 0.3),
      draw(`blk.${i}.attn_k.bias`, [kv], 0.3),
      draw(`blk.${i}.attn_v.bias`, [kv], 0.3),
      draw(`blk.${i}.attn_output.weight`, [embd, embd], scale),
      draw(`blk.${i}.ffn_norm.weight`, [embd], 0.2, 1),
      draw(`blk.${i}.ffn_gate.weight`, [embd, ff], scale),
      draw(`blk.${i}.ffn_up.weight`, [embd, ff], scale),
      draw(`blk.${i}.ffn_down.weight`, [ff, embd], scale),
    ]).flat(),
  ];
  const metadata: GgufMetadata = new Map<string, GgufValue>([
    ['general.architecture', { type: 'string', value: 'qwen2' }],
    ['general.name', { type: 'string', value: 'tiny random qwen' }],
    ['qwen2.block_count', u32(layers)],
    ['qwen2.context_length', u32(512)],
    ['qwen2.embedding_length', u32(embd)],
    ['qwen2.feed_forward_length', u32(ff)],
    ['qwen2.attention.head_count', u32(heads)],
    ['qwen2.attention.head_count_kv', u32(kvHeads)],
    ['qwen2.rope.freq_base', { type: 'float32', value: 1_000_000 }],
    ['qwen2.attention.layer_norm_rms_epsilon', { type: 'float32', value: Math.fround(1e-6) }],
    ...vocabularyEntries(vocabulary),
    ['tokenizer.ggml.pre', { type: 'string', value: options.pre ?? 'qwen2' }],
  ]);
  await writeGguf(file, { metadata, tensors });
}
