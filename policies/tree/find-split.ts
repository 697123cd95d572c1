import { ALL_KNOWN } from './flat-tree.ts';
import type { Impurity } from './impurity.ts';

/** A division of a node's rows in two. */
export interface FoundSplit {
  readonly column: number;
  readonly threshold: number;
  /** For a category: the codes that go left. */
  readonly set?: readonly number[];
  readonly missing: 'left' | 'right';
  /** Values seen next to the threshold on either side: nothing is known between. */
  readonly gap?: readonly [below: number, above: number];
  /** How much impurity it takes away; ≥ 0 but for rounding. */
  readonly gain: number;
}

/** The rows of one node that one column is looked at for. */
export interface Candidates {
  readonly column: number;
  /** Rows in ascending order of the column; those without a value last. */
  readonly order: Int32Array;
  readonly start: number;
  readonly end: number;
  /** The column's value by row. */
  readonly valueOf: (row: number) => number;
}

export interface SplitSearch {
  readonly labels: Uint8Array;
  readonly weights: Float64Array;
  readonly choices: number;
  readonly impurity: Impurity;
  readonly minLeaf: number;
}

/** Categories with more codes than this are not split by: a set of them would say nothing to a reader. */
const MAX_CODES = 64;

/**
 * The best threshold of one column. Missing values are tried on both sides of each, as in Chen and Guestrin, "XGBoost",
 * 2016, section 3.4, and against all known ones.
 */
export function bestThreshold(search: SplitSearch, rows: Candidates): FoundSplit | undefined {
  const { labels, weights, choices, impurity, minLeaf } = search;
  const { order, start, valueOf, column } = rows;
  const known = knownEnd(rows);
  const missing = tally(search, order, known, rows.end);
  const total = tally(search, order, start, rows.end);
  const missingRows = rows.end - known;
  const whole = impurity(total);
  const left = new Float64Array(choices);
  const other = new Float64Array(choices);
  let best: FoundSplit | undefined;
  const offer = (
    leftRows: number,
    side: 'left' | 'right',
    threshold: number,
    gap?: [number, number],
  ): void => {
    const here = leftRows + (side === 'left' ? missingRows : 0);
    if (here < minLeaf || rows.end - start - here < minLeaf) return;
    let score = 0;
    for (let c = 0; c < choices; c++) other[c] = left[c]! + (side === 'left' ? missing[c]! : 0);
    score += impurity(other);
    for (let c = 0; c < choices; c++) other[c] = total[c]! - other[c]!;
    score += impurity(other);
    const gain = whole - score;
    if (best !== undefined && gain <= best.gain + 1e-12) return;
    best = { column, threshold, missing: side, gain, ...(gap === undefined ? {} : { gap }) };
  };
  for (let i = start; i < known; i++) {
    const row = order[i]!;
    left[labels[row]!]! += weights[row]!;
    const value = valueOf(row);
    const next = i + 1 < known ? valueOf(order[i + 1]!) : Number.NaN;
    if (!(next > value)) continue;
    const threshold = between(value, next);
    // Without missing rows the side is that of more rows, where a first missing value will be least of a surprise.
    const larger = i + 1 - start >= known - i - 1 ? 'left' : 'right';
    offer(i + 1 - start, missingRows === 0 ? larger : 'left', threshold, [value, next]);
    if (missingRows > 0) offer(i + 1 - start, 'right', threshold, [value, next]);
  }
  if (missingRows > 0 && known > start) offer(known - start, 'right', ALL_KNOWN);
  return best;
}

/**
 * The best set of codes of a category. For two choices the codes are sorted by the share of one of them and only cut in
 * two, which finds the best of all sets (Breiman et al. 1984, section 4.2.2); for more choices that is tried for the share
 * of each, which need not find it.
 */
export function bestSet(search: SplitSearch, rows: Candidates): FoundSplit | undefined {
  const { choices, impurity, minLeaf } = search;
  const known = knownEnd(rows);
  const groups = groupByCode(search, rows, known);
  if (groups.length < 2 || groups.length > MAX_CODES) return undefined;
  const total = tally(search, rows.order, rows.start, rows.end);
  const missing = tally(search, rows.order, known, rows.end);
  const missingRows = rows.end - known;
  const allRows = rows.end - rows.start;
  const whole = impurity(total);
  const left = new Float64Array(choices);
  const other = new Float64Array(choices);
  let best: FoundSplit | undefined;
  for (let choice = choices === 2 ? 1 : 0; choice < choices; choice++) {
    const share = ({ counts, weight }: CodeGroup): number => (weight > 0 ? counts[choice]! / weight : 0);
    const sorted = groups.toSorted((a, b) => share(a) - share(b) || a.code - b.code);
    left.fill(0);
    let leftRows = 0;
    for (let cut = 1; cut < sorted.length; cut++) {
      const group = sorted[cut - 1]!;
      leftRows += group.rows;
      for (let c = 0; c < choices; c++) left[c]! += group.counts[c]!;
      for (const side of missingRows > 0 ? (['left', 'right'] as const) : (['right'] as const)) {
        const here = leftRows + (side === 'left' ? missingRows : 0);
        if (here < minLeaf || allRows - here < minLeaf) continue;
        for (let c = 0; c < choices; c++) other[c] = left[c]! + (side === 'left' ? missing[c]! : 0);
        let score = impurity(other);
        for (let c = 0; c < choices; c++) other[c] = total[c]! - other[c]!;
        score += impurity(other);
        const gain = whole - score;
        if (best !== undefined && gain <= best.gain + 1e-12) continue;
        const part = oriented(sorted, cut, here * 2 <= allRows, missingRows > 0 ? side : undefined);
        best = { column: rows.column, gain, threshold: 0, ...part };
      }
    }
  }
  return best;
}

/** The side with fewer rows is the one that is listed, so that a code nobody has seen goes with the many. */
function oriented(
  sorted: readonly CodeGroup[],
  cut: number,
  listLeft: boolean,
  missing: 'left' | 'right' | undefined,
): { set: number[]; missing: 'left' | 'right' } {
  const listed = listLeft ? sorted.slice(0, cut) : sorted.slice(cut);
  const set = listed.map(({ code }) => code).toSorted((a, b) => a - b);
  if (missing === undefined) return { set, missing: 'right' };
  return { set, missing: listLeft === (missing === 'left') ? 'left' : 'right' };
}

interface CodeGroup {
  readonly code: number;
  readonly counts: Float64Array;
  weight: number;
  rows: number;
}

function groupByCode(
  { labels, weights, choices }: SplitSearch,
  rows: Candidates,
  known: number,
): CodeGroup[] {
  const groups: CodeGroup[] = [];
  for (let i = rows.start; i < known; i++) {
    const row = rows.order[i]!;
    const code = rows.valueOf(row);
    let group = groups.at(-1);
    if (group?.code !== code) {
      group = { code, counts: new Float64Array(choices), weight: 0, rows: 0 };
      groups.push(group);
    }
    group.counts[labels[row]!]! += weights[row]!;
    group.weight += weights[row]!;
    group.rows++;
  }
  return groups;
}

function knownEnd({ order, start, end, valueOf }: Candidates): number {
  let known = end;
  while (known > start && Number.isNaN(valueOf(order[known - 1]!))) known--;
  return known;
}

function tally(search: SplitSearch, order: Int32Array, start: number, end: number): Float64Array {
  const counts = new Float64Array(search.choices);
  for (let i = start; i < end; i++) counts[search.labels[order[i]!]!]! += search.weights[order[i]!]!;
  return counts;
}

/** Halfway, or the lower value where the halves round up to the upper one. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle >= low && middle < high ? middle : low;
}
