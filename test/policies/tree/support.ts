import fc from 'fast-check';
import { isGanglionError } from '../../../runtime/errors.ts';

export { createTreeRung, DEFAULT_CERTIFICATE, readTree } from '../../../policies/index.ts';

export type PlainNode =
  | { readonly choice: string; readonly confidence: number }
  | {
      readonly feature: number;
      readonly threshold: number;
      readonly missing: 'left' | 'right';
      readonly left: PlainNode;
      readonly right: PlainNode;
    };

export function randomTree(features: number): fc.Arbitrary<PlainNode> {
  return fc.letrec<{ node: PlainNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.record({ choice: fc.constantFrom('a', 'b', 'c', 'd'), confidence: fc.constant(1) }),
      fc.record({
        feature: fc.nat({ max: features - 1 }),
        threshold: fc.double({ min: -2, max: 2, noNaN: true }),
        missing: fc.constantFrom('left', 'right'),
        left: tie('node'),
        right: tie('node'),
      }),
    ),
  })).node;
}

/** The reference: recursion over nested objects. */
export function walk(node: PlainNode, row: readonly number[]): string {
  if ('choice' in node) return node.choice;
  const value = row[node.feature]!;
  if (Number.isNaN(value)) return walk(node.missing === 'left' ? node.left : node.right, row);
  return walk(value <= node.threshold ? node.left : node.right, row);
}

export function isGanglionTree(error: unknown): boolean {
  return isGanglionError(error) && error.code === 'TREE_INVALID';
}
