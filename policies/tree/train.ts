import { GanglionError } from '../../runtime/errors.ts';
import type { FoundSplit } from './find-split.ts';
import { ALL_KNOWN } from './flat-tree.ts';
import { grow, type GrownNode, sortColumns } from './grow.ts';
import { choosePruning, isSplit } from './prune.ts';
import {
  type Leaf,
  MAX_CHOICES,
  MAX_FEATURES,
  MAX_NODES,
  type TreeFile,
  treeFile,
  type TreeNode,
} from './tree-file.ts';
import { rowWeights, TRAIN_DEFAULTS, type TrainingData, type TrainOptions } from './training-data.ts';

export interface TrainedTree {
  readonly tree: TreeFile;
  readonly rows: number;
  /** Share of the rows that cross-validation got wrong, 0–1; NaN without folds. */
  readonly error: number;
  readonly standardError: number;
  /** The error without what fell into margins; NaN without folds. */
  readonly errorOutsideMargins: number;
}

/**
 * Learns a decision tree: grown by impurity, pruned by cost and complexity (Breiman, Friedman, Olshen, Stone,
 * "Classification and Regression Trees", 1984). The same data and options give the same tree.
 * Throws TRAINING_DATA if the data are no table of labelled rows.
 */
export function trainTree(data: TrainingData, options: TrainOptions = {}): TrainedTree {
  checkData(data, options);
  const full = { ...TRAIN_DEFAULTS, ...options };
  const weights = rowWeights(data, options.classWeights);
  const columns = sortColumns(data);
  const root = grow(columns, weights, full);
  const { price, ...errors } = choosePruning(columns, weights, root, full);
  const nodes = new NodeWriter(data, price, full.margins).write(root);
  if (nodes.length > MAX_NODES)
    throw new GanglionError('TRAINING_DATA', {
      what: 'the tree',
      expected: `at most ${MAX_NODES} nodes`,
      received: String(nodes.length),
    });
  const about = {
    rows: data.labels.length,
    criterion: full.criterion,
    ...(Number.isNaN(errors.error)
      ? {}
      : { folds: full.folds, error: round(errors.error), standardError: round(errors.standardError) }),
  };
  const tree = treeFile({ features: data.features, choices: data.choices, nodes, about });
  return { tree, rows: data.labels.length, ...errors };
}

/** Within a gap the outer sixteenths belong to the sides, so that a value seen before is never in the margin. */
const MARGIN_EDGE = 1 / 16;

class NodeWriter {
  readonly #data: TrainingData;
  readonly #price: number;
  readonly #margins: boolean;
  readonly #nodes: TreeNode[] = [];

  constructor(data: TrainingData, price: number, margins: boolean) {
    this.#data = data;
    this.#price = price;
    this.#margins = margins;
  }

  write(node: GrownNode): readonly TreeNode[] {
    this.#add(node);
    return this.#nodes;
  }

  #add(node: GrownNode): void {
    const at = this.#nodes.push(this.#leaf(node, node.rows)) - 1;
    if (!isSplit(node, this.#price)) return;
    const { by, left, right } = node.split;
    const feature = this.#data.features[by.column]!;
    const { missing } = by;
    if (by.set !== undefined) {
      this.#add(left);
      const next = this.#nodes.length;
      this.#add(right);
      this.#nodes[at] = { feature, in: by.set, left: at + 1, right: next, missing };
      return;
    }
    const edges = this.#margins ? edgesOf(by) : undefined;
    this.#add(left);
    const next = this.#nodes.length;
    if (edges === undefined) {
      this.#add(right);
      this.#nodes[at] = { feature, threshold: by.threshold, left: at + 1, right: next, missing };
      return;
    }
    // Between the edges lies a leaf of no rows, which can have no certificate.
    this.#nodes.push(this.#leaf(node, 0), this.#leaf(node, 0));
    this.#add(right);
    this.#nodes[at] = { feature, threshold: edges[0], left: at + 1, right: next, missing };
    this.#nodes[next] = { feature, threshold: edges[1], left: next + 1, right: next + 2, missing };
  }

  /** Confidence by Laplace's rule: one more row of each choice than was seen. */
  #leaf({ choice, counts }: GrownNode, rows: number): Leaf {
    let weight = 0;
    for (const count of counts) weight += count;
    const confidence = (counts[choice]! + 1) / (weight + counts.length);
    return { choice: this.#data.choices[choice]!, confidence: round(confidence), rows };
  }
}

function edgesOf({ gap, threshold }: FoundSplit): [number, number] | undefined {
  if (gap === undefined || threshold === ALL_KNOWN) return undefined;
  const [below, above] = gap;
  const edge = (above - below) * MARGIN_EDGE;
  const edges: [number, number] = [below + edge, above - edge];
  return Number.isFinite(edge) && edges[0] < edges[1] ? edges : undefined;
}

function checkData(data: TrainingData, { classWeights, minLeaf, maxDepth, folds }: TrainOptions): void {
  const { features, kinds, choices, values, labels, weights } = data;
  const need = (good: boolean, what: string, expected: string, received: string): void => {
    if (!good) throw new GanglionError('TRAINING_DATA', { what, expected, received });
  };
  const count = (value: number | undefined, least: number): boolean =>
    value === undefined || (Number.isInteger(value) && value >= least);
  need(
    features.length > 0 && features.length <= MAX_FEATURES,
    'the features',
    `1 to ${MAX_FEATURES}`,
    `${features.length}`,
  );
  need(
    choices.length > 0 && choices.length <= MAX_CHOICES,
    'the choices',
    `1 to ${MAX_CHOICES}`,
    `${choices.length}`,
  );
  need(labels.length > 0, 'the rows', 'at least one', 'none');
  const cells = labels.length * features.length;
  need(values.length === cells, 'the values', `${cells}, one for each row and feature`, `${values.length}`);
  need(
    !values.includes(Infinity) && !values.includes(-Infinity),
    'the values',
    'finite numbers, or NaN where one is missing',
    'an infinite one',
  );
  need(
    kinds === undefined || kinds.length === features.length,
    'the kinds',
    `${features.length}`,
    `${kinds?.length}`,
  );
  const strange = labels.find((label) => label >= choices.length);
  need(strange === undefined, 'a label', `less than ${choices.length}, the number of choices`, `${strange}`);
  need(
    weights === undefined || weights.length === labels.length,
    'the weights',
    `${labels.length}`,
    `${weights?.length}`,
  );
  need(
    weights?.every((weight) => weight >= 0 && weight < Infinity) ?? true,
    'the weights',
    'numbers of 0 or more',
    'others',
  );
  if (classWeights !== undefined && classWeights !== 'balanced') {
    need(
      classWeights.length === choices.length,
      'the weights of choices',
      `${choices.length}`,
      `${classWeights.length}`,
    );
    need(
      classWeights.every((weight) => weight >= 0 && weight < Infinity),
      'the weights of choices',
      'numbers of 0 or more',
      classWeights.join(', '),
    );
  }
  need(count(minLeaf, 1), 'minLeaf', 'a whole number of at least 1', `${minLeaf}`);
  need(count(maxDepth, 0), 'maxDepth', 'a whole number of at least 0', `${maxDepth}`);
  need(count(folds, 0) && (folds ?? 0) <= 255, 'folds', 'a whole number from 0 to 255', `${folds}`);
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
