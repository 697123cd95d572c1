import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainingData } from '../../policies/index.ts';
import { GanglionError } from '../../runtime/errors.ts';
import { benchData } from './data.ts';

/** Columns of the files: Candanedo and Feldheim, "Accurate occupancy detection of an office room", 2016. */
export const OCCUPANCY_FEATURES = ['Temperature', 'Humidity', 'Light', 'CO2', 'HumidityRatio'] as const;
const CHOICES = ['empty', 'occupied'];
const PARTS = { train: 'datatraining.txt', test1: 'datatest.txt', test2: 'datatest2.txt' } as const;
export type OccupancyPart = keyof typeof PARTS;

/** Rows are a minute apart. */
const SPANS = [5, 15, 30, 60];
const CHANGING = ['CO2', 'Temperature'] as const;

/** One part of the data set with the given features. */
export function readOccupancy(
  part: OccupancyPart,
  features: readonly string[] = OCCUPANCY_FEATURES,
): TrainingData {
  const rows = readRows(part);
  const columns = features.map(columnOf);
  const values = Float64Array.from(rows.flatMap((cells) => columns.map((column) => Number(cells[column]))));
  return { features, choices: CHOICES, values, labels: labelsOf(rows) };
}

/** How much CO2 and temperature changed over some spans of time; missing at the start and across gaps. */
export function readOccupancyChanges(part: OccupancyPart): TrainingData {
  const rows = readRows(part);
  const minutes = rows.map((cells) => Date.parse(`${cells[1]!.replace(' ', 'T')}Z`) / 60_000);
  const wanted = CHANGING.flatMap((name) => SPANS.map((span) => ({ name, span, column: columnOf(name) })));
  const values = rows.flatMap((cells, row) =>
    wanted.map(({ span, column }) => {
      const before = row - span;
      if (before < 0 || minutes[row]! - minutes[before]! > 1.5 * span) return Number.NaN;
      return Number(cells[column]) - Number(rows[before]![column]);
    }),
  );
  return {
    features: wanted.map(({ name, span }) => `${name} over ${span} min`),
    choices: CHOICES,
    values: Float64Array.from(values),
    labels: labelsOf(rows),
  };
}

/** The header lacks a name for the row's id, which comes first. */
function readRows(part: OccupancyPart): string[][] {
  const file = join(benchData('occupancy'), PARTS[part]);
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  return lines.map((line, i) => {
    const cells = line.trim().replaceAll('"', '').split(',');
    if (cells.length === 8) return cells;
    const reason = `line ${i + 2} has ${cells.length} cells instead of 8`;
    throw new GanglionError('BENCH_SYSTEM', { system: file, reason });
  });
}

function columnOf(name: string): number {
  return 2 + OCCUPANCY_FEATURES.findIndex((other) => other === name);
}

function labelsOf(rows: readonly (readonly string[])[]): Uint8Array {
  return Uint8Array.from(rows, (cells) => Number(cells[7]));
}
