import { bestSet, bestThreshold, type FoundSplit, type SplitSearch } from './find-split.ts';
import { IMPURITY } from './impurity.ts';
import type { TrainingData, TrainOptions } from './training-data.ts';

/** A node of a tree that is being trained. */
export interface GrownNode {
  readonly rows: number;
  /** Weight of each choice. (choices) */
  readonly counts: Float64Array;
  /** Index of the heaviest choice; of equal ones the first. */
  readonly choice: number;
  /** Weight of the rows it would get wrong as a leaf. */
  readonly risk: number;
  split?: { readonly by: FoundSplit; readonly left: GrownNode; readonly right: GrownNode };
  /** Price of a leaf at which pruning makes this node one; set by `markPruning`. */
  collapseAt: number;
}

/** Columns sorted once; every node of every fold works on parts of copies. */
export interface SortedColumns {
  readonly data: TrainingData;
  /** (features) of (rows): rows by ascending value, missing ones last, equal ones in their own order */
  readonly orders: readonly Int32Array[];
}

export function sortColumns(data: TrainingData): SortedColumns {
  const width = data.features.length;
  const rows = data.labels.length;
  const orders = data.features.map((_, column) => {
    const order = Int32Array.from({ length: rows }, (_, row) => row);
    return order.toSorted((a, b) => {
      const x = data.values[a * width + column]!;
      const y = data.values[b * width + column]!;
      if (x < y) return -1;
      if (x > y) return 1;
      const missing = Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      return missing === 0 ? a - b : missing;
    });
  });
  return { data, orders };
}

type GrowOptions = Required<Pick<TrainOptions, 'criterion' | 'maxDepth' | 'minLeaf'>>;

/**
 * Grows a tree until its leaves are pure, too small or too deep (Breiman et al. 1984). Deterministic: of equal splits the
 * first column and the lowest threshold win. A split that gains nothing is taken too: one below it may (of two features
 * whose exclusive or decides, neither gains alone); pruning takes out those that did not help.
 * @param use rows to grow from; all unless given
 */
export function grow(
  { data, orders }: SortedColumns,
  weights: Float64Array,
  options: GrowOptions,
  use?: Uint8Array,
): GrownNode {
  const mine = orders.map((order) =>
    use === undefined ? order.slice() : order.filter((row) => use[row] === 1),
  );
  return new Grower(data, mine, weights, options).node(0, mine[0]?.length ?? 0, 0);
}

class Grower {
  readonly #data: TrainingData;
  readonly #orders: readonly Int32Array[];
  readonly #search: SplitSearch;
  readonly #options: GrowOptions;
  readonly #goesLeft: Uint8Array;
  readonly #buffer: Int32Array;

  constructor(
    data: TrainingData,
    orders: readonly Int32Array[],
    weights: Float64Array,
    options: GrowOptions,
  ) {
    this.#data = data;
    this.#orders = orders;
    this.#options = options;
    this.#search = {
      labels: data.labels,
      weights,
      choices: data.choices.length,
      impurity: IMPURITY[options.criterion],
      minLeaf: options.minLeaf,
    };
    this.#goesLeft = new Uint8Array(data.labels.length);
    this.#buffer = new Int32Array(data.labels.length);
  }

  node(start: number, end: number, depth: number): GrownNode {
    const node = this.#count(start, end);
    if (node.risk <= 1e-12 || depth >= this.#options.maxDepth || end - start < 2 * this.#options.minLeaf)
      return node;
    const by = this.#best(start, end);
    if (by === undefined) return node;
    const middle = this.#divide(by, start, end);
    node.split = { by, left: this.node(start, middle, depth + 1), right: this.node(middle, end, depth + 1) };
    return node;
  }

  #count(start: number, end: number): GrownNode {
    const { labels, weights, choices } = this.#search;
    const counts = new Float64Array(choices);
    const order = this.#orders[0];
    let total = 0;
    for (let i = start; i < end; i++) {
      const row = order![i]!;
      counts[labels[row]!]! += weights[row]!;
      total += weights[row]!;
    }
    let choice = 0;
    for (let c = 1; c < choices; c++) if (counts[c]! > counts[choice]!) choice = c;
    return { rows: end - start, counts, choice, risk: Math.max(0, total - counts[choice]!), collapseAt: 0 };
  }

  #best(start: number, end: number): FoundSplit | undefined {
    const { values, features, kinds } = this.#data;
    const width = features.length;
    let best: FoundSplit | undefined;
    for (const [column, order] of this.#orders.entries()) {
      const rows = { column, order, start, end, valueOf: (row: number) => values[row * width + column]! };
      const find = kinds?.[column] === 'category' ? bestSet : bestThreshold;
      const found = find(this.#search, rows);
      if (found !== undefined && (best === undefined || found.gain > best.gain + 1e-12)) best = found;
    }
    return best;
  }

  /** Moves the rows that go left before the others, in every column's order; returns where the right part begins. */
  #divide(by: FoundSplit, start: number, end: number): number {
    const { values, features } = this.#data;
    const set = by.set === undefined ? undefined : new Set(by.set);
    const any = this.#orders[by.column]!;
    let left = 0;
    for (let i = start; i < end; i++) {
      const row = any[i]!;
      const value = values[row * features.length + by.column]!;
      const goes = Number.isNaN(value) ? by.missing === 'left' : (set?.has(value) ?? value <= by.threshold);
      this.#goesLeft[row] = goes ? 1 : 0;
      if (goes) left++;
    }
    for (const order of this.#orders) {
      let toLeft = start;
      let toRight = 0;
      for (let i = start; i < end; i++) {
        const row = order[i]!;
        if (this.#goesLeft[row] === 1) order[toLeft++] = row;
        else this.#buffer[toRight++] = row;
      }
      order.set(this.#buffer.subarray(0, toRight), toLeft);
    }
    return start + left;
  }
}
