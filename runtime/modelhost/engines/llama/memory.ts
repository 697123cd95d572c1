import { freemem } from 'node:os';
import { LANES, type KvType, type ModelSpec } from '../../../contract/engine.ts';
import { GanglionError } from '../../../errors.ts';
import { metadataText, type GgufHeader } from '../../../../quantize/index.ts';

/** Bytes of one element of the KV cache: blocks of 32 with a scale in half precision for the quantized ones. */
const ELEMENT_BYTES: Readonly<Record<KvType, number>> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };
/** Numbers that share a scale in a quantized cache. */
const KV_BLOCK = 32;
/** llama.cpp counts cells in 32 bits, over all sequences. */
const MAX_CELLS = 2 ** 31;

/**
 * Refuses a model in the processor's memory that cannot fit there with its KV cache. Linux would promise the memory and
 * end the process while llama.cpp clears it. Throws MODEL_LOAD_FAILED.
 */
export function checkMemory(
  spec: ModelSpec,
  header: GgufHeader,
  onAccelerator: boolean,
  available = availableBytes(),
): void {
  const failed = (reason: string): GanglionError =>
    new GanglionError('MODEL_LOAD_FAILED', { file: spec.file, reason });
  const contextTokens = boundedContext(spec.contextTokens, header);
  if (contextTokens * LANES.length >= MAX_CELLS)
    throw failed(
      `a context of ${contextTokens} tokens for each of ${LANES.length} lanes is more than llama.cpp can count`,
    );
  const kvType = spec.kvType ?? 'f16';
  const [key, value] = headLengths(header);
  if (kvType !== 'f16' && (key % KV_BLOCK !== 0 || value % KV_BLOCK !== 0))
    throw failed(
      `a KV cache of type ${kvType} needs attention heads of a multiple of ${KV_BLOCK} numbers and its have ${key}; use f16`,
    );
  if (onAccelerator) return;
  const cache = kvCacheBytes(header, contextTokens, kvType) * LANES.length;
  if (header.fileBytes + cache > available) {
    throw failed(
      `its ${megabytes(header.fileBytes)} MB and a KV cache of ${megabytes(cache)} MB (${contextTokens} tokens for each of ${LANES.length} lanes) do not fit into the ${megabytes(available)} MB that are free`,
    );
  }
}

/** Bytes of keys and values of `tokens` tokens; 0 for architectures without attention or with one of another shape. */
export function kvCacheBytes(header: GgufHeader, tokens: number, kvType: KvType): number {
  const [layers = 0] = numbersOf(header, 'block_count');
  const [heads = 0] = numbersOf(header, 'attention.head_count');
  const perLayer = numbersOf(header, 'attention.head_count_kv');
  const [key, value] = headLengths(header);
  // One number for all layers, or one for each.
  const kvHeads =
    perLayer.length > 1
      ? perLayer.slice(0, layers).reduce((sum, count) => sum + count, 0)
      : (perLayer[0] ?? heads) * layers;
  return tokens * kvHeads * (key + value) * ELEMENT_BYTES[kvType];
}

/** Numbers in a key and in a value of one head. */
function headLengths(header: GgufHeader): readonly [number, number] {
  const [embedding = 0] = numbersOf(header, 'embedding_length');
  const [heads = 0] = numbersOf(header, 'attention.head_count');
  const [key = heads === 0 ? 0 : embedding / heads] = numbersOf(header, 'attention.key_length');
  const [value = key] = numbersOf(header, 'attention.value_length');
  return [key, value];
}

/** No longer than the model was trained for. */
function boundedContext(wanted: number, header: GgufHeader): number {
  const [trained = Number.POSITIVE_INFINITY] = numbersOf(header, 'context_length');
  return Math.min(wanted, trained);
}

/** The numbers of a metadata entry of the model's architecture: one, or one for each layer. */
function numbersOf(header: GgufHeader, key: string): readonly number[] {
  const found = header.metadata.get(`${metadataText(header, 'general.architecture') ?? ''}.${key}`);
  if (found === undefined) return [];
  const values = found.type === 'array' ? Array.from(found.values ?? []) : [found.value];
  return values.map(Number).filter((value) => Number.isFinite(value) && value >= 0);
}

/** What this process may still take: of the machine, or of its control group. */
function availableBytes(): number {
  return process.availableMemory?.() ?? freemem();
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
