import { LANES, type KvType } from '../../runtime/contract/engine.ts';

/** What the memory and speed of a language model follow from. */
export interface ModelShape {
  /** Bytes of the file: the weights, which are read whole for every token. */
  readonly fileBytes: number;
  readonly parameters: number;
  /** Keys and values of one token over all layers in half precision, bytes. */
  readonly kvBytesPerToken: number;
  readonly vocabulary: number;
}

export interface ContextChoice {
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly kvType: KvType;
}

/** Bytes per number: the quantized types hold 32 numbers and a 16-bit scale in a block (ggml's block_q8_0, block_q4_0). */
const KV_BYTES: Readonly<Record<KvType, number>> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };

/**
 * The model host with its libraries and the vocabulary, and llama.cpp's graph, bytes: what a 0.5B model with contexts of
 * 4096 tokens was measured to take (799 MB at a batch of 32, 858 MB at 128) beyond everything else here.
 */
const HOST_BYTES = 225 * 1024 * 1024;

export interface MemoryNeed {
  readonly weightsBytes: number;
  /** Keys and values of a full context, for each lane of the host. Models with sliding windows are computed in full too. */
  readonly kvBytes: number;
  /** Intermediate results, the scores of a batch's tokens over the vocabulary above all, and the process. */
  readonly workBytes: number;
  readonly totalBytes: number;
}

export function memoryNeed(shape: ModelShape, choice: ContextChoice): MemoryNeed {
  const perToken = (shape.kvBytesPerToken * KV_BYTES[choice.kvType]) / KV_BYTES.f16;
  const kvBytes = Math.round(perToken * choice.contextTokens * LANES.length);
  const workBytes = shape.vocabulary * choice.batchTokens * 4 + HOST_BYTES;
  return {
    weightsBytes: shape.fileBytes,
    kvBytes,
    workBytes,
    totalBytes: shape.fileBytes + kvBytes + workBytes,
  };
}
