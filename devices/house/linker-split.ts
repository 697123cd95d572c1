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
