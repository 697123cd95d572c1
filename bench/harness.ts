import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { GanglionError } from '../runtime/errors.ts';
import { hostFacts, type HostFacts } from './support/host.ts';
import { barChart, formatNumber } from './support/plot.ts';
import { spreadOf, type Spread } from './support/stats.ts';

export interface BenchCase {
  readonly name: string;
  /** The median over the runs. */
  readonly value: number;
  readonly unit: string;
  readonly p50?: number;
  readonly p99?: number;
}

/** What a bench hands back: per figure its cases, and per ratio the value of every run. */
export interface Measured {
  readonly cases: readonly BenchCase[];
  readonly ratios: Readonly<Record<string, readonly number[]>>;
}

export interface BenchReport {
  readonly bench: string;
  readonly host: HostFacts;
  readonly cases: readonly BenchCase[];
  /** Medians over the runs. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly spread: Readonly<Record<string, Spread>>;
}

export interface BenchContext {
  /** Options of the bench itself, as they stand on the command line. */
  readonly args: readonly string[];
  /** One line on what is going on; never part of the result. */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

export type Bench = (context: BenchContext) => Promise<Measured>;

export interface BenchOptions {
  readonly json: boolean;
  readonly plot?: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
  readonly log: (line: string) => void;
}

/** Runs one bench, prints its result once and draws it where asked. Throws what the bench throws, and BENCH_OPTION. */
export async function runBench(name: string, bench: Bench, options: BenchOptions): Promise<BenchReport> {
  checkPlot(options.plot); // before minutes of measuring
  const { cases, ratios } = await bench({ args: options.args, log: options.log, signal: options.signal });
  const spread = Object.fromEntries(
    Object.entries(ratios)
      .filter(([, runs]) => runs.length > 0) // a competitor that is not installed
      .map(([key, runs]) => [key, spreadOf(runs)]),
  );
  const report: BenchReport = {
    bench: name,
    host: hostFacts(),
    cases,
    ratios: Object.fromEntries(Object.entries(spread).map(([key, value]) => [key, value.median])),
    spread,
  };
  options.print(options.json ? JSON.stringify(report) : table(report));
  if (options.plot !== undefined) writeFileSync(options.plot, barChart(report));
  return report;
}

function checkPlot(file: string | undefined): void {
  if (file === undefined || extname(file) === '.svg') return;
  throw new GanglionError('BENCH_OPTION', {
    option: '--plot',
    expected: 'a file name ending in .svg (charts are drawn as SVG only)',
    received: file,
  });
}

/**
 * Runs every system once per round, in turn, so that what the machine does meanwhile meets all of them alike; each round
 * starts with another one. Returns the results per system, in the order of rounds.
 */
export async function alternate<T>(
  rounds: number,
  systems: Readonly<Record<string, (round: number) => Promise<T>>>,
): Promise<Record<string, T[]>> {
  const names = Object.keys(systems);
  const results = Object.fromEntries(names.map((name): [string, T[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]!;
      results[name]!.push(await systems[name]!(round));
    }
  }
  return results;
}

/** The report for people. */
function table(report: BenchReport): string {
  const { cpu, cores, memoryGiB, node, platform } = report.host;
  const rows = report.cases.map((entry) => [
    entry.name,
    `${formatNumber(entry.value)} ${entry.unit}`,
    entry.p50 === undefined ? '' : formatNumber(entry.p50),
    entry.p99 === undefined ? '' : formatNumber(entry.p99),
  ]);
  const ratios = Object.entries(report.spread).map(([key, { min, median, max, runs }]) => [
    key,
    formatNumber(median),
    `${formatNumber(min)} … ${formatNumber(max)}`,
    String(runs),
  ]);
  return [
    `${report.bench}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`,
    ...columns([['case', 'median', 'p50', 'p99'], ...rows]),
    '',
    ...columns([['ratio', 'median', 'min … max', 'runs'], ...ratios]),
  ].join('\n');
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
