import { indexOf, type LinkableHouse } from './linker-index.ts';
import { gistOf, type Gist } from './linker-intent.ts';
import { correct, spansOf } from './linker-parse.ts';
import { tokenize } from './linker-tokenize.ts';
import { mergeNumbers } from './linker-values.ts';

/** Whether a sentence orders, asks, denies, calls off or puts off: the gate before anything is executed. */
export function gist(text: string, house: LinkableHouse): Gist {
  const index = indexOf(house);
  const { tokens } = correct(mergeNumbers(tokenize(text)), index);
  return gistOf(tokens, spansOf(tokens, index), /\?\s*$/u.test(text));
}
