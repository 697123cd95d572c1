import { BLOCK, blockScales, blockWeights, halfBytes, type BlockBits } from './blocks.ts';
import type { OnnxAttribute, OnnxNode, OnnxPort } from './encode.ts';
import type { OnnxInitializer, OnnxModel } from './write.ts';

export const ONNX_PRECISIONS = ['fp32', 'fp16', 'int8', 'q4'] as const;
/**
 * How the matrices are stored. `fp16` halves the file and is computed in 32 bits; `int8` and `q4` share a scale between 32
 * weights. The embedding and the output of `q4` stay at 8 bits, as they do in GGUF's mixtures: they decide most.
 */
export type OnnxPrecision = (typeof ONNX_PRECISIONS)[number];

/** A decoder of the llama family: RMS norm, rotary positions, grouped-query attention, SwiGLU. */
export interface LlamaShape {
  readonly name: string;
  readonly vocabulary: number;
  readonly embedding: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly feedForward: number;
  /** Positions the rotary tables hold. */
  readonly contextTokens: number;
  readonly epsilon: number;
  /** How the rotary pairs lie: neighbours (llama in GGUF), or halves of the head (qwen2). */
  readonly rotary: 'interleaved' | 'halves';
  /** (headSize / 2) radians per position */
  readonly frequencies: Float64Array;
  /** The query, key and value projections have one. */
  readonly bias: boolean;
  /** The output matrix is the embedding. */
  readonly tied: boolean;
}

/**
 * The weights by their GGUF names. A matrix comes row by row (one row per output), in pieces of whole rows; it may be asked
 * for more than once.
 */
export type LlamaWeights = (name: string) => Iterable<Float32Array>;

export const CONTRIB = 'com.microsoft';
/** What transformers.js calls the dimensions that vary. */
const BATCH = 'batch_size';
const STEP = 'sequence_length';
const PAST = 'past_sequence_length';
const TOTAL = 'total_sequence_length';

/**
 * The graph of a decoder with its keys and values as inputs and outputs, in the layout transformers.js reads:
 *
 *     input_ids, attention_mask, num_logits_to_keep, past_key_values.N.key|value → logits, present.N.key|value
 *
 * `num_logits_to_keep` limits the output matrix to the last positions; 0 means all. Positions follow from the mask, so there
 * is no `position_ids`. The attention operator may be given one buffer as past and present: nothing is copied then.
 * Operators: onnxruntime, docs/ContribOperators.md.
 */
export function llamaGraph(shape: LlamaShape, weights: LlamaWeights, precision: OnnxPrecision): OnnxModel {
  const graph = new GraphBuilder(shape, weights, precision);
  graph.positions();
  let residual = graph.embed();
  let normed = graph.firstNorm(residual);
  for (let layer = 0; layer < shape.layers; layer++) {
    const attended = graph.attention(layer, normed);
    [normed, residual] = graph.addNorm(
      `layer.${layer}.ffn_norm`,
      `blk.${layer}.ffn_norm.weight`,
      attended,
      residual,
    );
    const fed = graph.feedForward(layer, normed);
    const last = layer === shape.layers - 1;
    [normed, residual] = graph.addNorm(
      last ? 'output_norm' : `layer.${layer + 1}.attn_norm`,
      last ? 'output_norm.weight' : `blk.${layer + 1}.attn_norm.weight`,
      fed,
      residual,
    );
  }
  graph.logits(normed);
  return graph.model();
}

class GraphBuilder {
  readonly #shape: LlamaShape;
  readonly #weights: LlamaWeights;
  readonly #precision: OnnxPrecision;
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxInitializer[] = [];
  readonly #inputs: OnnxPort[];
  readonly #outputs: OnnxPort[];

  constructor(shape: LlamaShape, weights: LlamaWeights, precision: OnnxPrecision) {
    this.#shape = shape;
    this.#weights = weights;
    this.#precision = precision;
    const cache = (prefix: string, tokens: string): OnnxPort[] =>
      Array.from({ length: shape.layers * 2 }, (_, i) => ({
        name: `${prefix}.${i >> 1}.${i % 2 === 0 ? 'key' : 'value'}`,
        type: 'float32',
        shape: [BATCH, shape.kvHeads, tokens, shape.headSize],
      }));
    this.#inputs = [
      { name: 'input_ids', type: 'int64', shape: [BATCH, STEP] },
      { name: 'attention_mask', type: 'int64', shape: [BATCH, TOTAL] },
      { name: 'num_logits_to_keep', type: 'int64', shape: [] },
      ...cache('past_key_values', PAST),
    ];
    this.#outputs = [
      { name: 'logits', type: 'float32', shape: [BATCH, 'num_logits', shape.vocabulary] },
      ...cache('present', TOTAL),
    ];
  }

  model(): OnnxModel {
    return {
      graph: this.#shape.name,
      opsets: { '': 20, [CONTRIB]: 1 },
      inputs: this.#inputs,
      outputs: this.#outputs,
      nodes: this.#nodes,
      initializers: this.#initializers,
    };
  }

  /** What the attention operator asks for: the last valid position of each row, and the longest row. */
  positions(): void {
    const { contextTokens, headSize, frequencies } = this.#shape;
    this.#integers('axis_1', [1], [1]);
    this.#integers('one', [1], []);
    this.#node('ReduceSum', ['attention_mask', 'axis_1'], ['mask_tokens'], { keepdims: { int: 0 } });
    this.#node('Sub', ['mask_tokens', 'one'], ['mask_last']);
    this.#node('Cast', ['mask_last'], ['last_position'], { to: { int: 6 } });
    this.#node('Shape', ['attention_mask'], ['mask_shape']);
    this.#node('Gather', ['mask_shape', 'one'], ['mask_length'], { axis: { int: 0 } });
    this.#node('Cast', ['mask_length'], ['total_tokens'], { to: { int: 6 } });
    for (const [name, of] of [
      ['cos', Math.cos],
      ['sin', Math.sin],
    ] as const) {
      const half = headSize / 2;
      this.#tensor(name, 'float32', [contextTokens, half], function* () {
        for (let position = 0; position < contextTokens; position++) {
          const row = new Float32Array(half);
          for (let i = 0; i < half; i++) row[i] = of(position * frequencies[i]!);
          yield bytesOf(row);
        }
      });
    }
  }

  embed(): string {
    const { vocabulary, embedding } = this.#shape;
    const name = 'token_embd';
    const bits = this.#bits(name);
    if (bits === undefined) {
      this.#node('Gather', [this.#floats(name, [vocabulary, embedding]), 'input_ids'], ['embedded'], {
        axis: { int: 0 },
      });
      return 'embedded';
    }
    const blocks = embedding / BLOCK;
    const [data, scales] = this.#blocks(name, [name], vocabulary, embedding, bits);
    // The output matrix may be the same numbers, shaped for MatMulNBits.
    this.#integers(`${name}.rows`, [vocabulary, (embedding * bits) / 8], [2]);
    this.#integers(`${name}.scale_rows`, [vocabulary, blocks], [2]);
    this.#node('Reshape', [data, `${name}.rows`], [`${name}.table`]);
    this.#node('Reshape', [scales, `${name}.scale_rows`], [`${name}.table_scales`]);
    this.#contrib(
      'GatherBlockQuantized',
      [`${name}.table`, 'input_ids', `${name}.table_scales`],
      ['embedded'],
      {
        bits: { int: bits },
        block_size: { int: BLOCK },
        gather_axis: { int: 0 },
        quantize_axis: { int: 1 },
      },
    );
    return 'embedded';
  }

  firstNorm(input: string): string {
    const output = 'layer.0.attn_norm';
    const weight = this.#vector('blk.0.attn_norm.weight', this.#shape.embedding);
    this.#node('SimplifiedLayerNormalization', [input, weight], [output], {
      axis: { int: -1 },
      epsilon: { float: this.#shape.epsilon },
      stash_type: { int: 1 },
    });
    return output;
  }

  /** [normed, sum] of `input + residual`. */
  addNorm(output: string, weightName: string, input: string, residual: string): [string, string] {
    const weight = this.#vector(weightName, this.#shape.embedding);
    const sum = `${output}.sum`;
    this.#contrib('SkipSimplifiedLayerNormalization', [input, residual, weight], [output, '', '', sum], {
      epsilon: { float: this.#shape.epsilon },
    });
    return [output, sum];
  }

  attention(layer: number, input: string): string {
    const { embedding, heads, kvHeads, headSize, bias, rotary } = this.#shape;
    const name = `layer.${layer}.attn`;
    const parts = ['q', 'k', 'v'].map((part) => `blk.${layer}.attn_${part}`);
    const width = (heads + 2 * kvHeads) * headSize;
    const packed = this.#matrix(`${name}.qkv`, parts, width, embedding, input, bias);
    const past = `past_key_values.${layer}`;
    this.#contrib(
      'GroupQueryAttention',
      [packed, '', '', `${past}.key`, `${past}.value`, 'last_position', 'total_tokens', 'cos', 'sin'],
      [`${name}.mixed`, `present.${layer}.key`, `present.${layer}.value`],
      {
        num_heads: { int: heads },
        kv_num_heads: { int: kvHeads },
        scale: { float: 1 / Math.sqrt(headSize) },
        do_rotary: { int: 1 },
        rotary_interleaved: { int: rotary === 'interleaved' ? 1 : 0 },
      },
    );
    return this.#matrix(
      `${name}.out`,
      [`blk.${layer}.attn_output`],
      embedding,
      heads * headSize,
      `${name}.mixed`,
    );
  }

  feedForward(layer: number, input: string): string {
    const { embedding, feedForward } = this.#shape;
    const name = `layer.${layer}.ffn`;
    const gate = this.#matrix(`${name}.gate`, [`blk.${layer}.ffn_gate`], feedForward, embedding, input);
    const up = this.#matrix(`${name}.up`, [`blk.${layer}.ffn_up`], feedForward, embedding, input);
    // x · sigmoid(x), which is SiLU.
    this.#contrib('QuickGelu', [gate], [`${name}.active`], { alpha: { float: 1 } });
    this.#node('Mul', [`${name}.active`, up], [`${name}.gated`]);
    return this.#matrix(`${name}.down`, [`blk.${layer}.ffn_down`], embedding, feedForward, `${name}.gated`);
  }

  logits(normed: string): void {
    const { vocabulary, embedding, tied } = this.#shape;
    this.#node('Neg', ['num_logits_to_keep'], ['first_kept']);
    this.#node('Unsqueeze', ['first_kept', 'axis_0'], ['first_kept_1']);
    this.#integers('axis_0', [0], [1]);
    this.#integers('end', [Number.MAX_SAFE_INTEGER], [1]);
    this.#node('Slice', [normed, 'first_kept_1', 'end', 'axis_1'], ['kept']);
    if (tied) this.#multiply('logits', 'token_embd', vocabulary, embedding, 'kept');
    else this.#matrix('logits', ['output'], vocabulary, embedding, 'kept');
  }

  /** Bits of a matrix's weights; undefined: floats. */
  #bits(name: string): BlockBits | undefined {
    if (this.#precision === 'fp32' || this.#precision === 'fp16') return undefined;
    return this.#precision === 'int8' || name === 'token_embd' || name === 'logits' ? 8 : 4;
  }

  /** input · Wᵀ (+ b). W is the rows of `parts` one below the other. Returns the output's name. */
  #matrix(
    output: string,
    parts: readonly string[],
    rows: number,
    columns: number,
    input: string,
    bias = false,
  ): string {
    const bits = this.#bits(output);
    if (bits === undefined) this.#floats(output, [rows, columns], parts);
    else this.#blocks(output, parts, rows, columns, bits);
    const product = bias ? `${output}.product` : output;
    this.#multiply(product, output, rows, columns, input);
    if (bias) {
      this.#tensor(`${output}.bias`, 'float32', [rows], () => this.#pieces(parts, '.bias', bytesOf));
      this.#node('Add', [product, `${output}.bias`], [output]);
    }
    return output;
  }

  #multiply(output: string, matrix: string, rows: number, columns: number, input: string): void {
    const bits = this.#bits(matrix);
    if (bits === undefined) {
      this.#contrib('FusedMatMul', [input, `${matrix}.weight`], [output], { transB: { int: 1 } });
      return;
    }
    this.#contrib('MatMulNBits', [input, `${matrix}.blocks`, `${matrix}.scales`], [output], {
      K: { int: columns },
      N: { int: rows },
      bits: { int: bits },
      block_size: { int: BLOCK },
      // The input is rounded to 8 bits per block, as llama.cpp does: integer products are what small processors are fast at.
      accuracy_level: { int: 4 },
    });
  }

  #floats(name: string, shape: readonly number[], parts: readonly string[] = [name]): string {
    const weight = `${name}.weight`;
    if (this.#precision === 'fp16') {
      this.#tensor(`${weight}.half`, 'float16', shape, () => this.#pieces(parts, '.weight', halfBytes));
      this.#node('Cast', [`${weight}.half`], [weight], { to: { int: 1 } });
    } else {
      this.#tensor(weight, 'float32', shape, () => this.#pieces(parts, '.weight', bytesOf));
    }
    return weight;
  }

  #blocks(
    name: string,
    parts: readonly string[],
    rows: number,
    columns: number,
    bits: BlockBits,
  ): [string, string] {
    const blocks = columns / BLOCK;
    this.#tensor(`${name}.blocks`, 'uint8', [rows, blocks, (BLOCK * bits) / 8], () =>
      this.#pieces(parts, '.weight', (values) => blockWeights(values, bits)),
    );
    this.#tensor(`${name}.scales`, 'float32', [rows, blocks], () =>
      this.#pieces(parts, '.weight', (values) => bytesOf(blockScales(values, bits))),
    );
    return [`${name}.blocks`, `${name}.scales`];
  }

  #vector(name: string, length: number): string {
    this.#tensor(name, 'float32', [length], () => this.#pieces([name], '', bytesOf));
    return name;
  }

  *#pieces(
    parts: readonly string[],
    suffix: string,
    encode: (values: Float32Array) => Uint8Array,
  ): Generator<Uint8Array> {
    for (const part of parts) {
      for (const values of this.#weights(`${part}${suffix}`)) yield encode(values);
    }
  }

  #integers(name: string, values: readonly number[], shape: readonly number[]): void {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.#tensor(name, 'int64', shape, () => [data]);
  }

  #tensor(
    name: string,
    type: OnnxInitializer['type'],
    shape: readonly number[],
    data: OnnxInitializer['data'],
  ): void {
    this.#initializers.push({ name, type, shape, data });
  }

  #node(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void {
    this.#nodes.push({ op, inputs, outputs, attributes });
  }

  #contrib(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
  ): void {
    this.#nodes.push({ op, domain: CONTRIB, inputs, outputs, attributes });
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
