import { COLORS, UNITS } from './linker-lexicon.ts';
import type { Token } from './linker-tokenize.ts';

/** One clause of a request: its tokens, and which of them belong to names. */
export interface Part {
  readonly tokens: Token[];
  readonly inSpan: boolean[];
}

/** Words between two things that are asked for together. */
const JOINERS: readonly (readonly string[])[] = [
  ['and'],
  ['then'],
  ['plus'],
  ['as', 'well', 'as'],
  ['along', 'with'],
  ['while', 'youre', 'at', 'it'],
  ['while', 'you'],
];

/** Cuts at joining words and commas that are not inside a name. */
export function splitClauses(tokens: readonly Token[], inSpan: readonly boolean[]): Part[] {
  const parts: Part[] = [{ tokens: [], inSpan: [] }];
  for (let at = 0; at < tokens.length; at++) {
    const joiner =
      inSpan[at] === true
        ? undefined
        : JOINERS.find((words) => words.every((word, i) => tokens[at + i]?.text === word));
    // `each and every` is one thought.
    const idiom = joiner?.[0] === 'and' && tokens[at + 1]?.text === 'every';
    if ((joiner !== undefined && !idiom) || tokens[at]!.afterPause) parts.push({ tokens: [], inSpan: [] });
    if (joiner !== undefined) {
      at += joiner.length - 1;
      continue;
    }
    parts.at(-1)!.tokens.push(tokens[at]!);
    parts.at(-1)!.inSpan.push(inSpan[at] === true);
  }
  return parts;
}

const STATES = new Set(
  'on off open closed shut up down locked unlocked low high auto automatic heat cool heating cooling dry'.split(
    ' ',
  ),
);

/** A clause without what a change starts from: `from 20 to 40 %`, `from off to on`. Only where that is one value or state. */
export function withoutOrigin(part: Part): Part {
  const { tokens, inSpan } = part;
  const from = tokens.findIndex(({ text }, at) => text === 'from' && !inSpan[at]!);
  const to = tokens.findIndex(({ text }, at) => at > from && text === 'to');
  if (from < 0 || to < 0 || inSpan.slice(from, to + 1).includes(true)) return part;
  const origin = tokens.slice(from + 1, to).filter(({ stem }) => !UNITS.has(stem));
  const [value] = origin;
  if (value === undefined || origin.length > 1) return part;
  // `from 8 to 10` may be hours.
  const counts = value.number !== undefined && UNITS.has(tokens[to + 2]?.stem ?? '');
  if (!counts && !STATES.has(value.text) && !COLORS.has(value.text)) return part;
  const isKept = (_: unknown, at: number): boolean => at < from || at >= to;
  return { tokens: tokens.filter(isKept), inSpan: inSpan.filter(isKept) };
}
