import type { ColumnKind, TrainingData } from '../tree/training-data.ts';

/** A row that a person labelled counts as so many of the model's. */
const HUMAN_WEIGHT = 5;

export function weightOf(source: 'model' | 'human' | 'implied'): number {
  return source === 'human' ? HUMAN_WEIGHT : 1;
}

export interface StoredExamples {
  readonly values: readonly (number | null)[];
  readonly labels: readonly number[];
  readonly weights: readonly number[];
}

/**
 * The latest labelled rows, in the order they came; a full store drops its oldest.
 *
 *     values   (capacity, features)     labels, weights   (capacity)     a ring that begins at `start`
 */
export class ExampleStore {
  readonly #features: readonly string[];
  readonly #kinds: readonly ColumnKind[] | undefined;
  readonly #choices: readonly string[];
  readonly #capacity: number;
  #values: Float64Array;
  #labels: Uint8Array;
  #weights: Float64Array;
  #room: number;
  #start = 0;
  #size = 0;

  constructor(options: {
    features: readonly string[];
    kinds?: readonly ColumnKind[];
    choices: readonly string[];
    capacity: number;
  }) {
    this.#features = options.features;
    this.#kinds = options.kinds;
    this.#choices = options.choices;
    this.#capacity = options.capacity;
    this.#room = Math.min(256, options.capacity);
    this.#values = new Float64Array(this.#room * this.#features.length);
    this.#labels = new Uint8Array(this.#room);
    this.#weights = new Float64Array(this.#room);
  }

  get size(): number {
    return this.#size;
  }

  /** Rows of each choice. (choices) */
  counts(): number[] {
    const counts = this.#choices.map(() => 0);
    for (let i = 0; i < this.#size; i++) counts[this.#labels[(this.#start + i) % this.#room]!]!++;
    return counts;
  }

  add(values: Float64Array, label: number, weight: number): void {
    if (this.#size === this.#room && this.#room < this.#capacity) this.#grow();
    const at = (this.#start + this.#size) % this.#room;
    this.#values.set(values, at * this.#features.length);
    this.#labels[at] = label;
    this.#weights[at] = weight;
    if (this.#size < this.#room) this.#size++;
    else this.#start = (this.#start + 1) % this.#room;
  }

  /** Forgets all but the latest rows. */
  keepLast(rows: number): void {
    const dropped = Math.max(0, this.#size - rows);
    this.#start = (this.#start + dropped) % this.#room;
    this.#size -= dropped;
  }

  /**
   * A copy, oldest row first: it can be sent to another thread.
   * @param wanted which rows; all unless given
   * @param latest of the latest so many; all unless given
   */
  data(wanted: (row: Float64Array) => boolean = () => true, latest = this.#size): TrainingData {
    const width = this.#features.length;
    const first = Math.max(0, this.#size - latest);
    const chosen = new Uint32Array(this.#size - first);
    let count = 0;
    for (let i = first; i < this.#size; i++) {
      const at = (this.#start + i) % this.#room;
      if (wanted(this.#values.subarray(at * width, (at + 1) * width))) chosen[count++] = at;
    }
    const values = new Float64Array(count * width);
    const labels = new Uint8Array(count);
    const weights = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const at = chosen[i]!;
      for (let c = 0; c < width; c++) values[i * width + c] = this.#values[at * width + c]!;
      labels[i] = this.#labels[at]!;
      weights[i] = this.#weights[at]!;
    }
    const kinds = this.#kinds === undefined ? {} : { kinds: this.#kinds };
    return { features: this.#features, ...kinds, choices: this.#choices, values, labels, weights };
  }

  /** For JSON, which has no NaN. */
  dump(): StoredExamples {
    const { values, labels, weights } = this.data();
    return {
      values: Array.from(values, (value) => (Number.isFinite(value) ? value : null)),
      labels: [...labels],
      weights: [...(weights ?? [])],
    };
  }

  load({ values, labels, weights }: StoredExamples): void {
    const width = this.#features.length;
    const row = new Float64Array(width);
    for (const [i, label] of labels.entries()) {
      for (let c = 0; c < width; c++) row[c] = values[i * width + c] ?? Number.NaN;
      this.add(row, label, weights[i] ?? 1);
    }
  }

  /** Lays the rows out anew from 0. */
  #grow(): void {
    const room = Math.min(this.#room * 2, this.#capacity);
    const { values, labels, weights } = this.data();
    this.#values = new Float64Array(room * this.#features.length);
    this.#labels = new Uint8Array(room);
    this.#weights = new Float64Array(room);
    this.#values.set(values);
    this.#labels.set(labels);
    this.#weights.set(weights ?? []);
    this.#room = room;
    this.#start = 0;
  }
}
