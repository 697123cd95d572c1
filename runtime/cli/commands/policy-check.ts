import { relative, resolve } from 'node:path';
import type { PolicyProblem } from '../../../policies/index.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { readConfig } from '../connection.ts';
import { findHouse, missingFolder, readFiles, toolsOf } from '../policy-world.ts';
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

function print(problem: PolicyProblem, io: CommandContext['io'], style: CommandContext['style']): void {
  const file = relative(io.cwd, problem.file);
  const place = [file, problem.line].filter((part) => part !== undefined && part !== '').join(':');
  const where = [problem.policy, problem.path].filter((part) => part !== undefined && part !== '').join(' ');
  const severity = problem.severity === 'error' ? style.bad('error') : style.warn('warning');
  io.out(`${severity} ${style.bold(clean(place))}${where === '' ? '' : ` ${clean(where)}`}\n`);
  io.out(`${wrap(clean(problem.message), io.columns, '  ')}\n`);
}
