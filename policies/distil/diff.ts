import { type Box, boxWords, holds, intersect, leafBoxes, type Side } from '../tree/boxes.ts';
import type { TrainingData } from '../tree/training-data.ts';
import type { TreeFile } from '../tree/tree-file.ts';

const MOST_SENTENCES = 20;

/**
 * What a tree decides otherwise than another, one sentence for each place, those with the most recent decisions first.
 * Places where no recent decision falls come last and say so.
 */
export function diffTrees(from: TreeFile, to: TreeFile, recent: TrainingData): string[] {
  const before = leafBoxes(from);
  const places = leafBoxes(to).flatMap((now) =>
    before.flatMap((old) => {
      if (old.leaf.choice === now.leaf.choice) return [];
      const sides = intersect(old.sides, now.sides);
      return sides === undefined ? [] : [{ old, now, sides, rows: countRows(sides, recent) }];
    }),
  );
  const rows = recent.labels.length;
  const sentences = places
    .toSorted((a, b) => b.rows - a.rows)
    .map(({ old, now, sides, rows: here }) => sentence(old, now, sides, here, rows));
  const more = sentences.length - MOST_SENTENCES;
  return more <= 0 ? sentences : [...sentences.slice(0, MOST_SENTENCES), `and ${more} rarer places`];
}

function sentence(old: Box, now: Box, sides: ReadonlyMap<string, Side>, here: number, rows: number): string {
  const share =
    here === 0
      ? 'no recent decision'
      : `${Number(((here / rows) * 100).toPrecision(2))} % of ${rows} recent decisions`;
  return `${boxWords(sides)}: ${now.leaf.choice} instead of ${old.leaf.choice} (${share})`;
}

function countRows(sides: ReadonlyMap<string, Side>, { features, values, labels }: TrainingData): number {
  const columns = [...sides].map(([feature, side]) => ({ column: features.indexOf(feature), side }));
  let count = 0;
  for (let row = 0; row < labels.length; row++)
    if (columns.every(({ column, side }) => holds(side, values[row * features.length + column]!))) count++;
  return count;
}
