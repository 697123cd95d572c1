import type { TrainingData } from '../../../policies/index.ts';
import { GanglionError } from '../../errors.ts';
import { didYouMean } from '../../lib/suggest.ts';

export interface CsvOptions {
  /** For sentences. */
  readonly file: string;
  readonly text: string;
  /** The column that holds the choice. */
  readonly label: string;
  readonly features: readonly string[];
  readonly choices: readonly string[];
}

/** Texts that a policy's features take as 1 and 0 (docs/rules.md). */
const YES = /^(?:on|open|unlocked|home|true|yes|playing|cleaning)$/i;
const NO = /^(?:off|closed|locked|not_home|away|false|no|idle|paused|docked)$/i;

/**
 * Rows to learn from, of a CSV file whose first line names the columns (RFC 4180: quotes, doubled quotes, line breaks in
 * quotes). Other columns than the policy's features and the label are left out; an empty cell is a missing value.
 * Throws TRAINING_DATA with the line.
 */
export function csvData({ file, text, label, features, choices }: CsvOptions): TrainingData {
  const records = parseCsv(text);
  const [head] = records;
  const fail = (what: string, expected: string, received: string): GanglionError =>
    new GanglionError('TRAINING_DATA', { what, expected, received });
  if (head === undefined) throw fail(file, 'a line with the names of the columns', 'nothing');
  const names = head.cells.map((cell) => cell.trim());
  const columnOf = (name: string): number => {
    const at = names.indexOf(name);
    if (at < 0) throw fail(file, `a column named ${name}`, `${names.join(', ')}; ${didYouMean(name, names)}`);
    return at;
  };
  const columns = features.map(columnOf);
  const labelColumn = columnOf(label);
  const rows = records.slice(1).filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  const values = new Float64Array(rows.length * features.length);
  const labels = new Uint8Array(rows.length);
  for (const [i, { cells, line }] of rows.entries()) {
    for (const [c, column] of columns.entries()) {
      const cell = (cells[column] ?? '').trim();
      const value = numberOf(cell);
      if (value === undefined)
        throw fail(
          `${features[c]} in line ${line} of ${file}`,
          'a number, on or off, or nothing',
          cell.slice(0, 40),
        );
      values[i * features.length + c] = value;
    }
    const choice = (cells[labelColumn] ?? '').trim();
    const index = choices.indexOf(choice);
    if (index < 0)
      throw fail(
        `${label} in line ${line} of ${file}`,
        `one of ${choices.join(', ')}`,
        choice.slice(0, 80) || 'nothing',
      );
    labels[i] = index;
  }
  return { features, choices, values, labels };
}

/** NaN for a missing value, undefined for what is none. */
function numberOf(cell: string): number | undefined {
  if (cell === '' || /^(?:nan|null|unknown|unavailable)$/i.test(cell)) return Number.NaN;
  if (YES.test(cell)) return 1;
  if (NO.test(cell)) return 0;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

interface Record {
  readonly cells: readonly string[];
  /** Where it begins, from 1. */
  readonly line: number;
}

function parseCsv(text: string): Record[] {
  const records: Record[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let start = 1;
  const end = (): void => {
    cells.push(cell);
    records.push({ cells, line: start });
    [cells, cell] = [[], ''];
  };
  const body = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  for (let i = 0; i < body.length; i++) {
    const letter = body[i]!;
    if (letter === '\n') line++;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (body[i + 1] === '"') cell += body[++i];
      else quoted = false;
    } else if (letter === '"' && cell === '') quoted = true;
    else if (letter === ',') {
      cells.push(cell);
      cell = '';
    } else if (letter === '\n') {
      end();
      start = line;
    } else cell += letter;
  }
  if (cell !== '' || cells.length > 0) end();
  return records;
}
