import { rank, type LinkableHouse } from '../../../devices/index.ts';
import type { Line, Listable, Listing } from './listing.ts';
import { isWithin, mentionsIn } from './mentions.ts';
import type { Hints, Marked } from './question.ts';
import { MAX_VALUES } from './tokens.ts';
import { valuesIn } from './values.ts';

/** So many things the linker ranks; those that are listed become hints. */
const RANKED = 8;

/**
 * What is listed for a text: what it is about whatever it says (`sure`), then what the linker ranks first. At most `most`,
 * or all that is sure.
 * @param text plain: see plainText
 */
export function listedFor(
  text: string,
  house: LinkableHouse,
  most: number,
  sure: readonly Listable[] = [],
): Listable[] {
  const ranked = rank(text, house, most).map(({ type, id }): Listable => ({ type, id }));
  const all = new Map([...sure, ...ranked].map((one) => [`${one.type} ${one.id}`, one]));
  return [...all.values()].slice(0, Math.max(most, sure.length));
}

/** What is found in a text before the model sees it. `here`: id of the area the speaker is in. */
export function mark(text: string, listing: Listing, house: LinkableHouse, here?: string): Marked {
  const all = valuesIn(text, optionsOf(listing), Infinity);
  const mentions = mentionsIn(text, listing, all);
  const found = all
    .filter((value) => !mentions.some((mention) => isWithin(value, mention)))
    .slice(0, MAX_VALUES);
  return { text, found, mentions, hints: hintsFor(text, listing, house, here) };
}

/** Of what is listed, what the linker ranks first. */
function hintsFor(text: string, listing: Listing, house: LinkableHouse, here: string | undefined): Hints {
  const pointer = new Map(listing.lines.map((line) => [`${line.type} ${idOf(line)}`, line.pointer]));
  const pointers = rank(text, house, RANKED * 2).flatMap(
    ({ type, id }) => pointer.get(`${type} ${id}`) ?? [],
  );
  const where = here === undefined ? undefined : pointer.get(`area ${here}`);
  return { pointers: pointers.slice(0, RANKED), ...(where === undefined ? {} : { here: where }) };
}

/** Words of the lists of devices in a listing: values that a text can name. */
export function optionsOf(listing: Listing): string[] {
  return listing.lines.flatMap((line) =>
    line.type === 'entity'
      ? [
          ...(line.entity.properties['option']?.values ?? []),
          ...(line.entity.properties['source']?.values ?? []),
        ]
      : [],
  );
}

function idOf(line: Line): string {
  if (line.type === 'entity') return line.entity.id;
  return line.type === 'area' ? line.area.id : line.floor.id;
}
