import { isLeaf, type TreeFile } from '../tree/tree-file.ts';

/** Leaves that are tested and certified together. */
export interface RegionPlan {
  /** Node indices. */
  readonly leaves: readonly number[];
  /** Of the training data's rows, 0–1. */
  readonly share: number;
}

/**
 * Divides a tree's leaves into regions that a test can say something about. A leaf that enough decisions come to is a
 * region of its own; rarer ones, which stand next to each other in the tree, are put together until they are enough.
 * Leaves without rows (margins) belong to none. The division hangs on the training data alone, so that a test on later
 * data holds for it.
 * @param leastShare of the rows a region should have, 0–1
 */
export function divide({ nodes }: TreeFile, leastShare: number): RegionPlan[] {
  const leaves = nodes.flatMap((node, index) =>
    isLeaf(node) && (node.rows ?? 0) > 0 ? [{ index, rows: node.rows! }] : [],
  );
  const total = leaves.reduce((sum, { rows }) => sum + rows, 0);
  const regions: { leaves: number[]; share: number }[] = [];
  let pool: { leaves: number[]; share: number } | undefined;
  let lastPool: { leaves: number[]; share: number } | undefined;
  for (const { index, rows } of leaves) {
    const share = rows / total;
    if (share >= leastShare) {
      regions.push({ leaves: [index], share });
      continue;
    }
    pool ??= { leaves: [], share: 0 };
    pool.leaves.push(index);
    pool.share += share;
    if (pool.share < leastShare) continue;
    regions.push(pool);
    lastPool = pool;
    pool = undefined;
  }
  if (pool === undefined) return regions;
  // What is left over is too little on its own: it joins the last pool, or the smallest region.
  const smallest = regions.toSorted((a, b) => a.share - b.share)[0];
  const host = lastPool ?? smallest;
  if (host === undefined) return [pool];
  host.leaves.push(...pool.leaves);
  host.share += pool.share;
  return regions;
}
