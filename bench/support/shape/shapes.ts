/** What decides how fast a model of one make is: its architecture without its weights. */
export interface Shape {
  readonly architecture: 'llama' | 'qwen2';
  readonly layers: number;
  /** Length of a token's vector. */
  readonly embedding: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  readonly contextTokens: number;
  readonly ropeBase: number;
  readonly normEpsilon: number;
  /** The output matrix is the embedding once more, and is not stored twice. */
  readonly tied: boolean;
  readonly chat: 'chatml' | 'llama3';
  /** How text is cut up before it is merged: a name of llama.cpp's `tokenizer.ggml.pre`. */
  readonly pre: 'qwen2' | 'llama-bpe' | 'smollm';
}

/**
 * Source: config.json of each model on Hugging Face (Qwen/Qwen2.5-0.5B-Instruct, Qwen/Qwen2.5-1.5B-Instruct,
 * meta-llama/Llama-3.2-1B-Instruct, TinyLlama/TinyLlama-1.1B-Chat-v1.0, HuggingFaceTB/SmolLM2-135M-Instruct).
 * Otherwise than there: Llama 3.2 has no factors for long contexts here, and TinyLlama a byte-level vocabulary in place of
 * its SentencePiece one. Neither changes the work of a token.
 */
export const SHAPES = {
  // Of no known model: small enough for ten thousand decisions.
  'tiny-8m': {
    architecture: 'llama',
    layers: 6,
    embedding: 320,
    heads: 5,
    kvHeads: 5,
    feedForward: 864,
    vocabulary: 8192,
    contextTokens: 4096,
    ropeBase: 10_000,
    normEpsilon: 1e-5,
    tied: true,
    chat: 'chatml',
    pre: 'smollm',
  },
  'qwen2.5-0.5b': {
    architecture: 'qwen2',
    layers: 24,
    embedding: 896,
    heads: 14,
    kvHeads: 2,
    feedForward: 4864,
    vocabulary: 151_936,
    contextTokens: 32_768,
    ropeBase: 1_000_000,
    normEpsilon: 1e-6,
    tied: true,
    chat: 'chatml',
    pre: 'qwen2',
  },
  'qwen2.5-1.5b': {
    architecture: 'qwen2',
    layers: 28,
    embedding: 1536,
    heads: 12,
    kvHeads: 2,
    feedForward: 8960,
    vocabulary: 151_936,
    contextTokens: 32_768,
    ropeBase: 1_000_000,
    normEpsilon: 1e-6,
    tied: true,
    chat: 'chatml',
    pre: 'qwen2',
  },
  'llama-3.2-1b': {
    architecture: 'llama',
    layers: 16,
    embedding: 2048,
    heads: 32,
    kvHeads: 8,
    feedForward: 8192,
    vocabulary: 128_256,
    contextTokens: 131_072,
    ropeBase: 500_000,
    normEpsilon: 1e-5,
    tied: true,
    chat: 'llama3',
    pre: 'llama-bpe',
  },
  'tinyllama-1.1b': {
    architecture: 'llama',
    layers: 22,
    embedding: 2048,
    heads: 32,
    kvHeads: 4,
    feedForward: 5632,
    vocabulary: 32_000,
    contextTokens: 2048,
    ropeBase: 10_000,
    normEpsilon: 1e-5,
    tied: false,
    chat: 'chatml',
    pre: 'smollm',
  },
  'smollm2-135m': {
    architecture: 'llama',
    layers: 30,
    embedding: 576,
    heads: 9,
    kvHeads: 3,
    feedForward: 1536,
    vocabulary: 49_152,
    contextTokens: 8192,
    ropeBase: 100_000,
    normEpsilon: 1e-5,
    tied: true,
    chat: 'chatml',
    pre: 'smollm',
  },
} as const satisfies Readonly<Record<string, Shape>>;

export type ShapeName = keyof typeof SHAPES;

export function isShapeName(name: string): name is ShapeName {
  return Object.hasOwn(SHAPES, name);
}
