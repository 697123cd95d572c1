import type { BenchReport } from '../harness.ts';

const WIDTH = 760;
const LABELS = 260;
const BAR = 22;
const GAP = 8;
const COLOURS = ['#2a6f97', '#e07a5f', '#81b29a', '#8d6a9f', '#f2cc8f', '#5f6c7b'];

/**
 * A bar chart of a report as SVG: one group per unit, each with a scale of its own, since bars of different units
 * cannot be compared.
 */
export function barChart(report: BenchReport): string {
  const units = [...new Set(report.cases.map((entry) => entry.unit))];
  const parts: string[] = [];
  let y = 56;
  for (const [index, unit] of units.entries()) {
    const cases = report.cases.filter((entry) => entry.unit === unit && Number.isFinite(entry.value));
    const top = Math.max(...cases.map((entry) => entry.value), Number.MIN_VALUE);
    parts.push(text(16, y, unit, 'font-weight="bold"'));
    y += 10;
    for (const entry of cases) {
      const length = Math.max(0, (entry.value / top) * (WIDTH - LABELS - 110));
      const middle = y + BAR / 2 + 4;
      parts.push(
        text(LABELS - 10, middle, entry.name, 'text-anchor="end"'),
        `<rect x="${LABELS}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" fill="${COLOURS[index % COLOURS.length]}"/>`,
        text(LABELS + length + 8, middle, formatNumber(entry.value)),
      );
      y += BAR + GAP;
    }
    y += 24;
  }
  const { cpu, cores, node } = report.host;
  const head = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 8}" viewBox="0 0 ${WIDTH} ${y + 8}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    text(16, 26, `${report.bench}: ${cpu}, ${cores} cores, Node ${node}`, 'font-size="15"'),
  ];
  return [...head, ...parts, text(16, y, ratioLine(report), 'fill="#555"'), '</svg>', ''].join('\n');
}

function ratioLine(report: BenchReport): string {
  return Object.entries(report.ratios)
    .map(([key, value]) => `${key} ${formatNumber(value)}`)
    .join('   ');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}" ${attributes}>${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Four significant digits, thousands apart, no exponent. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return value.toLocaleString('en', { maximumSignificantDigits: value >= 1000 ? 6 : 4 });
}
