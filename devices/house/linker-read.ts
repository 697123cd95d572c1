import { withoutCourtesies } from './linker-courtesy.ts';
import { indexOf, type HouseIndex, type LinkableHouse } from './linker-index.ts';
import { correct, spansOf } from './linker-parse.ts';
import { tokenize, type Token } from './linker-tokenize.ts';
import { mergeNumbers } from './linker-values.ts';

/** A sentence as the gates and the linker's parts read it. */
export interface Words {
  readonly tokens: readonly Token[];
  /** Which tokens belong to a name of the house. */
  readonly inSpan: readonly boolean[];
  readonly index: HouseIndex;
}

/** The words of a text, slips corrected and numbers put together, with what of them are names of this house. */
export function readWords(text: string, house: LinkableHouse): Words {
  const index = indexOf(house);
  const { tokens } = correct(mergeNumbers(tokenize(text)), index);
  return { tokens, inSpan: spansOf(tokens, index), index };
}

/** The same without set phrases that mean nothing. */
export function readPlainly(text: string, house: LinkableHouse): Words {
  const { tokens, inSpan, index } = readWords(text, house);
  return { ...withoutCourtesies(tokens, inSpan), index };
}
