import { writeGguf, type GgufMetadata, type GgufTensor, type GgufValue } from '../../quantize/index.ts';
import { mulberry32, normal, u32, vocabularyEntries } from './gguf.ts';
import { bpeTable } from './vocabulary.ts';

/** Writes a small Mamba model: its state has no tokens one could take away, so it cannot step back. */
export async function writeTinyMamba(file: string): Promise<void> {
  const [embd, inner, state, convolution, rank, layers] = [64, 128, 16, 4, 4, 2];
  const vocabulary = bpeTable({ control: ['<e0>', '<e1>'] });
  const random = mulberry32(5);
  const matrix = (name: string, columns: number, rows: number): GgufTensor => ({
    name,
    shape: [columns, rows],
    type: 'F32',
    values: () => normal(columns * rows, 1.5 / Math.sqrt(columns), random),
  });
  const vector = (name: string, length: number, value: number): GgufTensor => ({
    name,
    shape: [length],
    type: 'F32',
    values: () => new Float32Array(length).fill(value),
  });
  const tensors = [
    matrix('token_embd.weight', embd, vocabulary.tokens.length),
    vector('output_norm.weight', embd, 1),
    matrix('output.weight', embd, vocabulary.tokens.length),
    ...Array.from({ length: layers }, (_, i) => [
      vector(`blk.${i}.attn_norm.weight`, embd, 1),
      matrix(`blk.${i}.ssm_in.weight`, embd, 2 * inner),
      matrix(`blk.${i}.ssm_conv1d.weight`, convolution, inner),
      vector(`blk.${i}.ssm_conv1d.bias`, inner, 0),
      matrix(`blk.${i}.ssm_x.weight`, inner, rank + 2 * state),
      matrix(`blk.${i}.ssm_dt.weight`, rank, inner),
      vector(`blk.${i}.ssm_dt.bias`, inner, -1),
      {
        name: `blk.${i}.ssm_a`,
        shape: [state, inner],
        type: 'F32' as const,
        // −1, −2, … as Mamba starts out, so that the state decays.
        values: () => Float32Array.from({ length: state * inner }, (_, at) => -1 - (at % state)),
      },
      vector(`blk.${i}.ssm_d`, inner, 1),
      matrix(`blk.${i}.ssm_out.weight`, inner, embd),
    ]).flat(),
  ];
  const metadata: GgufMetadata = new Map<string, GgufValue>([
    ['general.architecture', { type: 'string', value: 'mamba' }],
    ['general.name', { type: 'string', value: 'tiny random' }],
    ['mamba.block_count', u32(layers)],
    ['mamba.context_length', u32(2048)],
    ['mamba.embedding_length', u32(embd)],
    ['mamba.feed_forward_length', u32(0)],
    ['mamba.attention.head_count', u32(0)],
    ['mamba.attention.layer_norm_rms_epsilon', { type: 'float32', value: Math.fround(1e-5) }],
    ['mamba.ssm.conv_kernel', u32(convolution)],
    ['mamba.ssm.inner_size', u32(inner)],
    ['mamba.ssm.state_size', u32(state)],
    ['mamba.ssm.time_step_rank', u32(rank)],
    ['mamba.vocab_size', u32(vocabulary.tokens.length)],
    ...vocabularyEntries(vocabulary),
  ]);
  await writeGguf(file, { metadata, tensors });
}
