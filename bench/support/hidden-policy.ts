/** A seeded stream of numbers from 0 up to 1: mulberry32 by Tommy Ettinger, public domain. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface HiddenOptions {
  readonly features: number;
  readonly regions: number;
  readonly choices: number;
  readonly random: () => number;
}

type HiddenNode =
  | { readonly choice: number }
  | {
      readonly feature: number;
      readonly threshold: number;
      readonly left: HiddenNode;
      readonly right: HiddenNode;
    };

/**
 * A deterministic policy over features that are uniform from 0 to 1: the largest region is cut in two until there are
 * enough, somewhere in the middle half of its side, and neighbours choose differently.
 */
export function hiddenPolicy({
  features,
  regions,
  choices,
  random,
}: HiddenOptions): (row: Float64Array) => number {
  interface Cell {
    low: number[];
    high: number[];
    size: number;
    choice: number;
    cut?: { feature: number; threshold: number; left: Cell; right: Cell };
  }
  const root: Cell = {
    low: Array.from({ length: features }, () => 0),
    high: Array.from({ length: features }, () => 1),
    size: 1,
    choice: Math.floor(random() * choices),
  };
  const cells = [root];
  while (cells.length < regions) {
    const cell = cells.reduce((a, b) => (b.size > a.size ? b : a));
    const feature = Math.floor(random() * features);
    const width = cell.high[feature]! - cell.low[feature]!;
    const part = 0.25 + random() / 2;
    const threshold = cell.low[feature]! + part * width;
    const other = (cell.choice + 1 + Math.floor(random() * (choices - 1))) % choices;
    const left: Cell = {
      low: cell.low,
      high: cell.high.with(feature, threshold),
      size: cell.size * part,
      choice: cell.choice,
    };
    const right: Cell = {
      low: cell.low.with(feature, threshold),
      high: cell.high,
      size: cell.size * (1 - part),
      choice: other,
    };
    cell.cut = { feature, threshold, left, right };
    cells.splice(cells.indexOf(cell), 1, left, right);
  }
  const freeze = ({ choice, cut }: Cell): HiddenNode =>
    cut === undefined
      ? { choice }
      : { feature: cut.feature, threshold: cut.threshold, left: freeze(cut.left), right: freeze(cut.right) };
  const tree = freeze(root);
  return (row) => {
    let node = tree;
    while (!('choice' in node)) node = row[node.feature]! <= node.threshold ? node.left : node.right;
    return node.choice;
  };
}

/** The policy, but every so often another choice at random. */
export function withNoise(
  policy: (row: Float64Array) => number,
  noise: number,
  choices: number,
  random: () => number,
): (row: Float64Array) => number {
  return (row) => {
    const choice = policy(row);
    return random() < noise ? (choice + 1 + Math.floor(random() * (choices - 1))) % choices : choice;
  };
}
