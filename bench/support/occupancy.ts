import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GanglionError } from '../../runtime/errors.ts';
import type { TrainingData } from '../../policies/index.ts';
import { benchData } from './data.ts';

/** Columns of the files: Candanedo and Feldheim, "Accurate occupancy detection of an office room", 2016. */
export const OCCUPANCY_FEATURES = ['Temperature', 'Humidity', 'Light', 'CO2', 'HumidityRatio'] as const;
const CHOICES = ['empty', 'occupied'];
const PARTS = { train: 'datatraining.txt', test1: 'datatest.txt', test2: 'datatest2.txt' } as const;

/** One part of the data set with the given features. The header lacks a name for the row's id, which comes first. */
export function readOccupancy(
  part: keyof typeof PARTS,
  features: readonly string[] = OCCUPANCY_FEATURES,
): TrainingData {
  const file = join(benchData('occupancy'), PARTS[part]);
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  const values = new Float64Array(lines.length * features.length);
  const labels = new Uint8Array(lines.length);
  const columns = features.map((name) => 2 + OCCUPANCY_FEATURES.findIndex((other) => other === name));
  for (const [row, line] of lines.entries()) {
    const cells = line.trim().split(',');
    if (cells.length !== 8)
      throw new GanglionError('BENCH_SYSTEM', {
        system: file,
        reason: `line ${row + 2} has ${cells.length} cells instead of 8`,
      });
    columns.forEach((column, i) => (values[row * features.length + i] = Number(cells[column])));
    labels[row] = Number(cells[7]);
  }
  return { features, choices: CHOICES, values, labels };
}
