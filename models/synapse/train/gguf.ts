import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  ggufToOnnx,
  writeGguf,
  type GgufMetadata,
  type GgufTensor,
  type GgufValue,
} from '../../../quantize/index.ts';
import type { SynapseVocabulary } from '../tokenizer/vocabulary.ts';

/** One message after the other: what is asked is written as control tokens already. */
const TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}";

interface Weights {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;
}

/**
 * Makes a GGUF file of the weights that export.py wrote. Matrices in the type asked for, norms in F32.
 *
 *     node dist/models/synapse/train/gguf.js synapse.safetensors vocabulary.json synapse.gguf Q8_0
 *     node dist/models/synapse/train/gguf.js synapse-f16.gguf --onnx FOLDER
 *
 * Returns its size in bytes. Throws what writing throws.
 */
export async function makeGguf(
  weights: string,
  vocabulary: string,
  file: string,
  type: 'F16' | 'Q8_0' | 'F32',
): Promise<number> {
  const { metadata, tensors } = readSafetensors(weights);
  const words = JSON.parse(readFileSync(vocabulary, 'utf8')) as SynapseVocabulary;
  return writeGguf(file, {
    metadata: metadataOf(metadata, words, type),
    tensors: [...tensors].map(([name, { shape, values }]): GgufTensor => ({
      name,
      // ggml names the row's length first.
      shape: shape.toReversed(),
      type: shape.length === 1 ? 'F32' : type,
      values: () => values,
    })),
  });
}

/** Source of the layout: https://github.com/huggingface/safetensors#format */
function readSafetensors(path: string): Weights {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  > & { __metadata__: Record<string, string> };
  const { __metadata__: metadata, ...tensors } = header;
  return {
    metadata,
    tensors: new Map(
      Object.entries(tensors).map(
        ([
          name,
          {
            shape,
            data_offsets: [from, to],
          },
        ]) => {
          const part = bytes.subarray(8 + length + from, 8 + length + to);
          return [name, { shape, values: new Float32Array(Uint8Array.from(part).buffer) }];
        },
      ),
    ),
  };
}

const FILE_TYPES = { F32: 0, F16: 1, Q8_0: 7 } as const;

/** Keys: ggml's docs/gguf.md. */
function metadataOf(
  shape: Readonly<Record<string, string>>,
  words: SynapseVocabulary,
  type: keyof typeof FILE_TYPES,
): GgufMetadata {
  const number = (key: string): number => Number(shape[key]);
  return new Map<string, GgufValue>([
    ['general.architecture', text('llama')],
    ['general.name', text('Synapse')],
    ['general.license', text('apache-2.0')],
    ['general.languages', { type: 'array', items: 'string', length: 1, values: ['en'] }],
    ['general.file_type', u32(FILE_TYPES[type])],
    ['llama.block_count', u32(number('layers'))],
    ['llama.context_length', u32(number('context'))],
    ['llama.embedding_length', u32(number('width'))],
    ['llama.feed_forward_length', u32(number('feed_forward'))],
    ['llama.attention.head_count', u32(number('heads'))],
    ['llama.attention.head_count_kv', u32(number('heads'))],
    ['llama.attention.layer_norm_rms_epsilon', f32(number('norm_epsilon'))],
    ['llama.rope.freq_base', f32(number('rope_base'))],
    ['llama.rope.dimension_count', u32(number('width') / number('heads'))],
    ['llama.vocab_size', u32(words.tokens.length)],
    ['ganglion.synapse.tokens', { type: 'uint32', value: number('tokens') }],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('gpt-2')],
    [
      'tokenizer.ggml.tokens',
      { type: 'array', items: 'string', length: words.tokens.length, values: words.tokens },
    ],
    [
      'tokenizer.ggml.token_type',
      { type: 'array', items: 'int32', length: words.types.length, values: words.types },
    ],
    [
      'tokenizer.ggml.merges',
      { type: 'array', items: 'string', length: words.merges.length, values: words.merges },
    ],
    ['tokenizer.ggml.bos_token_id', u32(words.bos)],
    ['tokenizer.ggml.eos_token_id', u32(words.eos)],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: true }],
    ['tokenizer.chat_template', text(TEMPLATE)],
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [weights = '', vocabulary = '', file = 'synapse.gguf', type = 'Q8_0'] = process.argv.slice(2);
  if (vocabulary === '--onnx') {
    const made = await ggufToOnnx(weights, file, { precision: 'fp32' });
    process.stdout.write(`${made.file}: ${made.bytes} bytes\n`);
  } else {
    const size = await makeGguf(weights, vocabulary, file, type === 'F16' || type === 'F32' ? type : 'Q8_0');
    process.stdout.write(`${file}: ${size} bytes\n`);
  }
}
