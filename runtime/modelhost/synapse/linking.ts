import { rank, type LinkableHouse } from '../../../devices/index.ts';
import type { Line, Listable, Listing } from './listing.ts';
import type { Hints } from './question.ts';

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

/** Of what is listed, what the linker ranks first. `here`: id of the area the speaker is in. */
export function hintsFor(
  text: string,
  listing: Listing,
  house: LinkableHouse,
  here: string | undefined,
): Hints {
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
