import { grow, type GrownNode, type SortedColumns } from './grow.ts';
import type { TrainOptions } from './training-data.ts';

/**
 * Marks every split with the price per leaf at which it is not worth its leaves: weakest-link pruning, Breiman et al.
 * 1984, section 3.3. A node whose `collapseAt` is at most the price, or that lies below such a node, is gone.
 * @returns the prices at which something is pruned, ascending
 */
export function markPruning(root: GrownNode): number[] {
  const prices: number[] = [];
  const open = new Set<GrownNode>();
  const collect = (node: GrownNode): void => {
    if (node.split === undefined) return;
    open.add(node);
    collect(node.split.left);
    collect(node.split.right);
  };
  collect(root);
  // Risk and leaves of what is left below each node, from the leaves up, anew after every link taken out.
  const below = (node: GrownNode, visit: (node: GrownNode, price: number) => void): [number, number] => {
    if (node.split === undefined || !open.has(node)) return [node.risk, 1];
    const [leftRisk, leftLeaves] = below(node.split.left, visit);
    const [rightRisk, rightLeaves] = below(node.split.right, visit);
    const risk = leftRisk + rightRisk;
    const leaves = leftLeaves + rightLeaves;
    visit(node, (node.risk - risk) / (leaves - 1));
    return [risk, leaves];
  };
  let reached = 0;
  while (open.has(root)) {
    let weakest = Number.POSITIVE_INFINITY;
    let links: GrownNode[] = [];
    below(root, (node, price) => {
      if (price > weakest + 1e-12) return;
      if (price < weakest - 1e-12) links = [];
      weakest = Math.min(weakest, price);
      links.push(node);
    });
    reached = Math.max(reached, weakest, 0);
    if (prices.at(-1) !== reached) prices.push(reached);
    const close = (node: GrownNode): void => {
      if (node.split === undefined || !open.delete(node)) return;
      node.collapseAt = reached;
      close(node.split.left);
      close(node.split.right);
    };
    links.forEach(close);
  }
  return prices;
}

/** Whether the node is still split at this price of a leaf. */
export function isSplit(
  node: GrownNode,
  price: number,
): node is GrownNode & { split: NonNullable<GrownNode['split']> } {
  return node.split !== undefined && node.collapseAt > price;
}

export interface Pruning {
  /** Price of a leaf: the size to prune to. */
  readonly price: number;
  /** Share of the weight that the folds got wrong there, 0–1, and its standard error; NaN without folds. */
  readonly error: number;
  readonly standardError: number;
  /** The same error without the rows that fell between the values a fold had seen next to a threshold. */
  readonly errorOutsideMargins: number;
}

type PruneOptions = Required<
  Pick<TrainOptions, 'criterion' | 'maxDepth' | 'minLeaf' | 'folds' | 'foldsBy' | 'prune'>
>;

/**
 * How far to prune, by cross-validation: for each price that prunes something (the geometric mean of neighbours, section
 * 3.4.1) the error on rows the tree was not grown from.
 */
export function choosePruning(
  columns: SortedColumns,
  weights: Float64Array,
  root: GrownNode,
  options: PruneOptions,
): Pruning {
  const prices = markPruning(root);
  const { labels } = columns.data;
  const folds = Math.min(options.folds, labels.length);
  if (folds < 2) return { price: 0, error: NaN, standardError: NaN, errorOutsideMargins: NaN };
  const tried = [0, ...prices].map((price, i, all) => {
    const next = all[i + 1];
    return next === undefined ? Number.POSITIVE_INFINITY : Math.sqrt(price * next);
  });
  const foldOf = assignFolds(columns, folds, options.foldsBy);
  // Weight got wrong, and its square, by price.
  const wrong = new Float64Array(tried.length);
  const squares = new Float64Array(tried.length);
  const wrongOutside = new Float64Array(tried.length);
  const outside = new Float64Array(tried.length);
  let total = 0;
  for (let fold = 0; fold < folds; fold++) {
    const use = foldOf.map((other) => (other === fold ? 0 : 1));
    const part = grow(columns, weights, options, use);
    markPruning(part);
    // A price is per weight; a part has less of it.
    const scale = foldWeight(weights, use) / weights.length;
    for (let row = 0; row < labels.length; row++) {
      if (use[row] === 1) continue;
      total += weights[row]!;
      for (let i = 0; i < tried.length; i++) {
        const { leaf, inMargin } = leafAt(part, columns, row, tried[i]! * scale);
        if (!inMargin) outside[i]! += weights[row]!;
        if (leaf.choice === labels[row]) continue;
        if (!inMargin) wrongOutside[i]! += weights[row]!;
        wrong[i]! += weights[row]!;
        squares[i]! += weights[row]! ** 2;
      }
    }
  }
  const standardErrorOf = (i: number): number =>
    total > 0 ? Math.sqrt(Math.max(0, squares[i]! - wrong[i]! ** 2 / labels.length)) / total : 0;
  let best = 0;
  for (let i = 1; i < tried.length; i++) if (wrong[i]! <= wrong[best]! + 1e-9) best = i;
  const slack = options.prune === 'one-standard-error' ? standardErrorOf(best) * total : 0;
  let chosen = best;
  for (let i = best; i < tried.length; i++) if (wrong[i]! <= wrong[best]! + slack + 1e-9) chosen = i;
  return {
    price: tried[chosen]!,
    error: wrong[chosen]! / total,
    standardError: standardErrorOf(chosen),
    errorOutsideMargins: outside[chosen]! > 0 ? wrongOutside[chosen]! / outside[chosen]! : NaN,
  };
}

function foldWeight(weights: Float64Array, use: Uint8Array): number {
  let sum = 0;
  for (let row = 0; row < weights.length; row++) if (use[row] === 1) sum += weights[row]!;
  return sum;
}

/** `interleaved` deals the rows of each choice out in turn, so that every fold has its share of each. */
function assignFolds({ data }: SortedColumns, folds: number, by: 'interleaved' | 'blocks'): Uint8Array {
  const rows = data.labels.length;
  if (by === 'blocks') return Uint8Array.from({ length: rows }, (_, row) => Math.floor((row * folds) / rows));
  const next = new Uint32Array(data.choices.length);
  return Uint8Array.from(data.labels, (label) => next[label]!++ % folds);
}

function leafAt(
  root: GrownNode,
  { data }: SortedColumns,
  row: number,
  price: number,
): { leaf: GrownNode; inMargin: boolean } {
  let leaf = root;
  let inMargin = false;
  while (isSplit(leaf, price)) {
    const { by, left, right } = leaf.split;
    const value = data.values[row * data.features.length + by.column]!;
    const goes = Number.isNaN(value)
      ? by.missing === 'left'
      : (by.set?.includes(value) ?? value <= by.threshold);
    if (by.gap !== undefined && value > by.gap[0] && value < by.gap[1]) inMargin = true;
    leaf = goes ? left : right;
  }
  return { leaf, inMargin };
}
