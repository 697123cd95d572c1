import { parseArgs, type ArgsDef } from 'citty';
import { GanglionError, messageOf } from '../errors.ts';
import { didYouMean } from '../lib/suggest.ts';
import { COMMON_ARGS, type Command, type CommandContext } from './command.ts';

/** Marks a word that begins with a minus but is a number or a span (`-1`, `-1h`), so that it is not read as options. */
const NEGATIVE = '\u0000';

type Arguments = Pick<CommandContext, 'args' | 'words'>;

/** Throws USAGE for anything the command does not take. */
export function readArguments(command: Command, name: string, argv: readonly string[]): Arguments {
  const defs: ArgsDef = { ...command.args, ...COMMON_ARGS };
  const marked = argv.map((word) => (/^-\.?\d/.test(word) ? NEGATIVE + word : word));
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs(marked, defs);
  } catch (error) {
    throw usage(usageSentence(messageOf(error)), name);
  }
  const known = knownNames(defs);
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(parsed) as [string, unknown][]) {
    if (key !== '_' && !known.has(key)) {
      const hint = didYouMean(key, Object.keys(defs));
      throw usage(`Expected an option of ${name} but received --${key}; ${hint}`, name);
    }
    const def = defs[key];
    if (value === '' && (def?.type === 'string' || def?.type === 'enum')) {
      throw usage(`Expected a value for --${key} but received nothing.`, name);
    }
    values[key] = typeof value === 'string' ? unmark(value) : value;
  }
  const positionals = Object.values(defs).filter((def) => def.type === 'positional').length;
  const words = parsed._.slice(positionals).map(unmark);
  if (words.length > 0 && command.rest === undefined) {
    throw usage(`Expected no more words for ${name} but received "${words[0]}".`, name);
  }
  return { args: values as CommandContext['args'], words };
}

/** Wrong usage of a command, or of the program where none is named. */
export function usage(message: string, name?: string): GanglionError<'USAGE'> {
  const help = name === undefined ? 'ganglion --help' : `ganglion ${name} --help`;
  return new GanglionError('USAGE', {
    message: `${/[.?]$/.test(message) ? message : `${message}.`} See \`${help}\`.`,
  });
}

/** A whole number given as text. Throws USAGE. */
export function wholeNumber(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
  throw new GanglionError('USAGE', {
    message: `Expected a whole number from ${least} to ${most} for ${option} but received ${text}.`,
  });
}

function unmark(word: string): string {
  return word.startsWith(NEGATIVE) ? word.slice(1) : word;
}

/** The parser speaks of "Missing required positional argument: TEXT". */
function usageSentence(message: string): string {
  // Its messages may carry colours.
  const plain = message.replaceAll(/\u001B\[\d+m/g, '');
  const missing = /^Missing required (?:positional )?argument: (.+)$/.exec(plain);
  if (missing !== null) return `Expected ${missing[1]} but received nothing`;
  const invalid = /^Invalid value for argument: (\S+) \((.*)\)\. Expected one of: (.*)\.$/.exec(plain);
  return invalid === null
    ? plain
    : `Expected one of ${invalid[3]} for ${invalid[1]} but received ${invalid[2]}`;
}

function knownNames(defs: ArgsDef): Set<string> {
  const names = new Set<string>();
  for (const [name, def] of Object.entries(defs)) {
    names.add(name);
    names.add(name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()));
    if ('alias' in def) for (const alias of [def.alias ?? []].flat()) names.add(alias);
  }
  return names;
}
