/** What a column holds: a quantity with an order, or codes of categories without one. */
export type ColumnKind = 'number' | 'category';

/** Labelled rows to learn from. */
export interface TrainingData {
  readonly features: readonly string[];
  /** (features); all `number` unless given */
  readonly kinds?: readonly ColumnKind[];
  readonly choices: readonly string[];
  /** (rows, features), row by row; NaN is a missing value. */
  readonly values: Float64Array;
  /** (rows): index of the choice */
  readonly labels: Uint8Array;
  /** (rows): how much each row counts; 1 unless given */
  readonly weights?: Float64Array;
}

export interface TrainOptions {
  /** Impurity: Gini's index or entropy. */
  readonly criterion?: 'gini' | 'entropy';
  /** Splits on the longest path. */
  readonly maxDepth?: number;
  /** Rows a leaf has at least. */
  readonly minLeaf?: number;
  /** How much each choice counts, in the order of choices; `balanced`: all choices alike, however rare. */
  readonly classWeights?: 'balanced' | readonly number[];
  /** Parts of the cross-validation that chooses how far to prune; 0: no pruning. */
  readonly folds?: number;
  /** `interleaved` suits rows without an order, `blocks` rows in the order of time, whose neighbours are alike. */
  readonly foldsBy?: 'interleaved' | 'blocks';
  /** The tree with the least error, or the smallest within one standard error of it. */
  readonly prune?: 'least-error' | 'one-standard-error';
  /**
   * Leaves without a certificate between the largest value seen on the left of a threshold and the smallest on its right:
   * nothing is known there.
   */
  readonly margins?: boolean;
}

export const TRAIN_DEFAULTS = {
  criterion: 'gini',
  maxDepth: 24,
  minLeaf: 5,
  folds: 10,
  foldsBy: 'interleaved',
  prune: 'one-standard-error',
  margins: false,
} as const satisfies TrainOptions;

/** Weights of the rows with the classes' weights in, scaled so that their mean is 1. (rows) */
export function rowWeights(data: TrainingData, classWeights: TrainOptions['classWeights']): Float64Array {
  const { labels, choices } = data;
  const weights = Float64Array.from(data.weights ?? new Float64Array(labels.length).fill(1));
  const perClass = new Float64Array(choices.length).fill(1);
  if (classWeights === 'balanced') {
    const total = new Float64Array(choices.length);
    for (let i = 0; i < labels.length; i++) total[labels[i]!]! += weights[i]!;
    for (let c = 0; c < total.length; c++) perClass[c] = total[c]! > 0 ? 1 / total[c]! : 0;
  } else if (classWeights !== undefined) perClass.set(classWeights);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += weights[i]! *= perClass[labels[i]!]!;
  if (sum > 0) for (let i = 0; i < weights.length; i++) weights[i]! *= weights.length / sum;
  return weights;
}
