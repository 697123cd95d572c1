import type { ModelShape } from './model-shape.ts';

/** A model anybody can fetch. Sizes are those its repository shows, to three digits. */
export interface CatalogueModel extends ModelShape {
  readonly name: string;
  /** What `ganglion model pull` takes. */
  readonly reference: string;
  readonly quantization: string;
  readonly licence: string;
  /** Whether the licence lets anybody use it for anything. */
  readonly open: boolean;
  /**
   * Share of decisions that came out right, 0–1, and by what that was measured. Absent: nobody here has measured it, and
   * general leaderboards say little about picking a device.
   */
  readonly accuracy?: { readonly share: number; readonly measuredBy: string };
}

/** Bytes of a key and a value for each layer and head, two bytes a number. */
function halfPrecision(layers: number, kvHeads: number, headDim: number): number {
  return 2 * layers * kvHeads * headDim * 2;
}

/**
 * Small instruction-tuned models with GGUF files. Layers, heads and vocabulary are those of each model's config.json
 * (num_hidden_layers, num_key_value_heads, head_dim, vocab_size), sizes and licences of its model card.
 */
export const CATALOGUE: readonly CatalogueModel[] = [
  {
    name: 'SmolLM2 360M Instruct',
    reference: 'hf:HuggingFaceTB/SmolLM2-360M-Instruct-GGUF/smollm2-360m-instruct-q8_0.gguf',
    quantization: 'Q8_0',
    fileBytes: 386e6,
    parameters: 362e6,
    kvBytesPerToken: halfPrecision(32, 5, 64),
    vocabulary: 49_152,
    licence: 'Apache-2.0',
    open: true,
  },
  {
    name: 'Qwen2.5 0.5B Instruct',
    reference: 'hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF/qwen2.5-0.5b-instruct-q4_k_m.gguf',
    quantization: 'Q4_K_M',
    fileBytes: 491e6,
    parameters: 494e6,
    kvBytesPerToken: halfPrecision(24, 2, 64),
    vocabulary: 151_936,
    licence: 'Apache-2.0',
    open: true,
  },
  {
    name: 'Qwen3 0.6B',
    reference: 'hf:Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf',
    quantization: 'Q8_0',
    fileBytes: 639e6,
    parameters: 596e6,
    kvBytesPerToken: halfPrecision(28, 8, 128),
    vocabulary: 151_936,
    licence: 'Apache-2.0',
    open: true,
  },
  {
    name: 'Gemma 3 1B',
    reference: 'hf:ggml-org/gemma-3-1b-it-GGUF/gemma-3-1b-it-Q4_K_M.gguf',
    quantization: 'Q4_K_M',
    fileBytes: 806e6,
    parameters: 1e9,
    kvBytesPerToken: halfPrecision(26, 1, 256),
    vocabulary: 262_144,
    licence: 'Gemma',
    open: false,
  },
  {
    name: 'Llama 3.2 1B Instruct',
    reference: 'hf:bartowski/Llama-3.2-1B-Instruct-GGUF/Llama-3.2-1B-Instruct-Q4_K_M.gguf',
    quantization: 'Q4_K_M',
    fileBytes: 808e6,
    parameters: 1.24e9,
    kvBytesPerToken: halfPrecision(16, 8, 64),
    vocabulary: 128_256,
    licence: 'Llama 3.2 Community',
    open: false,
  },
  {
    name: 'Qwen2.5 1.5B Instruct',
    reference: 'hf:Qwen/Qwen2.5-1.5B-Instruct-GGUF/qwen2.5-1.5b-instruct-q4_k_m.gguf',
    quantization: 'Q4_K_M',
    fileBytes: 1.12e9,
    parameters: 1.54e9,
    kvBytesPerToken: halfPrecision(28, 2, 128),
    vocabulary: 151_936,
    licence: 'Apache-2.0',
    open: true,
  },
  {
    name: 'SmolLM2 1.7B Instruct',
    reference: 'hf:HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF/smollm2-1.7b-instruct-q4_k_m.gguf',
    quantization: 'Q4_K_M',
    fileBytes: 1.06e9,
    parameters: 1.71e9,
    kvBytesPerToken: halfPrecision(24, 32, 64),
    vocabulary: 49_152,
    licence: 'Apache-2.0',
    open: true,
  },
  {
    name: 'Qwen3 1.7B',
    reference: 'hf:Qwen/Qwen3-1.7B-GGUF/Qwen3-1.7B-Q8_0.gguf',
    quantization: 'Q8_0',
    fileBytes: 1.83e9,
    parameters: 1.72e9,
    kvBytesPerToken: halfPrecision(28, 8, 128),
    vocabulary: 151_936,
    licence: 'Apache-2.0',
    open: true,
  },
  {
    name: 'Qwen2.5 3B Instruct',
    reference: 'hf:Qwen/Qwen2.5-3B-Instruct-GGUF/qwen2.5-3b-instruct-q4_k_m.gguf',
    quantization: 'Q4_K_M',
    fileBytes: 2.1e9,
    parameters: 3.09e9,
    kvBytesPerToken: halfPrecision(36, 2, 128),
    vocabulary: 151_936,
    licence: 'Qwen Research (not for commercial use)',
    open: false,
  },
  {
    name: 'Llama 3.2 3B Instruct',
    reference: 'hf:bartowski/Llama-3.2-3B-Instruct-GGUF/Llama-3.2-3B-Instruct-Q4_K_M.gguf',
    quantization: 'Q4_K_M',
    fileBytes: 2.02e9,
    parameters: 3.21e9,
    kvBytesPerToken: halfPrecision(28, 8, 128),
    vocabulary: 128_256,
    licence: 'Llama 3.2 Community',
    open: false,
  },
  {
    name: 'Qwen3 4B',
    reference: 'hf:Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf',
    quantization: 'Q4_K_M',
    fileBytes: 2.5e9,
    parameters: 4.02e9,
    kvBytesPerToken: halfPrecision(36, 8, 128),
    vocabulary: 151_936,
    licence: 'Apache-2.0',
    open: true,
  },
];
