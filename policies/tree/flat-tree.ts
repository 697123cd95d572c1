import { compileTree } from './compile-tree.ts';

export interface FeatureName {
  readonly name: string;
  /** What its value says where the frame only has a number for it: `off`. */
  readonly text?: string;
}

/** One split as a tree is laid out from; `left` and `right` are indices into the list it stands in. */
export interface FlatSplit {
  /** Column of the frame. */
  readonly column: number;
  /** Values up to it go left. Unused where there is a set. */
  readonly threshold: number;
  /** Values in it go left, all others right. */
  readonly set?: readonly number[];
  readonly left: number;
  readonly right: number;
  /** Where NaN goes. */
  readonly missing: 'left' | 'right';
}

/** A threshold no finite value exceeds: the split tells known values from missing ones. */
export const ALL_KNOWN = Number.MAX_VALUE;

const LEAF = -1;
/** Columns of splits by set are stored as −2, −3, …: the loop over thresholds ends there, as it does at a leaf. */
const FIRST_SET = -2;

/**
 * A decision tree in typed arrays, laid out depth first, so that the left child is always the next node. A row goes left
 * where its feature is ≤ the threshold (or in the set), right where it is not, and where `missing` says where it is NaN.
 *
 *     feature     column of the frame, −1 for a leaf, −2 − column for a split by set     (nodes)
 *     threshold   a missing value goes right where `missingRight`                        (nodes)
 *     right       node index of the right child; at a leaf its index in the file         (nodes)
 */
export class FlatTree {
  readonly #feature: Int16Array;
  readonly #threshold: Float64Array;
  readonly #right: Int32Array;
  readonly #missingRight: Uint8Array;
  readonly #sets = new Map<number, ReadonlySet<number>>();
  /**
   * The leaf a row of features falls into, as index of the list the tree was laid out from. Allocates nothing. Compiled
   * where the tree is small enough, else `walk`; a field, not a method, so that the call is direct.
   */
  readonly predict: (values: Float64Array) => number;

  /** @param nodes undefined for leaves; node 0 is the root, and no node has two parents */
  constructor(nodes: readonly (FlatSplit | undefined)[]) {
    this.#feature = new Int16Array(nodes.length).fill(LEAF);
    this.#threshold = new Float64Array(nodes.length);
    this.#right = new Int32Array(nodes.length);
    this.#missingRight = new Uint8Array(nodes.length);
    // Every entry is a node of the list and the place whose right child it is, −1 for none.
    const open: [node: number, parent: number][] = [[0, -1]];
    for (let at = 0; open.length > 0; at++) {
      const [node, parent] = open.pop()!;
      const split = nodes[node];
      if (parent >= 0) this.#right[parent] = at;
      if (split === undefined) {
        this.#right[at] = node;
        continue;
      }
      this.#feature[at] = split.set === undefined ? split.column : FIRST_SET - split.column;
      this.#threshold[at] = split.threshold;
      this.#missingRight[at] = split.missing === 'right' ? 1 : 0;
      if (split.set !== undefined) this.#sets.set(at, new Set(split.set));
      open.push([split.right, at], [split.left, -1]);
    }
    this.predict = compileTree(nodes) ?? ((values) => this.walk(values));
  }

  get size(): number {
    return this.#feature.length;
  }

  /** The same as `predict` by the arrays, for trees too large to compile. Allocates nothing. */
  walk(values: Float64Array): number {
    const feature = this.#feature;
    const threshold = this.#threshold;
    const right = this.#right;
    let at = 0;
    let column = feature[0]!;
    for (;;) {
      while (column >= 0) {
        const value = values[column]!;
        const limit = threshold[at]!;
        if (value <= limit) at++;
        else if (value > limit || this.#missingRight[at] === 1) at = right[at]!;
        else at++;
        column = feature[at]!;
      }
      if (column === LEAF) return right[at]!;
      at = this.#isLeft(at, values[FIRST_SET - column]!) ? at + 1 : right[at]!;
      column = feature[at]!;
    }
  }

  /**
   * The conditions on the way to the leaf, in words.
   * @param nameOf what a column is called, and its value where that is a text
   */
  path(values: Float64Array, nameOf: (column: number) => FeatureName): string {
    const words: string[] = [];
    let at = 0;
    for (let code = this.#feature[0]!; code !== LEAF; code = this.#feature[at]!) {
      const column = code >= 0 ? code : FIRST_SET - code;
      const value = values[column]!;
      const left = this.#isLeft(at, value);
      words.push(this.#condition(at, value, left, nameOf(column)));
      at = left ? at + 1 : this.#right[at]!;
    }
    return words.length === 0 ? 'always' : words.join(' and ');
  }

  #isLeft(at: number, value: number): boolean {
    if (Number.isNaN(value)) return this.#missingRight[at] === 0;
    return this.#sets.get(at)?.has(value) ?? value <= this.#threshold[at]!;
  }

  #condition(at: number, value: number, left: boolean, { name, text }: FeatureName): string {
    if (Number.isNaN(value)) return `${name} is unknown`;
    if (text !== undefined) return `${name} is ${text}`;
    const set = this.#sets.get(at);
    const limit = this.#threshold[at]!;
    if (set !== undefined) return `${name} is ${short(value)} (${setWords([...set], left)})`;
    if (limit === ALL_KNOWN) return `${name} is known`;
    return `${name} is ${short(value)} (${left ? '≤' : '>'} ${short(limit)})`;
  }
}

function short(value: number): number {
  return Number(value.toPrecision(6));
}

/** `one of 1, 2`, or `none of 1, 2` for the other side. */
export function setWords(set: readonly number[], inside: boolean): string {
  return `${inside ? 'one' : 'none'} of ${set.map(short).join(', ')}`;
}
