import { GanglionError } from '../../runtime/errors.ts';
import { MAX_CHOICES, MAX_NODES, type TreeFile, treeFile, type TreeNode } from './tree-file.ts';

/** What the caller knows and a foreign file may not say. */
export interface ImportOptions {
  /** For messages. */
  readonly file: string;
  /** Names of the columns, in order. */
  readonly features: readonly string[];
  /** Labels of the classes, in order; those of the file unless given. */
  readonly choices?: readonly string[];
}

/** One node of a foreign tree. `next` is undefined for leaves. */
interface ForeignNode {
  readonly column: number;
  readonly threshold: number;
  readonly next: readonly [left: number, right: number] | undefined;
  readonly missing: 'left' | 'right';
  /** Weight by class. */
  readonly counts: readonly number[];
}

/** Attributes of an ONNX node TreeEnsembleClassifier (ai.onnx.ml 1 and 3), as a reader of the file found them. */
export interface OnnxTreeAttributes {
  readonly nodes_treeids: readonly number[];
  readonly nodes_nodeids: readonly number[];
  readonly nodes_featureids: readonly number[];
  readonly nodes_values: readonly number[];
  readonly nodes_modes: readonly string[];
  readonly nodes_truenodeids: readonly number[];
  readonly nodes_falsenodeids: readonly number[];
  readonly nodes_missing_value_tracks_true?: readonly number[];
  readonly class_treeids: readonly number[];
  readonly class_nodeids: readonly number[];
  readonly class_ids: readonly number[];
  readonly class_weights: readonly number[];
  readonly classlabels_strings?: readonly string[];
  readonly classlabels_int64s?: readonly number[];
}

/**
 * A single tree of an ONNX TreeEnsembleClassifier. Source of the attributes' meaning: the operator's page of the ONNX-ML
 * specification. `<` becomes `≤` of the next smaller float, which is exact for the 32-bit floats of the format.
 * Throws TREE_IMPORT for forests and what is no such tree.
 */
export function importOnnxTree(attributes: OnnxTreeAttributes, options: ImportOptions): TreeFile {
  const { file } = options;
  const a = attributes;
  const size = a.nodes_nodeids.length;
  const need = needFor(file);
  need(new Set(a.nodes_treeids).size === 1, 'one tree', `${new Set(a.nodes_treeids).size}`);
  for (const list of [
    a.nodes_featureids,
    a.nodes_values,
    a.nodes_modes,
    a.nodes_truenodeids,
    a.nodes_falsenodeids,
  ])
    need(list.length === size, `${size} entries in every list of nodes`, `${list.length}`);
  for (const list of [a.class_nodeids, a.class_weights])
    need(
      list.length === a.class_ids.length,
      `${a.class_ids.length} entries in every list of classes`,
      `${list.length}`,
    );
  const labels = a.classlabels_strings?.length
    ? a.classlabels_strings
    : (a.classlabels_int64s ?? []).map(String);
  const choices = options.choices ?? labels;
  const position = new Map(a.nodes_nodeids.map((id, i) => [id, i]));
  // A binary tree may name the second class alone: the first one has the rest.
  const oneSided = choices.length === 2 && a.class_ids.every((id) => id === a.class_ids[0]);
  const counts = a.nodes_nodeids.map(() => choices.map(() => 0));
  for (const [i, node] of a.class_nodeids.entries()) {
    const at = position.get(node);
    const id = a.class_ids[i]!;
    need(
      at !== undefined && id >= 0 && id < choices.length,
      `a leaf and a class for weight ${i}`,
      `node ${node}, class ${id}`,
    );
    const weight = a.class_weights[i]!;
    if (oneSided) [counts[at!]![0], counts[at!]![1]] = [1 - weight, weight];
    else counts[at!]![id]! += weight;
  }
  const nodes = a.nodes_modes.map((mode, i): ForeignNode => {
    const leaf = mode === 'LEAF';
    const greater = mode === 'BRANCH_GT' || mode === 'BRANCH_GTE';
    need(leaf || greater || mode === 'BRANCH_LEQ' || mode === 'BRANCH_LT', 'comparisons by order', mode);
    const ends = [a.nodes_truenodeids[i]!, a.nodes_falsenodeids[i]!].map((id) => position.get(id) ?? -1);
    const missingTrue = a.nodes_missing_value_tracks_true?.[i] === 1;
    const exclusive = mode === 'BRANCH_LT' || mode === 'BRANCH_GTE';
    return {
      column: a.nodes_featureids[i]!,
      threshold: exclusive ? floatBelow(a.nodes_values[i]!) : a.nodes_values[i]!,
      next: leaf ? undefined : greater ? [ends[1]!, ends[0]!] : [ends[0]!, ends[1]!],
      missing: missingTrue === greater ? 'right' : 'left',
      counts: counts[i]!,
    };
  });
  return layOut(nodes, choices, options);
}

/**
 * The arrays of scikit-learn's `tree_`, dumped as JSON: `children_left`, `children_right`, `feature`, `threshold`, `value`
 * ([node][output][class] or [node][class]), and where the version has it `missing_go_to_left`.
 */
export interface SklearnTree {
  readonly children_left: readonly number[];
  readonly children_right: readonly number[];
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly value: readonly (readonly number[] | readonly (readonly number[])[])[];
  readonly missing_go_to_left?: readonly (number | boolean)[];
  readonly classes?: readonly (string | number)[];
}

/** A decision tree of scikit-learn. Throws TREE_IMPORT for what is none. */
export function importSklearnTree(dump: SklearnTree, options: ImportOptions): TreeFile {
  const need = needFor(options.file);
  const choices = options.choices ?? (dump.classes ?? []).map(String);
  for (const key of ['children_left', 'children_right', 'feature', 'threshold', 'value'] as const)
    need(
      Array.isArray(dump[key]) && dump[key].length === dump.children_left?.length,
      `a list ${key} as long as the others`,
      'none, or another length',
    );
  const nodes = dump.children_left.map((left, i): ForeignNode => {
    const value = dump.value[i]!;
    const counts = Array.isArray(value[0]) ? value[0] : value;
    need(
      Array.isArray(value) && (!Array.isArray(value[0]) || value.length === 1),
      'one output',
      `${value.length}`,
    );
    need(counts.length === choices.length, `${choices.length} classes`, `${counts.length}`);
    const missing = dump.missing_go_to_left?.[i];
    return {
      column: dump.feature[i]!,
      threshold: dump.threshold[i]!,
      next: left === -1 ? undefined : [left, dump.children_right[i]!],
      missing: missing === 1 || missing === true ? 'left' : 'right',
      counts: counts.map(Number),
    };
  });
  return layOut(nodes, choices, options);
}

/** Parents before children, each reached once, leaves with their likeliest class. */
function layOut(
  foreign: readonly ForeignNode[],
  choices: readonly string[],
  options: ImportOptions,
): TreeFile {
  const { file, features } = options;
  const need = needFor(file);
  need(foreign.length > 0 && foreign.length <= MAX_NODES, `1 to ${MAX_NODES} nodes`, `${foreign.length}`);
  need(
    choices.length > 0 && choices.length <= MAX_CHOICES,
    `1 to ${MAX_CHOICES} classes`,
    `${choices.length}`,
  );
  const children = new Set(foreign.flatMap(({ next }) => next ?? []));
  const roots = foreign.flatMap((_, i) => (children.has(i) ? [] : [i]));
  need(roots.length === 1, 'one node that no other leads to', `${roots.length}`);
  const nodes: TreeNode[] = [];
  const seen = new Set<number>();
  const open: { from: number; parent: number; side: 'left' | 'right' }[] = [
    { from: roots[0]!, parent: -1, side: 'left' },
  ];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { from, parent, side } = entry;
    const node = foreign[from];
    need(node !== undefined && !seen.has(from), 'nodes that exist and are reached once', `node ${from}`);
    seen.add(from);
    const { next, column, threshold, missing, counts } = node!;
    const at = nodes.length;
    if (parent >= 0) nodes[parent] = { ...nodes[parent]!, [side]: at };
    if (next === undefined) {
      const total = counts.reduce((sum, count) => sum + count, 0);
      const best = counts.indexOf(Math.max(...counts));
      const confidence = total > 0 ? Math.min(1, Math.max(0, counts[best]! / total)) : 0;
      nodes.push({ choice: choices[best]!, confidence });
      continue;
    }
    const feature = features[column];
    need(feature !== undefined, `a name for column ${column}`, `${features.length} names`);
    need(Number.isFinite(threshold), `a threshold for node ${from}`, `${threshold}`);
    nodes.push({ feature: feature!, threshold, left: 0, right: 0, missing });
    open.push({ from: next[1], parent: at, side: 'right' }, { from: next[0], parent: at, side: 'left' });
  }
  need(seen.size === foreign.length, 'nodes that the root leads to', `${foreign.length - seen.size} others`);
  const used = features.filter((name) => nodes.some((node) => 'feature' in node && node.feature === name));
  return treeFile({ features: used, choices, nodes, about: { source: file } });
}

function needFor(file: string): (good: boolean, expected: string, received: string) => void {
  return (good, expected, received) => {
    if (!good) throw new GanglionError('TREE_IMPORT', { file, expected, received });
  };
}

/** The largest 32-bit float below one: what is not less than a float is greater than this. */
function floatBelow(value: number): number {
  const float = new Float32Array([value]);
  const bits = new Int32Array(float.buffer);
  if (float[0] === 0) bits[0] = -0x7fffffff;
  else bits[0]! += float[0]! > 0 ? -1 : 1;
  return float[0]!;
}
