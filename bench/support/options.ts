import { GanglionError } from '../../runtime/errors.ts';

/** The options of one bench with the values they have unless the command line says otherwise. */
export type OptionDefaults = Readonly<Record<string, number>>;

/**
 * Reads `--rounds 5 --seconds=10` by a bench's own defaults. `--short` takes the values of its short form first.
 * Throws BENCH_OPTION for an option the bench does not have or a value that is no number above zero.
 */
export function readOptions<D extends OptionDefaults>(
  args: readonly string[],
  defaults: D,
  short: Partial<D>,
): Record<keyof D, number> {
  const rest = args.filter((arg) => arg !== '--short');
  const values: Record<string, number> = { ...defaults };
  if (rest.length < args.length)
    for (const [key, value] of Object.entries(short)) values[key] = Number(value);
  for (let i = 0; i < rest.length; i++) {
    const [flag = '', inline] = rest[i]!.split('=', 2);
    const key = flag.replace(/^--/, '');
    if (!flag.startsWith('--') || !Object.hasOwn(defaults, key)) {
      const known = [...Object.keys(defaults).map((name) => `--${name}`), '--short'].join(', ');
      throw new GanglionError('BENCH_OPTION', {
        option: 'an option',
        expected: `one of ${known}`,
        received: flag,
      });
    }
    const text = inline ?? rest[++i] ?? 'nothing';
    const value = Number(text);
    if (!(value > 0) || !Number.isFinite(value))
      throw new GanglionError('BENCH_OPTION', { option: flag, expected: 'a number above 0', received: text });
    values[key] = value;
  }
  return values as Record<keyof D, number>;
}

/** The value of a text option, taken out of the list: `--model x` or `--model=x`. Throws BENCH_OPTION if it has none. */
export function takeText(args: string[], option: string): string | undefined {
  const at = args.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
  if (at === -1) return undefined;
  const inline = args[at] === option ? undefined : args[at]!.slice(option.length + 1);
  const value = inline ?? args[at + 1];
  if (value === undefined || value === '')
    throw new GanglionError('BENCH_OPTION', { option, expected: 'a value', received: 'nothing' });
  args.splice(at, inline === undefined ? 2 : 1);
  return value;
}
