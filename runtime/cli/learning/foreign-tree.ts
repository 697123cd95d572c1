import { readFileSync } from 'node:fs';
import type { OnnxTreeAttributes, SklearnTree, TrainedTree, TrainingData } from '../../../policies/index.ts';
import { GanglionError, messageOf } from '../../errors.ts';

/** What the policy has, and where the tree is. */
export interface ForeignTreeOptions {
  readonly file: string;
  readonly features: readonly string[];
  readonly choices: readonly string[];
}

const ONNX_OPERATOR = 'TreeEnsembleClassifier';
/** Integers of that operator; the rest of its lists are named where they are read. */
const ONNX_INTS = [
  'nodes_treeids',
  'nodes_nodeids',
  'nodes_featureids',
  'nodes_truenodeids',
  'nodes_falsenodeids',
  'class_treeids',
  'class_nodeids',
  'class_ids',
] as const;

type TreeFile = TrainedTree['tree'];

/**
 * A decision tree that another program has learned, as one of the policy's: an ONNX model (`.onnx`) with one
 * `TreeEnsembleClassifier`, or else scikit-learn's `tree_` as JSON. Columns are the policy's features in their order, or
 * those that a dump names (`feature_names`); classes are the policy's choices, or their places in its list.
 * Throws TREE_IMPORT, CONFIG_UNREADABLE, MODEL_FILE_UNREADABLE, MODEL_FILE_INVALID.
 */
export async function foreignTree(options: ForeignTreeOptions): Promise<TreeFile> {
  const { file, features } = options;
  const { importOnnxTree, importSklearnTree } = await import('../../../policies/index.ts');
  let tree: TreeFile;
  if (/\.onnx$/i.test(file)) {
    const attributes = await onnxAttributes(file);
    const own = attributes.classlabels_strings?.length
      ? attributes.classlabels_strings
      : (attributes.classlabels_int64s ?? []);
    tree = importOnnxTree(attributes, { file, features, choices: choicesOf(own, options) });
  } else {
    const dump = sklearnDump(file);
    const columns = columnsOf(dump.feature_names ?? features, options);
    tree = importSklearnTree(dump, {
      file,
      features: columns,
      choices: choicesOf(dump.classes ?? [], options),
    });
  }
  return { ...tree, features };
}

/**
 * What a tree makes of recorded decisions: how many end in each of its leaves, and the share it decides otherwise. Rows it
 * was not learned from: they say where it is asked at all, and what it is to be tested on first.
 */
export async function tried(tree: TreeFile, data: TrainingData): Promise<TrainedTree> {
  const { checkTree } = await import('../../../policies/index.ts');
  const checked = checkTree('the imported tree', tree);
  const flat = checked.bind(data.features);
  const width = data.features.length;
  const rows = tree.nodes.map(() => 0);
  let wrong = 0;
  for (let i = 0; i < data.labels.length; i++) {
    const at = flat.predict(data.values.subarray(i * width, (i + 1) * width));
    rows[at]!++;
    if (checked.leaves[at]?.choice !== data.choices[data.labels[i]!]) wrong++;
  }
  const error = data.labels.length === 0 ? Number.NaN : wrong / data.labels.length;
  const nodes = tree.nodes.map((node, i) => ('choice' in node ? { ...node, rows: rows[i]! } : node));
  return {
    tree: { ...tree, version: 2, nodes },
    rows: data.labels.length,
    error,
    standardError: Number.NaN,
    errorOutsideMargins: error,
  };
}

async function onnxAttributes(file: string): Promise<OnnxTreeAttributes> {
  const { readOnnxAttributes } = await import('../../../quantize/index.ts');
  const nodes = readOnnxAttributes(file, ONNX_OPERATOR);
  const [node] = nodes;
  if (node === undefined || nodes.length > 1)
    throw strange(file, `one ${ONNX_OPERATOR}`, nodes.length === 0 ? 'none' : String(nodes.length));
  const { ints, floats, texts } = node;
  const lists = Object.fromEntries(ONNX_INTS.map((name) => [name, ints.get(name) ?? []]));
  const missing = ints.get('nodes_missing_value_tracks_true');
  return {
    ...(lists as Record<(typeof ONNX_INTS)[number], readonly number[]>),
    nodes_values: floats.get('nodes_values') ?? [],
    nodes_modes: texts.get('nodes_modes') ?? [],
    class_weights: floats.get('class_weights') ?? [],
    classlabels_strings: texts.get('classlabels_strings') ?? [],
    classlabels_int64s: ints.get('classlabels_int64s') ?? [],
    ...(missing === undefined ? {} : { nodes_missing_value_tracks_true: missing }),
  };
}

function sklearnDump(file: string): SklearnTree & { readonly feature_names?: readonly string[] } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new GanglionError('CONFIG_UNREADABLE', { file, reason: messageOf(error) }, { cause: error });
  }
  try {
    const dump: unknown = JSON.parse(text);
    if (typeof dump === 'object' && dump !== null && !Array.isArray(dump)) {
      const { classes, feature_names: names } = dump as Record<string, unknown>;
      if (isList(classes) && isList(names)) return dump as SklearnTree;
    }
  } catch {
    throw strange(file, "scikit-learn's tree_ as JSON, or a file that ends in .onnx", 'text that is no JSON');
  }
  throw strange(file, "an object with the lists of scikit-learn's tree_", 'other JSON');
}

/** Labels or names, where there are any. */
function isList(value: unknown): boolean {
  const isName = (one: unknown): boolean => typeof one === 'string' || typeof one === 'number';
  return value === undefined || (Array.isArray(value) && value.every(isName));
}

function columnsOf(names: readonly string[], { file, features }: ForeignTreeOptions): readonly string[] {
  const unknown = names.find((name) => !features.includes(name));
  if (unknown === undefined) return names;
  throw strange(file, `columns that are features of the policy (${features.join(', ')})`, unknown);
}

function choicesOf(
  classes: readonly (string | number)[],
  { file, choices }: ForeignTreeOptions,
): readonly string[] {
  if (classes.length === 0) return choices;
  const named = classes.map(String);
  if (named.every((one) => choices.includes(one))) return named;
  const places = named.map((one) => (/^\d+$/.test(one) ? choices[Number(one)] : undefined));
  if (places.every((one) => one !== undefined)) return places;
  const expected = `classes that are choices of the policy (${choices.join(', ')}), or their places from 0 on`;
  throw strange(file, expected, named.join(', ').slice(0, 200));
}

function strange(file: string, expected: string, received: string): GanglionError {
  return new GanglionError('TREE_IMPORT', { file, expected, received });
}
