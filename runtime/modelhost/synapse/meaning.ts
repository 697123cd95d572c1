import { foreignWord, labelOf, rank, saysTooLittle, strayWord } from '../../../devices/index.ts';
import type { Call } from '../../contract/action.ts';
import { propertyKey, type PropertyKey } from '../../contract/ids.ts';
import type { Present } from './commands.ts';
import { propertiesOf, type Line, type ListedHouse, type Listing } from './listing.ts';
import { entitiesOf, resolveCalls } from './resolve.ts';
import { readSaid, type Said } from './said.ts';
import type { SaidValue } from './values.ts';

/** What an answer of the embedded model comes to in a house. */
export type Meaning =
  /** No calls: nothing is to be done. */
  | { readonly type: 'calls'; readonly calls: readonly Call[] }
  /** What a question is answered from. */
  | { readonly type: 'query'; readonly keys: readonly PropertyKey[] };

/** Undefined for an answer that is none, or a rule. */
export function meaningOf(
  answer: string,
  { listing, values }: { readonly listing: Listing; readonly values: readonly SaidValue[] },
  present: Present,
): Meaning | undefined {
  const said = readSaid(answer);
  return said === undefined ? undefined : meaningOfSaid(said, listing, values, present);
}

export function meaningOfSaid(
  said: Said,
  listing: Listing,
  values: readonly SaidValue[],
  present: Present,
): Meaning | undefined {
  switch (said.type) {
    case 'none':
      return { type: 'calls', calls: [] };
    case 'calls':
      return { type: 'calls', calls: once(resolveCalls(said.calls, listing, values, present)) };
    case 'query': {
      const asked = entitiesOf(said.target, said.kind, [], listing).filter((entity) =>
        propertiesOf(entity).includes(said.property),
      );
      return { type: 'query', keys: asked.map(({ id }) => propertyKey(id, said.property)) };
    }
    case 'rule':
      return undefined;
  }
}

/**
 * What speaks against an answer in the words of the request: then it is not done, however sure the model is. A word may name
 * something else than what was chosen, or all words together too little for the whole house. Undefined where nothing does.
 */
export function doubtIn(
  answer: string,
  request: { readonly text: string; readonly house: ListedHouse },
  { listing }: { readonly listing: Listing },
  calls: readonly Call[],
): string | undefined {
  const said = readSaid(answer);
  if (said?.type !== 'calls' || calls.length === 0) return undefined;
  const pointers = said.calls.flatMap(({ target, but }) =>
    target === 'house' ? but : [target.pointer, ...but],
  );
  const names = pointers.flatMap((pointer) => {
    const line = listing.byPointer.get(pointer);
    return line === undefined ? [] : namesOf(line);
  });
  const { text, house } = request;
  const everywhere = said.calls.some(({ target }) => target === 'house');
  if (everywhere && calls.length > 1 && saysTooLittle(text, house))
    return `it does not say which of ${calls.length} devices it means`;
  const foreign = foreignWord(text, house);
  if (foreign !== undefined && (everywhere || rank(foreign, house, 1).length === 0))
    return `nothing of this house is called “${foreign}”`;
  const valueless = said.calls.every(({ operand }) => operand === undefined);
  const stray = strayWord(text, house, {
    entities: calls.map(({ entity }) => entity),
    names,
    valueless,
    everywhere,
  });
  return stray === undefined ? undefined : `nothing of what was chosen is called “${stray}”`;
}

function namesOf(line: Line): readonly string[] {
  if (line.type === 'entity') return [line.entity.name, ...line.entity.aliases];
  if (line.type === 'area') return [line.area.name, line.area.id, ...line.area.aliases];
  return [line.floor.name, ...line.floor.aliases];
}

/** `the kitchen and the big light` means the big light once: two toggles would undo each other. */
export function once(calls: readonly Call[]): Call[] {
  return [...new Map(calls.map((call) => [labelOf([call]), call])).values()];
}
