import type { ArgsDef } from 'citty';
import { COMMON_ARGS, type Command, type CommandEntry } from './command.ts';
import type { Style } from './style.ts';
import { padEnd, width, wrap } from './text.ts';

/** `ganglion --help`, or that of a group of commands such as `policy`. */
export function overview(
  entries: readonly CommandEntry[],
  version: string,
  style: Style,
  columns: number,
  group?: string,
): string {
  const rows = entries.map(({ name, summary }) => [name, summary] as const);
  return [
    `${style.bold('ganglion')} ${version}: an on-device agent runtime`,
    '',
    `Usage: ganglion ${group === undefined ? '' : `${group} `}COMMAND [OPTIONS]`,
    '',
    definitions(rows, style, columns),
    '',
    'Every command takes --config FILE, --json and --help.',
    '',
  ].join('\n');
}

/** `ganglion NAME --help`. */
export function commandHelp(entry: CommandEntry, command: Command, style: Style, columns: number): string {
  const defs: ArgsDef = { ...command.args, ...COMMON_ARGS };
  const words: string[] = [];
  const positional: (readonly [string, string])[] = [];
  const options: (readonly [string, string])[] = [];
  for (const [name, def] of Object.entries(defs)) {
    const description = def.description ?? '';
    if (def.type === 'positional') {
      const shown = name.toUpperCase();
      words.push(def.required === false ? `[${shown}]` : shown);
      positional.push([shown, description]);
    } else {
      const alias = 'alias' in def && typeof def.alias === 'string' ? `-${def.alias}, ` : '';
      const value = def.type === 'boolean' ? '' : ` ${def.valueHint ?? name.toUpperCase()}`;
      options.push([`${alias}--${name}${value}`, description]);
    }
  }
  if (command.rest !== undefined) words.push(`[${command.rest}…]`);
  return [
    wrap(entry.summary, columns),
    '',
    `Usage: ganglion ${[entry.name, ...words].join(' ')} [OPTIONS]`,
    ...(positional.length === 0 ? [] : ['', definitions(positional, style, columns)]),
    '',
    definitions(options, style, columns),
    ...(command.notes === undefined ? [] : ['', ...command.notes.map((note) => `  ${note}`)]),
    '',
  ].join('\n');
}

function definitions(rows: readonly (readonly [string, string])[], style: Style, columns: number): string {
  const left = Math.min(30, Math.max(...rows.map(([term]) => width(term))) + 2);
  return rows
    .map(([term, text]) => {
      const lines = wrap(text, Math.max(40, columns - left - 2)).split('\n');
      const first = `  ${style.accent(padEnd(term, left))}${lines[0]}`;
      return [first, ...lines.slice(1).map((line) => ' '.repeat(left + 2) + line)].join('\n');
    })
    .join('\n');
}
