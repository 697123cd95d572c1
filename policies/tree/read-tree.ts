import { z } from 'zod';
import { GanglionError, messageOf } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import { FlatTree } from './flat-tree.ts';

/** Bounds of a tree file. */
export const MAX_NODES = 65_535;
export const MAX_FEATURES = 1024;
export const MAX_FILE_CHARACTERS = 32 * 1024 * 1024;

/** The agreement with its teacher that a leaf has shown, and at which confidence; both 0–1. */
export interface Certificate {
  readonly agreement: number;
  readonly confidence: number;
}

export interface Leaf {
  readonly choice: string;
  /** 0–1 */
  readonly confidence: number;
  readonly certified?: Certificate;
}

/** A tree as read from its file, before it is bound to the columns of a policy's frame. */
export interface DecisionTree {
  readonly file: string;
  readonly features: readonly string[];
  readonly choices: readonly string[];
  /** By node index; undefined where the node is not a leaf. */
  readonly leaves: readonly (Leaf | undefined)[];
  /** Throws TREE_INVALID if a feature of the tree is not among `names`. */
  bind(names: readonly string[]): FlatTree;
}

const share = z.number().min(0).max(1);
const index = z.number().int().min(0).max(MAX_NODES);
const leafSchema = z.strictObject({
  choice: z.string().min(1).max(4096),
  confidence: share,
  certified: z.strictObject({ agreement: share, confidence: share }).optional(),
});
const splitSchema = z.strictObject({
  feature: z.string().min(1).max(4096),
  threshold: z.number(),
  left: index,
  right: index,
  missing: z.enum(['left', 'right']).default('left'),
});
const treeSchema = z.strictObject({
  format: z.literal('ganglion-tree'),
  version: z.literal(1),
  features: z.array(z.string().min(1).max(4096)).max(MAX_FEATURES),
  choices: z.array(z.string().min(1).max(4096)).min(1).max(256),
  nodes: z.array(z.unknown()).min(1).max(MAX_NODES),
  about: z.record(z.string(), z.unknown()).optional(),
});
type Split = z.infer<typeof splitSchema>;

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
  const outer = parse(treeSchema, data, 'the top level', fail);
  const splits: (Split | undefined)[] = [];
  const leaves: (Leaf | undefined)[] = [];
  for (const [i, node] of outer.nodes.entries()) {
    const isSplit = typeof node === 'object' && node !== null && 'feature' in node;
    const split = isSplit ? parse(splitSchema, node, `nodes[${i}]`, fail) : undefined;
    const leaf = isSplit ? undefined : parse(leafSchema, node, `nodes[${i}]`, fail);
    splits.push(split);
    leaves.push(
      leaf === undefined
        ? undefined
        : {
            choice: leaf.choice,
            confidence: leaf.confidence,
            ...(leaf.certified === undefined ? {} : { certified: leaf.certified }),
          },
    );
  }
  checkShape(splits, leaves, outer, fail);
  return {
    file,
    features: outer.features,
    choices: outer.choices,
    leaves,
    bind: (names) => bind(splits, names, fail),
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
  const feature = new Int16Array(splits.length).fill(-1);
  const threshold = new Float64Array(splits.length);
  const children = new Int32Array(splits.length * 3);
  const columns = new Map(names.map((name, i) => [name, i]));
  for (const [i, split] of splits.entries()) {
    if (split === undefined) continue;
    const column = columns.get(split.feature);
    if (column === undefined) {
      throw fail(
        `nodes[${i}]`,
        `the policy has no feature ${split.feature}; ${didYouMean(split.feature, names)}`,
      );
    }
    feature[i] = column;
    threshold[i] = split.threshold;
    children.set([split.left, split.right, split.missing === 'left' ? split.left : split.right], i * 3);
  }
  return new FlatTree(feature, threshold, children);
}
