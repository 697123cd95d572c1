import type { Random } from './random.ts';

/** Slips of the finger: a letter too few, too many, wrong or swapped, in one word of at least four letters. */
export function withTypo(text: string, random: Random): string {
  const words = [...text.matchAll(/\p{L}{4,}/gu)];
  if (words.length === 0) return text;
  const match = random.pick(words);
  const word = match[0];
  const at = random.int(1, word.length - 2);
  const slips: readonly (() => string)[] = [
    () => word.slice(0, at) + word.slice(at + 1),
    () => word.slice(0, at) + word.charAt(at) + word.slice(at),
    () => word.slice(0, at) + (NEIGHBOURS[word.charAt(at)] ?? 'e') + word.slice(at + 1),
    () => word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2),
  ];
  return text.slice(0, match.index) + random.pick(slips)() + text.slice(match.index + word.length);
}

/** A key beside each key. */
const NEIGHBOURS: Readonly<Record<string, string>> = Object.fromEntries(
  ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'].flatMap((row) =>
    [...row].map((key, i): [string, string] => [key, row[i + 1] ?? row[i - 1]!]),
  ),
);
