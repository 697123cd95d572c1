import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alternate, runBench, type Bench, type BenchReport } from '../../bench/harness.ts';
import { readOptions } from '../../bench/support/options.ts';

const sample: Bench = async () => ({
  cases: [
    { name: 'ours <fast>', value: 12.5, unit: 'µs', p50: 12, p99: 40 },
    { name: 'theirs & slow', value: 1250, unit: 'µs' },
    { name: 'broken', value: Number.NaN, unit: 'MB' },
  ],
  ratios: { vs_theirs: [90, 110, 100], vs_absent: [] },
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ganglion-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(options: {
  json: boolean;
  plot?: string;
}): Promise<{ printed: string[]; report: BenchReport }> {
  const printed: string[] = [];
  const report = await runBench('sample', sample, {
    args: [],
    signal: new AbortController().signal,
    print: (text) => printed.push(text),
    log: () => {},
    ...options,
  });
  return { printed, report };
}

describe('runBench', () => {
  test('prints one JSON object with median ratios and their spread', async () => {
    const { printed } = await run({ json: true });
    expect(printed).toHaveLength(1);
    const report = JSON.parse(printed[0]!) as BenchReport;
    expect(Object.keys(report)).toEqual(['bench', 'host', 'cases', 'ratios', 'spread']);
    expect(report.ratios).toEqual({ vs_theirs: 100 });
    expect(report.spread).toEqual({ vs_theirs: { min: 90, median: 100, max: 110, runs: 3 } });
    expect(report.cases[0]).toEqual({ name: 'ours <fast>', value: 12.5, unit: 'µs', p50: 12, p99: 40 });
    expect(report.host).toMatchObject({ node: process.version, cores: expect.any(Number) as number });
  });

  test('prints a table without --json', async () => {
    const { printed } = await run({ json: false });
    expect(printed[0]).toMatch(/theirs & slow +1,250 µs/);
    expect(printed[0]).toMatch(/vs_theirs +100 +90 … 110 +3/);
  });

  test('draws a chart in which names cannot break the markup', async () => {
    const plot = join(folder, 'chart.svg');
    await run({ json: true, plot });
    const svg = readFileSync(plot, 'utf8');
    expect(svg).toMatch(/^<svg [^>]+>/);
    expect(svg).toContain('ours &#60;fast&#62;');
    expect(svg).toContain('theirs &#38; slow');
    const bars = [...svg.matchAll(/<rect x="260" y="\d+" width="([\d.]+)"/g)].map((match) =>
      Number(match[1]),
    );
    expect(bars).toHaveLength(2); // what was not measured has no bar
    expect(bars[1]! / bars[0]!).toBeCloseTo(100, 0);
    const withoutVoid = svg.replaceAll(/<[^>]*\/>/g, '');
    expect([...withoutVoid.matchAll(/<(\w+)/g)].length).toBe([...withoutVoid.matchAll(/<\//g)].length);
  });

  test('refuses a chart it cannot draw before it measures', async () => {
    await expect(run({ json: true, plot: join(folder, 'chart.png') })).rejects.toThrow(
      /Expected a file name ending in \.svg .* for --plot but received .*chart\.png/,
    );
  });
});

test('alternate gives every system its turn in every round and a different start each time', async () => {
  const order: string[] = [];
  const system = (name: string) => async (round: number) => {
    order.push(name);
    return `${name}${round}`;
  };
  const results = await alternate(3, { a: system('a'), b: system('b') });
  expect(order.join('')).toBe('abbaab');
  expect(results).toEqual({ a: ['a0', 'a1', 'a2'], b: ['b0', 'b1', 'b2'] });
});

describe('readOptions', () => {
  const defaults = { rounds: 5, seconds: 10 };

  test('takes defaults, the short form and what the command line says, in this order', () => {
    expect(readOptions([], defaults, {})).toEqual(defaults);
    expect(readOptions(['--short'], defaults, { rounds: 1 })).toEqual({ rounds: 1, seconds: 10 });
    const given = ['--seconds', '2.5', '--short', '--rounds=3'];
    expect(readOptions(given, defaults, { rounds: 1 })).toEqual({ rounds: 3, seconds: 2.5 });
  });

  test.each([
    [['--speed', '3'], 'Expected one of --rounds, --seconds, --short for an option but received --speed.'],
    [['--rounds', 'many'], 'Expected a number above 0 for --rounds but received many.'],
    [['--rounds'], 'Expected a number above 0 for --rounds but received nothing.'],
    [['--rounds=-1'], 'Expected a number above 0 for --rounds but received -1.'],
    [
      ['--constructor', '1'],
      'Expected one of --rounds, --seconds, --short for an option but received --constructor.',
    ],
  ])('refuses %j', (args, sentence) => {
    expect(() => readOptions(args, defaults, {})).toThrow(sentence);
  });
});
