import type { Area, Entity } from '../../../runtime/contract/house.ts';
import type { Present } from '../../../runtime/modelhost/synapse/commands.ts';
import type { FloorName, Listable } from '../../../runtime/modelhost/synapse/listing.ts';
import type { Home, HomeEntity } from './homes.ts';
import { linesOf, type Lexicon, type Part, type Sections } from './lexicon.ts';
import type { Random } from './random.ts';

/** A part of a home that texts are made about, and who makes them. */
export interface Scene {
  readonly random: Random;
  readonly lexicon: Lexicon;
  readonly part: Part;
  readonly home: Home;
  /** What may be named. */
  readonly entities: readonly HomeEntity[];
  readonly areas: readonly Area[];
  readonly floors: readonly FloorName[];
  /** Where the speaker is, if that is known. */
  readonly here?: Area;
}

export const ANY_STATE: Present = () => undefined;

export function sceneOf(
  base: Pick<Scene, 'random' | 'lexicon' | 'part' | 'home'>,
  listed: readonly Listable[],
  withHere: boolean,
): Scene {
  const { home, random } = base;
  const ids = (type: Listable['type']): ReadonlySet<string> =>
    new Set(listed.filter((one) => one.type === type).map(({ id }) => id));
  const [entities, areas, floors] = [ids('entity'), ids('area'), ids('floor')];
  const own = home.areas.filter(({ id }) => areas.has(id));
  return {
    ...base,
    entities: home.entities.filter(({ entity }) => entities.has(entity.id)),
    areas: own,
    floors: home.floors.filter(({ id }) => floors.has(id)),
    ...(withHere && own.length > 0 ? { here: random.pick(own) } : {}),
  };
}

/** A random part of a home: a few areas with much of what is in them, and strangers. */
export function someOf(home: Home, random: Random, most: number): Listable[] {
  const areas = random.shuffled(home.areas).slice(0, random.int(1, 3));
  const floors = random.shuffled(home.floors).slice(0, random.chance(0.35) ? 1 : 0);
  const near = random.shuffled(
    home.entities.filter(({ entity }) => areas.some(({ id }) => id === entity.area)),
  );
  const far = random.shuffled(home.entities.filter((one) => !near.includes(one)));
  const room = Math.max(1, most - areas.length - floors.length);
  const count = random.int(1, room);
  const chosen = [...near.slice(0, Math.ceil(count * 0.7)), ...far].slice(0, count);
  return [
    ...floors.map(({ id }): Listable => ({ type: 'floor', id })),
    ...areas.map(({ id }): Listable => ({ type: 'area', id })),
    ...chosen.map(({ entity }): Listable => ({ type: 'entity', id: entity.id })),
  ];
}

export function line({ random, part }: Scene, sections: Sections, name: string): string {
  return random.pick(linesOf(sections, name, part));
}

/** Whether a name alone tells which one is meant. */
export function isUnique({ home }: Scene, entity: Entity): boolean {
  const names = (other: Entity): string[] => [other.name, ...other.aliases].map((name) => name.toLowerCase());
  const own = names(entity);
  const others = home.entities.filter(
    (one) => one.entity !== entity && names(one.entity).some((name) => own.includes(name)),
  );
  const places = [...home.areas, ...home.floors].flatMap(({ name, aliases }) => [name, ...aliases]);
  // `the light` is any light, even if one of them is called so.
  const noun = home.of.get(entity.id)?.noun ?? '';
  const plain =
    own[0] === noun && home.entities.some((one) => one.entity !== entity && one.entity.kind === entity.kind);
  return others.length === 0 && !plain && !places.some((name) => own.includes(name.toLowerCase()));
}

export function placeName(
  random: Random,
  place: { readonly name: string; readonly aliases: readonly string[] },
): string {
  return (
    place.aliases.length > 0 && random.chance(0.3) ? random.pick(place.aliases) : place.name
  ).toLowerCase();
}

/** `the Anna's lamp`, `in the room 12` and `in the balcony` are said by nobody. */
export function withoutDoubleArticle(text: string): string {
  return text
    .replaceAll(
      /\b(?:the|my|our) ((?:\p{L}+ )?(?:room|bedroom|bathroom|office|suite|unit|lab|hall|zone) \d+)\b/gu,
      '$1',
    )
    .replaceAll(
      /\bin (the|my|our) ((?:roof )?terrace|balcony|patio|porch|driveway|landing|deck|mezzanine|veranda|staircase)\b/g,
      'on $1 $2',
    )
    .replaceAll(/\b(?:the|my|our|that) ((?:\p{L}+'s) )/gu, '$1')
    .replaceAll(/\blevel level\b/g, 'level')
    .replaceAll(/\b(the|my|our) (?:the|my|our) /g, '$1 ')
    .replaceAll(/\b(in|inside|for|from|of) the (upstairs|downstairs|outside|outdoors)\b/g, '$2')
    .replaceAll(/\bon (?:the )?(upstairs|downstairs|outside|outdoors)\b(?: level)?/g, '$1')
    .replaceAll(/\bon the (upstairs|downstairs) level\b/g, '$1');
}
