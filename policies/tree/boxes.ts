import { ALL_KNOWN, setWords } from './flat-tree.ts';
import { isLeaf, type Leaf, type TreeFile } from './tree-file.ts';

/** What a leaf asks of one feature. */
export interface Side {
  /** Greater than this. */
  readonly above: number;
  /** At most this. */
  readonly upTo: number;
  /** Codes it must be one of, and such it must not be; undefined where there is no split by set. */
  readonly among?: readonly number[];
  readonly not?: readonly number[];
  /** Whether a missing value comes here too. */
  readonly missing: boolean;
}

/** A leaf and the conditions on the way to it, one per feature that is asked about. */
export interface Box {
  readonly node: number;
  readonly leaf: Leaf;
  readonly sides: ReadonlyMap<string, Side>;
}

export const EVERYTHING: Side = { above: -Infinity, upTo: Infinity, missing: true };

/** The leaves of a tree as boxes, in the order of its nodes. */
export function leafBoxes({ nodes }: TreeFile): Box[] {
  const boxes: Box[] = [];
  const visit = (at: number, sides: ReadonlyMap<string, Side>): void => {
    const node = nodes[at]!;
    if (isLeaf(node)) {
      boxes.push({ node: at, leaf: node, sides });
      return;
    }
    const side = sides.get(node.feature) ?? EVERYTHING;
    for (const branch of ['left', 'right'] as const) {
      const missing = side.missing && node.missing === branch;
      const next: Side =
        'in' in node
          ? narrowSet(side, node.in, branch === 'left', missing)
          : branch === 'left'
            ? { ...side, upTo: Math.min(side.upTo, node.threshold), missing }
            : { ...side, above: Math.max(side.above, node.threshold), missing };
      visit(node[branch], new Map([...sides, [node.feature, next]]));
    }
  };
  visit(0, new Map());
  return boxes;
}

function narrowSet(side: Side, set: readonly number[], inside: boolean, missing: boolean): Side {
  if (!inside) return { ...side, not: [...new Set([...(side.not ?? []), ...set])], missing };
  const among = side.among === undefined ? set : side.among.filter((code) => set.includes(code));
  return { ...side, among, missing };
}

/** What both ask, or undefined if nothing can meet it. */
export function intersect(
  a: ReadonlyMap<string, Side>,
  b: ReadonlyMap<string, Side>,
): ReadonlyMap<string, Side> | undefined {
  const both = new Map(a);
  for (const [feature, side] of b) {
    const other = both.get(feature) ?? EVERYTHING;
    const among =
      other.among === undefined
        ? side.among
        : side.among === undefined
          ? other.among
          : other.among.filter((code) => side.among!.includes(code));
    const not = [...new Set([...(other.not ?? []), ...(side.not ?? [])])];
    const merged: Side = {
      above: Math.max(other.above, side.above),
      upTo: Math.min(other.upTo, side.upTo),
      ...(among === undefined ? {} : { among: among.filter((code) => !not.includes(code)) }),
      ...(not.length === 0 ? {} : { not }),
      missing: other.missing && side.missing,
    };
    const empty = merged.above >= merged.upTo || merged.among?.length === 0;
    if (empty && !merged.missing) return undefined;
    both.set(feature, merged);
  }
  return both;
}

export function holds(side: Side, value: number): boolean {
  if (Number.isNaN(value)) return side.missing;
  return (
    value > side.above &&
    value <= side.upTo &&
    side.among?.includes(value) !== false &&
    side.not?.includes(value) !== true
  );
}

/** The conditions in words: `co2 > 700 and ≤ 850, hour ≤ 20`; `always` without any. */
export function boxWords(sides: ReadonlyMap<string, Side>): string {
  const words = [...sides].map(([feature, side]) => sideWords(feature, side)).filter((word) => word !== '');
  return words.length === 0 ? 'always' : words.join(', ');
}

function sideWords(feature: string, { above, upTo, among, not, missing }: Side): string {
  const impossible = above >= upTo || among?.length === 0 || above >= ALL_KNOWN;
  if (impossible) return `${feature} is unknown`;
  const parts: string[] = [];
  if (above > -Infinity) parts.push(`> ${short(above)}`);
  if (upTo < ALL_KNOWN) parts.push(`≤ ${short(upTo)}`);
  if (among !== undefined) parts.push(`is ${setWords(among, true)}`);
  else if (not !== undefined) parts.push(`is ${setWords(not, false)}`);
  if (parts.length === 0) return missing ? '' : `${feature} is known`;
  return `${feature} ${parts.join(' and ')}${missing ? ' or unknown' : ''}`;
}

function short(value: number): number {
  return Number(value.toPrecision(6));
}
