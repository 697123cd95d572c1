import { clean, fit, padEnd, width } from './text.ts';

export interface Column {
  readonly title: string;
  /** Never cut below so many columns; others shrink first. Default 8. Infinity: what one copies from here is never cut. */
  readonly min?: number;
  readonly align?: 'left' | 'right';
  /** Colours a cell; applied after it was cut and padded. */
  readonly style?: (padded: string, value: string) => string;
}

const GAP = 2;

/** Rows of text as a table of at most `columns` columns; the widest columns are cut first. Ends with a newline. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  total: number,
): string {
  const cells = rows.map((row) => columns.map((_, i) => clean(row[i] ?? '')));
  const widths = columns.map((column, i) =>
    Math.max(width(column.title), ...cells.map((row) => width(row[i]!))),
  );
  shrink(widths, columns, total - GAP * (columns.length - 1));
  const line = (row: readonly string[], style: boolean): string =>
    columns
      .map((column, i) => {
        const text = fit(row[i]!, widths[i]!);
        const padding = ' '.repeat(Math.max(0, widths[i]! - width(text)));
        const last = i === columns.length - 1 && column.align !== 'right';
        const padded = column.align === 'right' ? padding + text : last ? text : padEnd(text, widths[i]!);
        return style && column.style !== undefined ? column.style(padded, row[i]!) : padded;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const head = line(
    columns.map((column) => column.title),
    false,
  );
  return `${[head, ...cells.map((row) => line(row, true))].join('\n')}\n`;
}

function shrink(widths: number[], columns: readonly Column[], room: number): void {
  const least = columns.map((column) => Math.max(column.min ?? 8, width(column.title)));
  for (;;) {
    const excess = widths.reduce((sum, one) => sum + one, 0) - room;
    if (excess <= 0) return;
    let widest = -1;
    for (const [i, one] of widths.entries()) {
      if (one > least[i]! && (widest < 0 || one > widths[widest]!)) widest = i;
    }
    if (widest < 0) return;
    widths[widest]!--;
  }
}
