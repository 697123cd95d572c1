import type { KvType } from '../../runtime/contract/engine.ts';

/** What the memory and speed of a language model follow from. */
export interface ModelShape {
  /** Bytes of the file: the weights, which are read whole for every token. */
  readonly fileBytes: number;
  readonly parameters: number;
  readonly layers: number;
  /** Heads that keep keys and values; fewer than the others in most models. */
  readonly kvHeads: number;
  /** Numbers in a key or value of one head. */
  readonly headDim: number;
  readonly vocabulary: number;
}

export interface ContextChoice {
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly kvType: KvType;
}

/** Bytes per number: the quantized types hold 32 numbers and a 16-bit scale in a block (ggml's block_q8_0, block_q4_0). */
const KV_BYTES: Readonly<Record<KvType, number>> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };

/** Keys and values of one token over all layers, bytes. Models with sliding windows take less than this. */
export function kvBytesPerToken(
  shape: Pick<ModelShape, 'layers' | 'kvHeads' | 'headDim'>,
  kvType: KvType,
): number {
  return 2 * shape.layers * shape.kvHeads * shape.headDim * KV_BYTES[kvType];
}

/** The model host itself with its libraries, bytes. */
const HOST_BYTES = 100 * 1024 * 1024;

export interface MemoryNeed {
  readonly weightsBytes: number;
  readonly kvBytes: number;
  /** Intermediate results, the scores of a batch's tokens over the vocabulary above all, and the process. */
  readonly workBytes: number;
  readonly totalBytes: number;
}

export function memoryNeed(shape: ModelShape, choice: ContextChoice): MemoryNeed {
  const kvBytes = Math.round(kvBytesPerToken(shape, choice.kvType) * choice.contextTokens);
  const workBytes = shape.vocabulary * choice.batchTokens * 4 + HOST_BYTES;
  return {
    weightsBytes: shape.fileBytes,
    kvBytes,
    workBytes,
    totalBytes: shape.fileBytes + kvBytes + workBytes,
  };
}
