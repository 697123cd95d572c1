import { relative, resolve } from 'node:path';
import type { Config } from '../../config/load.ts';
import { readYaml } from '../../config/load.ts';
import type { House } from '../../contract/house.ts';
import { GanglionError } from '../../errors.ts';
import type { DevicesReply } from '../../http/views.ts';
import type { PolicyProblem } from '../../../policies/index.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { houseOf } from '../house.ts';
import { clean, wrap } from '../text.ts';

export const policyCheckCommand = defineCommand({
  args: {
    house: {
      type: 'string',
      valueHint: 'FILE',
      description: 'check against this house.yaml, not the running daemon',
    },
  },
  rest: 'FILES',
  notes: ['ganglion policy check', 'ganglion policy check policies/evening.yaml --house house.yaml'],
  async run({ args, words, io, style }) {
    const config = readConfig(io, args.config);
    const { checkPolicies, parsePolicies } = await import('../../../policies/index.ts');
    const paths =
      words.length > 0 ? words.map((word) => resolve(io.cwd, word)) : [config.policies ?? missingFolder()];
    const files = await readFiles(paths);
    const given = args.house === undefined ? undefined : resolve(io.cwd, args.house);
    const place = await findHouse(config, given);
    const tools = await toolsOf(config, io);
    const found =
      place === undefined
        ? { ...parsePolicies(files), templates: [] }
        : checkPolicies(files, place.house, tools);
    const { problems, templates } = found;
    const policies = [...found.policies, ...found.vetoes];
    const errors = problems.filter((problem) => problem.severity === 'error').length;
    if (args.json === true) {
      printJson(io, {
        ok: errors === 0,
        house: place?.from ?? null,
        policies: policies.length,
        templates,
        problems,
      });
    } else {
      for (const problem of problems) print(problem, io, style);
      for (const { id, rules } of templates) {
        if (rules.length === 0) continue; // named among the problems
        const made = rules.length === 1 ? '1 rule' : `${rules.length} rules`;
        io.out(
          `${wrap(`${style.bold(clean(id))} becomes ${made}: ${clean(rules.join(', '))}`, io.columns)}\n`,
        );
      }
      const against =
        place === undefined ? 'No house was found to check names against' : `Checked against ${place.from}`;
      const verdict =
        problems.length === 0 ? 'nothing wrong' : `${errors} wrong, ${problems.length - errors} to look at`;
      io.out(
        `${wrap(`${against}: ${policies.length} ${policies.length === 1 ? 'policy' : 'policies'}, ${verdict}.`, io.columns)}\n`,
      );
    }
    return errors === 0 ? 0 : 1;
  },
});

function missingFolder(): never {
  throw new GanglionError('USAGE', {
    message: 'Expected policy files, or `policies:` in ganglion.yaml, but received neither.',
  });
}

/** Throws CONFIG_UNREADABLE for the first path that cannot be read: it was named on purpose. */
async function readFiles(paths: readonly string[]): Promise<readonly { name: string; text: string }[]> {
  const { readPolicyFiles } = await import('../../policy-files.ts');
  return paths.flatMap((path) =>
    readPolicyFiles(path, (error) => {
      throw error;
    }),
  );
}

/** The house file that was named, the running daemon, or the configured house file. */
async function findHouse(
  config: Config,
  given: string | undefined,
): Promise<{ readonly house: House; readonly from: string } | undefined> {
  if (given === undefined) {
    const daemon = new DaemonConnection(config);
    if (await daemon.running()) {
      return {
        house: houseOf(await daemon.get<DevicesReply>('/v1/devices')),
        from: `the daemon at ${daemon.url}`,
      };
    }
  }
  const file = given ?? config.house;
  if (file === undefined) return undefined;
  const { houseFromFile } = await import('../house-file.ts');
  return { house: houseFromFile(file, readYaml(file)), from: file };
}

async function toolsOf(config: Config, io: CommandContext['io']) {
  if (config.extensions.length === 0) return [];
  const { loadExtensions } = await import('../../extensions.ts');
  const { tools } = await loadExtensions(config.extensions, (error) => io.err(`${clean(error.message)}\n`));
  return [...tools.values()].map(({ tool }) => tool);
}

function print(problem: PolicyProblem, io: CommandContext['io'], style: CommandContext['style']): void {
  const file = relative(io.cwd, problem.file);
  const place = [file, problem.line].filter((part) => part !== undefined && part !== '').join(':');
  const where = [problem.policy, problem.path].filter((part) => part !== undefined && part !== '').join(' ');
  const severity = problem.severity === 'error' ? style.bad('error') : style.warn('warning');
  io.out(`${severity} ${style.bold(clean(place))}${where === '' ? '' : ` ${clean(where)}`}\n`);
  io.out(`${wrap(clean(problem.message), io.columns, '  ')}\n`);
}
