import { z } from 'zod';

/** Bounds of a tree file. */
export const MAX_NODES = 65_535;
export const MAX_FEATURES = 1024;
export const MAX_CHOICES = 256;
export const MAX_FILE_CHARACTERS = 32 * 1024 * 1024;
const MAX_SET = 256;

const share = z.number().min(0).max(1);
const index = z.number().int().min(0).max(MAX_NODES);

export const leafSchema = z.strictObject({
  choice: z.string().min(1).max(4096),
  confidence: share,
  certified: z.strictObject({ agreement: share, confidence: share }).optional(),
  /** Rows of the training data that ended here. */
  rows: z.number().int().min(0).optional(),
});

export const splitSchema = z.strictObject({
  feature: z.string().min(1).max(4096),
  threshold: z.number(),
  left: index,
  right: index,
  missing: z.enum(['left', 'right']).default('left'),
});

/** Version 2 only: values of the list go left. */
export const setSplitSchema = z.strictObject({
  feature: z.string().min(1).max(4096),
  in: z.array(z.number()).min(1).max(MAX_SET),
  left: index,
  right: index,
  missing: z.enum(['left', 'right']).default('left'),
});

export const treeSchema = z.strictObject({
  format: z.literal('ganglion-tree'),
  version: z.union([z.literal(1), z.literal(2)]),
  features: z.array(z.string().min(1).max(4096)).max(MAX_FEATURES),
  choices: z.array(z.string().min(1).max(4096)).min(1).max(MAX_CHOICES),
  nodes: z.array(z.unknown()).min(1).max(MAX_NODES),
  about: z.record(z.string(), z.unknown()).optional(),
});

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
  readonly rows?: number;
}

interface SplitBase {
  readonly feature: string;
  readonly left: number;
  readonly right: number;
  /** Where a missing value goes. */
  readonly missing: 'left' | 'right';
}

export interface ThresholdSplit extends SplitBase {
  /** Values up to it go left. */
  readonly threshold: number;
}

export interface SetSplit extends SplitBase {
  /** These values go left, all others right. */
  readonly in: readonly number[];
}

export type Split = ThresholdSplit | SetSplit;
export type TreeNode = Split | Leaf;

/** A tree as its JSON file has it. Node 0 is the root; children come after their parent. */
export interface TreeFile {
  readonly format: 'ganglion-tree';
  /** 2 where it has splits by set or leaves with rows, which readers of version 1 refuse. */
  readonly version: 1 | 2;
  readonly features: readonly string[];
  readonly choices: readonly string[];
  readonly nodes: readonly TreeNode[];
  readonly about?: Readonly<Record<string, unknown>>;
}

export function isLeaf(node: TreeNode): node is Leaf {
  return 'choice' in node;
}

/** Puts the frame of a file around nodes, in the lowest version that has room for them. */
export function treeFile(parts: Omit<TreeFile, 'format' | 'version'>): TreeFile {
  const newer = parts.nodes.some((node) => 'in' in node || 'rows' in node);
  return { format: 'ganglion-tree', version: newer ? 2 : 1, ...parts };
}
