import { readSync } from 'node:fs';
import { GanglionError } from '../../runtime/errors.ts';
import { metadataNumber, metadataText, type GgufHeader, type GgufTensorInfo } from '../gguf/header.ts';
import { blockElements, tensorBytes } from '../gguf/types.ts';
import { BLOCK, decodeBF16, decodeF16, decodeQ8 } from './blocks.ts';
import type { LlamaShape, LlamaWeights } from './llama-graph.ts';

/** Weights decoded at once: some MB of floats. */
const CHUNK_ELEMENTS = 1 << 20;
/** Rotary tables longer than this are of no use on a small board and would take tens of MB. */
const MAX_CONTEXT = 32_768;

/** Rotary pairs as GGUF has them: the conversion of llama weights moves a pair's halves next to each other. */
const ROTARY: Readonly<Record<string, LlamaShape['rotary']>> = { llama: 'interleaved', qwen2: 'halves' };

/** The shape of a llama- or qwen2-architecture GGUF. Throws MODEL_UNSUPPORTED for what the graph has no place for. */
export function llamaShapeOf(
  file: string,
  header: GgufHeader,
  vocabulary: number,
  weights: LlamaWeights,
): LlamaShape {
  const unsupported = (reason: string): GanglionError =>
    new GanglionError('MODEL_UNSUPPORTED', { file, reason });
  const architecture = metadataText(header, 'general.architecture') ?? 'unknown';
  const rotary = ROTARY[architecture];
  if (rotary === undefined) {
    throw unsupported(
      `its architecture is ${architecture} where ${Object.keys(ROTARY).join(' or ')} can be converted`,
    );
  }
  const optional = (key: string): number | undefined => metadataNumber(header, `${architecture}.${key}`);
  const number = (key: string): number => {
    const value = optional(key);
    if (value === undefined || !Number.isInteger(value) || value < 1) {
      throw unsupported(`its ${architecture}.${key} is ${value ?? 'missing'} and not a positive number`);
    }
    return value;
  };
  const embedding = number('embedding_length');
  const heads = number('attention.head_count');
  const headSize = optional('attention.key_length') ?? embedding / heads;
  const layers = number('block_count');
  const feedForward = number('feed_forward_length');
  const kvHeads = optional('attention.head_count_kv') ?? heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0 || heads % kvHeads !== 0) {
    throw unsupported(`its ${heads} heads do not fit ${embedding} dimensions and ${kvHeads} shared heads`);
  }
  if ((optional('rope.dimension_count') ?? headSize) !== headSize) {
    throw unsupported('only a part of its heads is rotated');
  }
  if ((optional('expert_count') ?? 0) > 0) throw unsupported('it is a mixture of experts');
  const names = new Set(header.tensors.map(({ name }) => name));
  const extra = header.tensors.find(({ name }) => !isKnown(name));
  if (extra !== undefined) throw unsupported(`its tensor ${extra.name} has no place in the graph`);
  const biases = ['q', 'k', 'v'].filter((part) => names.has(`blk.0.attn_${part}.bias`));
  if (biases.length % 3 !== 0) throw unsupported(`only ${biases.join(' and ')} of its attention have a bias`);
  for (const width of [embedding, feedForward, heads * headSize]) {
    if (width % BLOCK !== 0) throw unsupported(`its rows of ${width} are no multiple of ${BLOCK}`);
  }
  return {
    name: metadataText(header, 'general.name') ?? architecture,
    vocabulary,
    embedding,
    layers,
    heads,
    kvHeads,
    headSize,
    feedForward,
    contextTokens: Math.min(number('context_length'), MAX_CONTEXT),
    epsilon: optional('attention.layer_norm_rms_epsilon') ?? 1e-5,
    rotary,
    frequencies: frequenciesOf(header, architecture, headSize, names, weights, unsupported),
    bias: biases.length === 3,
    tied: !names.has('output.weight'),
  };
}

function isKnown(name: string): boolean {
  return (
    /^(token_embd|output|output_norm|rope_freqs)\.weight$/.test(name) ||
    /^blk\.\d+\.(attn_(norm|q|k|v|output)|ffn_(norm|gate|up|down))\.weight$/.test(name) ||
    /^blk\.\d+\.attn_[qkv]\.bias$/.test(name)
  );
}

/** (headSize / 2) radians per position: base^(−2i / headSize), divided by the factors of the file or its linear scale. */
function frequenciesOf(
  header: GgufHeader,
  architecture: string,
  headSize: number,
  names: ReadonlySet<string>,
  weights: LlamaWeights,
  unsupported: (reason: string) => GanglionError,
): Float64Array {
  const base = metadataNumber(header, `${architecture}.rope.freq_base`) ?? 10_000;
  const scaling = metadataText(header, `${architecture}.rope.scaling.type`) ?? 'none';
  if (scaling !== 'none' && scaling !== 'linear') {
    throw unsupported(`its positions are scaled by ${scaling} where none or linear can be converted`);
  }
  const scale =
    scaling === 'linear' ? (metadataNumber(header, `${architecture}.rope.scaling.factor`) ?? 1) : 1;
  const factors = names.has('rope_freqs.weight')
    ? [...weights('rope_freqs.weight')].flatMap((part) => [...part])
    : [];
  return Float64Array.from(
    { length: headSize / 2 },
    (_, i) => base ** ((-2 * i) / headSize) / scale / (factors[i] ?? 1),
  );
}

/** Bytes per row and how to read them, for the types that can be converted. */
const DECODERS = {
  F32: (bytes: Uint8Array) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4),
  F16: decodeF16,
  BF16: decodeBF16,
  Q8_0: decodeQ8,
} as const;

/**
 * Tensors of an open GGUF file as floats, in pieces of whole rows.
 * The generators throw MODEL_UNSUPPORTED for a tensor that is missing or of a type that is not decoded here.
 */
export function ggufWeights(file: string, fd: number, header: GgufHeader): LlamaWeights {
  const tensors = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  return (name) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new GanglionError('MODEL_UNSUPPORTED', { file, reason: `it has no tensor ${name}` });
    }
    return chunks(file, fd, tensor);
  };
}

function* chunks(file: string, fd: number, tensor: GgufTensorInfo): Generator<Float32Array> {
  const { type, name } = tensor;
  const decode = DECODERS[type as keyof typeof DECODERS] as ((bytes: Uint8Array) => Float32Array) | undefined;
  if (type === undefined || decode === undefined) {
    throw new GanglionError('MODEL_UNSUPPORTED', {
      file,
      reason: `its tensor ${name} is ${type ?? 'of an unknown type'} where ${Object.keys(DECODERS).join(', ')} can be converted`,
    });
  }
  const row = tensor.shape[0] ?? 1;
  const unit = row % blockElements(type) === 0 ? row : tensor.elements;
  const step = unit * Math.max(1, Math.floor(CHUNK_ELEMENTS / unit));
  for (let from = 0; from < tensor.elements; from += step) {
    const bytes = new Uint8Array(tensorBytes(type, Math.min(step, tensor.elements - from)));
    const at = tensor.offset + tensorBytes(type, from);
    for (let done = 0; done < bytes.length;) {
      const count = readSync(fd, bytes, done, bytes.length - done, at + done);
      if (count === 0) {
        throw new GanglionError('MODEL_FILE_UNREADABLE', {
          file,
          reason: 'it became shorter while it was read',
        });
      }
      done += count;
    }
    yield decode(bytes);
  }
}
