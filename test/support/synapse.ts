import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { learnVocabulary } from '../../models/synapse/tokenizer/vocabulary.ts';
import { makeGguf } from '../../models/synapse/train/gguf.ts';
import { cardFile, type SynapseCard } from '../../runtime/modelhost/synapse/card.ts';

const SHAPE = { width: 64, layers: 2, heads: 2, feedForward: 64 } as const;
const TEXT = [
  ' turn on the kitchen light and turn off everything upstairs except the hall, please set the blind to half',
  ' is the lamp in the bedroom on? make it warmer when nobody is at home',
];

/**
 * A model of the embedded one's sort with random weights and its card: `FOLDER/synapse.gguf`. It chooses anything, always the
 * same, and is asked, read and checked like the real one.
 */
export async function writeRandomSynapse(
  folder: string,
  card: Partial<SynapseCard> = {},
  {
    type = 'Q8_0',
    texts = TEXT,
  }: { readonly type?: 'F16' | 'Q8_0'; readonly texts?: readonly string[] } = {},
): Promise<string> {
  const words = learnVocabulary(texts);
  const vocabulary = join(folder, 'vocabulary.json');
  const weights = join(folder, 'weights.safetensors');
  const file = join(folder, 'synapse.gguf');
  writeFileSync(vocabulary, JSON.stringify(words));
  writeFileSync(weights, safetensors(words.tokens.length));
  await makeGguf(weights, vocabulary, file, type);
  rmSync(weights);
  rmSync(vocabulary);
  writeCard(file, card);
  return file;
}

export function writeCard(file: string, changes: Partial<SynapseCard> = {}): void {
  const card: SynapseCard = {
    synapse: 1,
    name: 'Random',
    sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
    bytes: statSync(file).size,
    parameters: 1000,
    quantization: 'Q8_0',
    licence: 'Apache-2.0',
    languages: ['en'],
    temperature: 1,
    threshold: 0,
    ...changes,
  };
  writeFileSync(cardFile(file), JSON.stringify(card));
}

/** Layout: https://github.com/huggingface/safetensors#format */
function safetensors(vocabulary: number): Buffer {
  const { width, layers, heads, feedForward } = SHAPE;
  const tensors = new Map<string, readonly number[]>([
    ['token_embd.weight', [vocabulary, width]],
    ['output_norm.weight', [width]],
  ]);
  for (let i = 0; i < layers; i++) {
    for (const name of ['attn_norm', 'ffn_norm']) tensors.set(`blk.${i}.${name}.weight`, [width]);
    for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output'])
      tensors.set(`blk.${i}.${name}.weight`, [width, width]);
    tensors.set(`blk.${i}.ffn_gate.weight`, [feedForward, width]);
    tensors.set(`blk.${i}.ffn_up.weight`, [feedForward, width]);
    tensors.set(`blk.${i}.ffn_down.weight`, [width, feedForward]);
  }
  const header: Record<string, object> = {
    __metadata__: Object.fromEntries(
      Object.entries({
        width,
        layers,
        heads,
        feed_forward: feedForward,
        context: 512,
        norm_epsilon: 1e-5,
        rope_base: 10_000,
        tokens: 0,
      }).map(([key, value]) => [key, String(value)]),
    ),
  };
  const random = generator(1);
  const blobs: Buffer[] = [];
  let at = 0;
  for (const [name, shape] of tensors) {
    const elements = shape.reduce((product, length) => product * length, 1);
    const scale = shape.length === 1 ? 0 : 3 / Math.sqrt(shape[1]!);
    const values = Float32Array.from({ length: elements }, () =>
      shape.length === 1 ? 1 : (random() - 0.5) * scale,
    );
    const blob = Buffer.from(values.buffer);
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + blob.length] };
    at += blob.length;
    blobs.push(blob);
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (text.length % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, Buffer.from(text), ...blobs]);
}

/** A linear congruential generator, 0–1. Constants: Numerical Recipes. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
