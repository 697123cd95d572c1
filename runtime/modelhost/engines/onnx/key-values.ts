import type { Tensor, TypedTensor } from 'onnxruntime-node';

export type TensorClass = typeof Tensor;

/** One input of the model that holds keys or values of a layer, and the output it comes back as. */
export interface KvSlot {
  readonly input: string;
  readonly output: string;
  readonly heads: number;
  readonly headSize: number;
}

/** What the cache of a model looks like: each slot is (1, heads, tokens, head size). */
export interface KvLayout {
  readonly slots: readonly KvSlot[];
  /** The attention operator writes the new tokens into the buffer it is given. */
  readonly shared: boolean;
}

/** Tensors for a run that adds tokens. */
export interface KvTensors {
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** An output without a tensor is allocated by the library. */
  readonly fetches: Readonly<Record<string, Tensor | null>>;
}

/** The keys and values of one session. */
export interface KeyValues {
  /** What a run is given that adds `count` tokens to the `length` there are. */
  tensors(length: number, count: number): KvTensors;
  /** What the run gave back. */
  take(results: Readonly<Record<string, Tensor>>): void;
  /** Forgets everything from `length` on. */
  cut(length: number): void;
  /** The rows of the first `length` tokens, slot by slot, head by head: (slots, heads, length · head size). */
  rows(length: number): Iterable<Float32Array>;
  /** The opposite of `rows`: `read` fills a row. */
  fill(length: number, read: (row: Float32Array) => void): void;
}

export function keyValues(layout: KvLayout, Class: TensorClass, contextTokens: number): KeyValues {
  return layout.shared
    ? new SharedKeyValues(layout, Class, contextTokens)
    : new GrowingKeyValues(layout, Class);
}

/** Room for this many tokens at first; twice as many each time it runs out. */
const FIRST_CAPACITY = 256;

/**
 * Past and present are one buffer with room for more, and the operator GroupQueryAttention adds to it in place: nothing is
 * copied per call, and stepping back costs nothing.
 *
 *     per head  ├── tokens held ──┤── free ──┤ capacity
 */
class SharedKeyValues implements KeyValues {
  readonly #layout: KvLayout;
  readonly #Class: TensorClass;
  readonly #contextTokens: number;
  #capacity = 0;
  #buffers: readonly Float32Array[] = [];
  #tensors: KvTensors = { feeds: {}, fetches: {} };

  constructor(layout: KvLayout, Class: TensorClass, contextTokens: number) {
    this.#layout = layout;
    this.#Class = Class;
    this.#contextTokens = contextTokens;
  }

  tensors(length: number, count: number): KvTensors {
    this.#reserve(length, length + count);
    return this.#tensors;
  }

  take(): void {
    // It is in the buffers already.
  }

  cut(length: number): void {
    // Given back only when nothing is left: a session that was long once may be so again.
    if (length > 0) return;
    this.#capacity = 0;
    this.#buffers = [];
    this.#tensors = { feeds: {}, fetches: {} };
  }

  *rows(length: number): Generator<Float32Array> {
    for (const [i, { heads, headSize }] of this.#layout.slots.entries()) {
      for (let head = 0; head < heads; head++) {
        const from = head * this.#capacity * headSize;
        yield this.#buffers[i]!.subarray(from, from + length * headSize);
      }
    }
  }

  fill(length: number, read: (row: Float32Array) => void): void {
    this.#reserve(0, length);
    for (const row of this.rows(length)) read(row);
  }

  #reserve(held: number, wanted: number): void {
    if (wanted <= this.#capacity) return;
    const { slots } = this.#layout;
    const before = this.#capacity;
    const capacity = Math.min(
      Math.max(wanted, FIRST_CAPACITY, before * 2),
      Math.max(wanted, this.#contextTokens),
    );
    const feeds: Record<string, Tensor> = {};
    const fetches: Record<string, Tensor> = {};
    this.#buffers = slots.map(({ heads, headSize, input, output }, i) => {
      const buffer = new Float32Array(heads * capacity * headSize);
      const old = this.#buffers[i] ?? new Float32Array(0);
      for (let head = 0; head < heads; head++) {
        const from = head * before * headSize;
        buffer.set(old.subarray(from, from + held * headSize), head * capacity * headSize);
      }
      const tensor = new this.#Class('float32', buffer, [1, heads, capacity, headSize]);
      feeds[input] = tensor;
      fetches[output] = tensor;
      return buffer;
    });
    this.#capacity = capacity;
    this.#tensors = { feeds, fetches };
  }
}

/** For models that give back a longer copy each time: the copy is what the next run is given. */
class GrowingKeyValues implements KeyValues {
  readonly #layout: KvLayout;
  readonly #Class: TensorClass;
  #tensors: readonly Tensor[];

  constructor(layout: KvLayout, Class: TensorClass) {
    this.#layout = layout;
    this.#Class = Class;
    this.#tensors = this.#fresh(0);
  }

  tensors(): KvTensors {
    const { slots } = this.#layout;
    return {
      feeds: Object.fromEntries(slots.map(({ input }, i) => [input, this.#tensors[i]!])),
      fetches: Object.fromEntries(slots.map(({ output }) => [output, null])),
    };
  }

  take(results: Readonly<Record<string, Tensor>>): void {
    this.#tensors = this.#layout.slots.map(({ output }) => results[output]!);
  }

  cut(length: number): void {
    const rows = [...this.rows(length)];
    let next = 0;
    this.fill(length, (row) => row.set(rows[next++]!));
  }

  *rows(length: number): Generator<Float32Array> {
    for (const tensor of this.#tensors) {
      const [, heads = 0, tokens = 0, headSize = 0] = tensor.dims;
      for (let head = 0; head < heads; head++) {
        const from = head * tokens * headSize;
        yield (tensor as TypedTensor<'float32'>).data.subarray(from, from + length * headSize);
      }
    }
  }

  fill(length: number, read: (row: Float32Array) => void): void {
    this.#tensors = this.#fresh(length);
    for (const row of this.rows(length)) read(row);
  }

  #fresh(length: number): readonly Tensor[] {
    return this.#layout.slots.map(
      ({ heads, headSize }) =>
        new this.#Class('float32', new Float32Array(heads * length * headSize), [1, heads, length, headSize]),
    );
  }
}
