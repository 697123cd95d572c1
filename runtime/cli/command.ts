import type { ArgsDef, ParsedArgs } from 'citty';
import type { CliIo } from './io.ts';
import type { Style } from './style.ts';

/** Every command takes these. */
export const COMMON_ARGS = {
  config: {
    type: 'string',
    alias: 'c',
    valueHint: 'FILE',
    description: 'configuration file (default: ganglion.yaml here, if there is one)',
  },
  json: { type: 'boolean', description: 'print one JSON value for machines' },
} as const satisfies ArgsDef;

export interface CommandContext<T extends ArgsDef = ArgsDef> {
  readonly args: ParsedArgs<T & typeof COMMON_ARGS>;
  /** The words beyond the named ones, where the command takes any number. */
  readonly words: readonly string[];
  readonly io: CliIo;
  readonly style: Style;
}

export interface Command<T extends ArgsDef = ArgsDef> {
  readonly args: T;
  /** What any number of further words are, in the usage line: `FILES`. Left out: no further words. */
  readonly rest?: string;
  /** The command reads its own options: `words` is everything after its name. */
  readonly raw?: boolean;
  /** Lines under the options in the help: examples, mostly. */
  readonly notes?: readonly string[];
  /** The exit code; nothing means 0. Throws GanglionError. */
  run(context: CommandContext<T>): Promise<number | undefined>;
}

/** What the table of commands holds: enough for the list of commands, nothing loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/** Keeps the argument types of one command for its `run`, and forgets them for the table. */
export function defineCommand<const T extends ArgsDef>(command: Command<T>): Command {
  return command as unknown as Command;
}

/** Prints a value for machines. */
export function printJson(io: CliIo, value: unknown): void {
  io.out(`${JSON.stringify(value)}\n`);
}
