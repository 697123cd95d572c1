import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { didYouMean, suggest } from '../lib/suggest.ts';
import { readArguments, usage } from './arguments.ts';
import type { CommandEntry } from './command.ts';
import { COMMANDS } from './commands.ts';
import { commandHelp, overview } from './help.ts';
import type { CliIo } from './io.ts';
import { reportFailure } from './report.ts';
import { styleOf } from './style.ts';

/** Runs one command line. @returns the exit code: 0 ok, 1 failed, 2 wrong usage */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    return reportFailure(io, error, argv.includes('--json'));
  }
}

async function dispatch(argv: readonly string[], io: CliIo): Promise<number> {
  const style = styleOf(io.colour);
  const [first] = argv;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const shown = overview(COMMANDS, packageVersion(), style, Math.min(io.columns, 100));
    if (first === undefined) io.err(shown);
    else io.out(shown);
    return first === undefined ? 2 : 0;
  }
  if (first === '--version' || first === '-v') {
    io.out(`${packageVersion()}\n`);
    return 0;
  }
  const entry = findCommand(argv);
  if (entry === undefined) {
    // `ganglion policy`, `ganglion model --help`: the commands of that group.
    const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
    const second = argv[1];
    const asked = second === 'help' || wantsHelp(argv.slice(1));
    if (group.length === 0 || !(second === undefined || asked)) throw unknownCommand(argv);
    const shown = overview(group, packageVersion(), style, Math.min(io.columns, 100), first);
    if (asked) io.out(shown);
    else io.err(shown);
    return asked ? 0 : 2;
  }
  const rest = argv.slice(entry.name.split(' ').length);
  const command = await entry.load();
  if (wantsHelp(rest)) {
    io.out(commandHelp(entry, command, style, Math.min(io.columns, 100)));
    return 0;
  }
  const given = command.raw === true ? [] : rest;
  const { args, words } = readArguments(command, entry.name, given);
  return (await command.run({ args, words: command.raw === true ? rest : words, io, style })) ?? 0;
}

/** `policy check` before `policy`. */
function findCommand(argv: readonly string[]): CommandEntry | undefined {
  const two = argv.slice(0, 2).join(' ');
  return COMMANDS.find((entry) => entry.name === two) ?? COMMANDS.find((entry) => entry.name === argv[0]);
}

function unknownCommand(argv: readonly string[]): Error {
  const prefix = `${argv[0]} `;
  const group = COMMANDS.filter(({ name }) => name.startsWith(prefix)).map(({ name }) =>
    name.slice(prefix.length),
  );
  if (group.length > 0) {
    const word = argv[1] ?? '';
    const near = suggest(word, group);
    const hint = near === undefined ? `there is ${group.join(', ')}` : `did you mean ${near}?`;
    return usage(`Expected a command of ${argv[0]} but received "${word.slice(0, 60)}"; ${hint}`, argv[0]);
  }
  const given = argv[0] ?? '';
  const hint = didYouMean(
    given,
    COMMANDS.map((entry) => entry.name),
  );
  return usage(`Expected a command but received "${given.slice(0, 60)}"; ${hint}`);
}

function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const before = end < 0 ? argv : argv.slice(0, end);
  return before.includes('--help') || before.includes('-h');
}

/** From package.json, which lies beside `runtime/` in the sources and beside `dist/` in the package. */
export function packageVersion(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 5; up++) {
    try {
      const text = readFileSync(join(folder, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      folder = dirname(folder);
    }
  }
  return 'unknown';
}
