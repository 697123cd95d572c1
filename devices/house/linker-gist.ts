import type { LinkableHouse } from './linker-index.ts';
import { gistOf, type Gist } from './linker-intent.ts';
import { readWords } from './linker-read.ts';

/** Whether a sentence orders, asks, denies, calls off or puts off: the gate before anything is executed. */
export function gist(text: string, house: LinkableHouse): Gist {
  const { tokens, inSpan } = readWords(text, house);
  return gistOf(tokens, inSpan, /\?\s*$/u.test(text));
}
