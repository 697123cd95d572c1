import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Config } from '../../config/load.ts';
import type { House } from '../../contract/house.ts';
import { GanglionError } from '../../errors.ts';
import { fileReason } from '../../lib/file-reason.ts';
import { defineCommand, printJson } from '../command.ts';
import { readConfig } from '../connection.ts';
import { testReport, testSummary, type TestedFile } from '../policies/test-report.ts';
import { findHouse, readFiles, toolsOf } from '../policy-world.ts';

export const policyTestCommand = defineCommand({
  args: {
    house: { type: 'string', valueHint: 'FILE', description: 'the house, where a test file names none' },
    only: { type: 'string', valueHint: 'TEXT', description: 'only tests whose name contains this' },
  },
  rest: 'FILES',
  notes: [
    'ganglion policy test',
    'ganglion policy test policies/tests/evening.yaml --only night',
    'Without FILES: what is in the folder tests inside of the policies folder.',
  ],
  async run({ args, words, io, style }) {
    const config = readConfig(io, args.config);
    const files = testFiles(
      words.map((word) => resolve(io.cwd, word)),
      config,
    );
    const tools = await toolsOf(config, io);
    const house = args.house === undefined ? undefined : resolve(io.cwd, args.house);
    const started = performance.now();
    const tested: TestedFile[] = [];
    for (const file of files) {
      const result = await testFile(file, { config, tools, house, only: args.only });
      if (result.results.length > 0 || args.only === undefined) tested.push(result);
      if (args.json !== true)
        io.out(testReport({ ...result, file: relative(io.cwd, file) }, io.columns, style));
    }
    const summary = testSummary(tested);
    if (args.json === true) {
      printJson(io, { ok: summary.failed === 0 && summary.passed > 0, ...summary, files: tested });
    } else {
      const counts = [
        style.good(`${summary.passed} passed`),
        ...(summary.failed === 0 ? [] : [style.bad(`${summary.failed} failed`)]),
      ];
      const ms = Math.round(performance.now() - started);
      io.out(
        `${counts.join(', ')}${style.dim(` (${tested.length === 1 ? '1 file' : `${tested.length} files`}, ${ms} ms)`)}\n`,
      );
    }
    if (summary.passed + summary.failed === 0 && args.only !== undefined)
      throw new GanglionError('USAGE', {
        message: `Expected a test whose name contains "${args.only}" but there is none.`,
      });
    return summary.failed === 0 ? 0 : 1;
  },
});

interface World {
  readonly config: Config;
  readonly tools: Awaited<ReturnType<typeof toolsOf>>;
  readonly house: string | undefined;
  readonly only: string | undefined;
}

/** Throws CONFIG_…, USAGE. */
async function testFile(file: string, { config, tools, house: given, only }: World): Promise<TestedFile> {
  const { cameText, readScenarios, runScenarios } = await import('../../scenarios/index.ts');
  const { timezoneOf } = await import('../../replay/index.ts');
  const { tests, policies, house, site } = readScenarios(textOf(file), file);
  const beside = (path: string): string => resolve(dirname(file), path);
  const named = policies === undefined ? undefined : [policies].flat().map(beside);
  const files = await readFiles(named ?? [config.policies ?? aboveTests(file)]);
  const settings = { ...config, site: definedOf({ ...config.site, ...site }) };
  const { results, problems } = runScenarios(
    tests.filter(({ name }) => only === undefined || name.includes(only)),
    { files, house: await houseFor(config, house === undefined ? given : beside(house)), tools, settings },
  );
  const timezone = timezoneOf(settings);
  return {
    file,
    results: results.map((result) => ({
      ...result,
      came: result.came.map((one) => cameText(one, timezone)),
    })),
    problems: problems.filter(({ severity }) => severity === 'error'),
  };
}

async function houseFor(config: Config, given: string | undefined): Promise<House> {
  const found = await findHouse(config, given);
  if (found !== undefined) return found.house;
  throw new GanglionError('USAGE', {
    message:
      'Expected a house to test in but found none: name one with `house:` in the test file or in ganglion.yaml, or with --house.',
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GanglionError('CONFIG_UNREADABLE', { file, reason: fileReason(error) }, { cause: error });
  }
}

/** The files that were named, those of the folders that were named, or of the folder beside the policies. */
function testFiles(paths: readonly string[], config: Config): string[] {
  const files = (paths.length > 0 ? paths : [defaultFolder(config)]).flatMap((path) => {
    if (!existsSync(path))
      throw new GanglionError('CONFIG_UNREADABLE', { file: path, reason: 'there is no such file or folder' });
    return statSync(path).isDirectory() ? yamlOf(path) : [path];
  });
  if (files.length > 0) return files;
  throw new GanglionError('USAGE', {
    message: `Expected *.yaml files with tests in ${paths.join(', ')} but there are none.`,
  });
}

function yamlOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/i.test(name) && !name.startsWith('.'))
    .toSorted()
    .map((name) => join(folder, name));
}

function defaultFolder({ policies }: Config): string {
  const folder = policies === undefined || !existsSync(policies) ? undefined : policies;
  const tests =
    folder === undefined
      ? undefined
      : join(statSync(folder).isDirectory() ? folder : dirname(folder), 'tests');
  if (tests !== undefined && existsSync(tests)) return tests;
  throw new GanglionError('USAGE', {
    message: `Expected files with tests, or a folder ${tests ?? 'policies/tests'}, but received neither.`,
  });
}

/** Tests lie in a folder inside of the policies they test. */
function aboveTests(file: string): string {
  return dirname(dirname(file));
}

function definedOf(site: Config['site']): Config['site'] {
  return Object.fromEntries(Object.entries(site).filter(([, value]) => value !== undefined));
}
