import { EVERYTHING, type Side } from '../tree/boxes.ts';
import { isLeaf, type TreeFile, treeFile, type TreeNode } from '../tree/tree-file.ts';

export interface Grafted {
  readonly tree: TreeFile;
  /** New node index by leaf of the stock that was kept. */
  readonly kept: ReadonlyMap<number, number>;
  /** New node indices by leaf of the scion: it stands in every place it was grafted on, where it can be reached there. */
  readonly copies: ReadonlyMap<number, readonly number[]>;
}

/** Puts one tree, the scion, in the place of some leaves of another, the stock. Branches nothing can reach are left out. */
export function graft(stock: TreeFile, onto: ReadonlySet<number>, scion: TreeFile): Grafted {
  const nodes: TreeNode[] = [];
  const kept = new Map<number, number>();
  const copies = new Map<number, number[]>();
  const copy = (tree: TreeFile, at: number, sides: ReadonlyMap<string, Side>): void => {
    const node = tree.nodes[at]!;
    if (isLeaf(node)) {
      if (tree === stock && onto.has(at)) return copy(scion, 0, sides);
      const index = nodes.push(node) - 1;
      if (tree === stock) kept.set(at, index);
      else copies.set(at, [...(copies.get(at) ?? []), index]);
      return;
    }
    const side = sides.get(node.feature) ?? EVERYTHING;
    const left: Side = 'in' in node ? side : { ...side, upTo: Math.min(side.upTo, node.threshold) };
    const right: Side = 'in' in node ? side : { ...side, above: Math.max(side.above, node.threshold) };
    const mayMiss = side.missing;
    // A side that no value and no missing one reaches is not copied.
    if (left.above >= left.upTo && !(mayMiss && node.missing === 'left'))
      return copy(tree, node.right, sides);
    if (right.above >= right.upTo && !(mayMiss && node.missing === 'right'))
      return copy(tree, node.left, sides);
    const index = nodes.push(node) - 1;
    copy(
      tree,
      node.left,
      new Map([...sides, [node.feature, { ...left, missing: mayMiss && node.missing === 'left' }]]),
    );
    const next = nodes.length;
    copy(
      tree,
      node.right,
      new Map([...sides, [node.feature, { ...right, missing: mayMiss && node.missing === 'right' }]]),
    );
    nodes[index] = { ...node, left: index + 1, right: next };
  };
  copy(stock, 0, new Map());
  const { features, choices, about } = scion;
  return {
    tree: treeFile({ features, choices, nodes, ...(about === undefined ? {} : { about }) }),
    kept,
    copies,
  };
}
