import type { z } from 'zod';
import { GanglionError, messageOf } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import { type FlatSplit, FlatTree } from './flat-tree.ts';
import {
  type Leaf,
  leafSchema,
  MAX_FILE_CHARACTERS,
  setSplitSchema,
  type Split,
  splitSchema,
  type TreeFile,
  type TreeNode,
  treeSchema,
} from './tree-file.ts';

/** A tree as read from its file, before it is bound to the columns of a policy's frame. */
export interface DecisionTree {
  readonly file: string;
  readonly features: readonly string[];
  readonly choices: readonly string[];
  /** By node index; undefined where the node is not a leaf. */
  readonly leaves: readonly (Leaf | undefined)[];
  readonly content: TreeFile;
  /** Throws TREE_INVALID if a feature of the tree is not among `names`. */
  bind(names: readonly string[]): FlatTree;
}

/** Reads the JSON format of docs/rules.md. Throws TREE_INVALID. */
export function readTree(file: string, text: string): DecisionTree {
  const fail = (path: string, reason: string): GanglionError =>
    new GanglionError('TREE_INVALID', { file, path, reason });
  if (text.length > MAX_FILE_CHARACTERS)
    throw fail('the start', `there are more than ${MAX_FILE_CHARACTERS} characters`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw fail('the start', `it is not JSON: ${messageOf(cause).slice(0, 120)}`);
  }
  return checkTree(file, data);
}

/** The same for an object that is in memory already. Throws TREE_INVALID. */
export function checkTree(file: string, data: unknown): DecisionTree {
  const fail = (path: string, reason: string): GanglionError =>
    new GanglionError('TREE_INVALID', { file, path, reason });
  const outer = parse(treeSchema, data, 'the top level', fail);
  const splits: (Split | undefined)[] = [];
  const leaves: (Leaf | undefined)[] = [];
  for (const [i, node] of outer.nodes.entries()) {
    const isSplit = typeof node === 'object' && node !== null && 'feature' in node;
    splits.push(isSplit ? readSplit(node, outer.version, `nodes[${i}]`, fail) : undefined);
    leaves.push(isSplit ? undefined : readLeaf(parse(leafSchema, node, `nodes[${i}]`, fail)));
  }
  checkShape(splits, leaves, outer, fail);
  const nodes = splits.map((split, i): TreeNode => split ?? leaves[i]!);
  const { format, version, features, choices, about } = outer;
  return {
    file,
    features,
    choices,
    leaves,
    content: { format, version, features, choices, nodes, ...(about === undefined ? {} : { about }) },
    bind: (names) => bind(splits, names, fail),
  };
}

function readSplit(node: object, version: number, path: string, fail: Fail): Split {
  if (!('in' in node)) return parse(splitSchema, node, path, fail);
  if (version < 2) throw fail(path, 'in needs version 2');
  return parse(setSplitSchema, node, path, fail);
}

function readLeaf({ choice, confidence, certified, rows }: z.infer<typeof leafSchema>): Leaf {
  return {
    choice,
    confidence,
    ...(certified === undefined ? {} : { certified }),
    ...(rows === undefined ? {} : { rows }),
  };
}

type Fail = (path: string, reason: string) => GanglionError;

function parse<T>(schema: z.ZodType<T>, data: unknown, path: string, fail: Fail): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? path : `${path}.${issue.path.join('.')}`;
  throw fail(where, `the value does not fit: ${issue?.message ?? 'unknown'}`);
}

/** Children come after their parent and belong to one parent only, so there are no cycles and nothing is left over. */
function checkShape(
  splits: readonly (Split | undefined)[],
  leaves: readonly (Leaf | undefined)[],
  { features, choices }: { features: readonly string[]; choices: readonly string[] },
  fail: Fail,
): void {
  const parents = new Uint8Array(splits.length);
  const known = { features: new Set(features), choices: new Set(choices) };
  for (const [i, split] of splits.entries()) {
    const path = `nodes[${i}]`;
    const leaf = leaves[i];
    if (leaf !== undefined && !known.choices.has(leaf.choice)) {
      throw fail(path, `${leaf.choice} is not among its choices`);
    }
    if (split === undefined) continue;
    if (!known.features.has(split.feature)) throw fail(path, `${split.feature} is not among its features`);
    for (const child of [split.left, split.right]) {
      if (child <= i)
        throw fail(path, `child ${child} does not come after its parent, which would be a cycle`);
      if (child >= splits.length) throw fail(path, `child ${child} does not exist`);
      if (parents[child] === 1) throw fail(path, `child ${child} already has a parent`);
      parents[child] = 1;
    }
  }
  const orphan = parents.indexOf(0, 1);
  if (orphan > 0) throw fail(`nodes[${orphan}]`, 'no node leads to it');
}

function bind(splits: readonly (Split | undefined)[], names: readonly string[], fail: Fail): FlatTree {
  const columns = new Map(names.map((name, i) => [name, i]));
  return new FlatTree(
    splits.map((split, i): FlatSplit | undefined => {
      if (split === undefined) return undefined;
      const column = columns.get(split.feature);
      if (column === undefined) {
        const known = didYouMean(split.feature, names);
        throw fail(`nodes[${i}]`, `the policy has no feature ${split.feature}; ${known}`);
      }
      const { left, right, missing } = split;
      return 'in' in split
        ? { column, threshold: 0, set: split.in, left, right, missing }
        : { column, threshold: split.threshold, left, right, missing };
    }),
  );
}
