export interface FeatureName {
  readonly name: string;
  /** What its value says where the frame only has a number for it: `off`. */
  readonly text?: string;
}

/**
 * A decision tree in typed arrays. A row goes left where its feature is ≤ the threshold, right where it is greater,
 * and to `missing` where it is NaN.
 *
 *     feature    column of the frame, or −1 for a leaf      (nodes)
 *     threshold                                             (nodes)
 *     children   left, right, missing: node indices         (nodes, 3)
 */
export class FlatTree {
  readonly #feature: Int16Array;
  readonly #threshold: Float64Array;
  readonly #children: Int32Array;

  constructor(feature: Int16Array, threshold: Float64Array, children: Int32Array) {
    this.#feature = feature;
    this.#threshold = threshold;
    this.#children = children;
  }

  get size(): number {
    return this.#feature.length;
  }

  /** The leaf a row of features falls into, as node index. Allocates nothing. */
  predict(values: Float64Array): number {
    const feature = this.#feature;
    const threshold = this.#threshold;
    const children = this.#children;
    let at = 0;
    let column = feature[0]!;
    while (column >= 0) {
      const value = values[column]!;
      const limit = threshold[at]!;
      at = children[at * 3 + (value <= limit ? 0 : value > limit ? 1 : 2)]!;
      column = feature[at]!;
    }
    return at;
  }

  /**
   * The conditions on the way to the leaf, in words.
   * @param nameOf what a column is called, and its value where that is a text
   */
  path(values: Float64Array, nameOf: (column: number) => FeatureName): string {
    const words: string[] = [];
    let at = 0;
    for (let column = this.#feature[0]!; column >= 0; column = this.#feature[at]!) {
      const value = values[column]!;
      const limit = Number(this.#threshold[at]!.toPrecision(6));
      const branch = value <= this.#threshold[at]! ? 0 : value > this.#threshold[at]! ? 1 : 2;
      const { name, text } = nameOf(column);
      const shown = Number(value.toPrecision(6));
      words.push(
        branch === 2
          ? `${name} is unknown`
          : text === undefined
            ? `${name} is ${shown} (${branch === 0 ? '≤' : '>'} ${limit})`
            : `${name} is ${text}`,
      );
      at = this.#children[at * 3 + branch]!;
    }
    return words.length === 0 ? 'always' : words.join(' and ');
  }
}
