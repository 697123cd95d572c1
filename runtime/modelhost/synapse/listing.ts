import type { PromptPart } from '../../contract/engine.ts';
import type { Area, Entity, House } from '../../contract/house.ts';
import { kindSpec } from '../../contract/kinds.ts';
import { plainText } from './values.ts';
import {
  isProperty,
  isTargetKind,
  kindToken,
  MAX_POINTERS,
  pointerToken,
  type Property,
  type TargetKind,
} from './tokens.ts';

/** What people call a floor; houses that know more than an id say so. */
export interface FloorName {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
}

export type ListedHouse = House & { floors?(): Iterable<FloorName> };

/** What one line stands for. `members`: what an area or floor holds, the entity itself otherwise. */
export type Line = { readonly pointer: number; readonly members: readonly Entity[] } & (
  | { readonly type: 'entity'; readonly entity: Entity }
  | { readonly type: 'area'; readonly area: Area }
  | { readonly type: 'floor'; readonly floor: FloorName }
);

/** The part of a house that the embedded model is shown: what a sentence may be about. */
export interface Listing {
  readonly lines: readonly Line[];
  readonly byPointer: ReadonlyMap<number, Line>;
  /** Of the whole house, not only of what is listed. */
  readonly members: readonly Entity[];
  /** Floor of an area id. */
  readonly floorOf: ReadonlyMap<string, string>;
  readonly floorNames: ReadonlyMap<string, string>;
  readonly areaNames: ReadonlyMap<string, string>;
}

/** What is to be listed, by id. */
export type Listable =
  | { readonly type: 'entity'; readonly id: string }
  | { readonly type: 'area'; readonly id: string }
  | { readonly type: 'floor'; readonly id: string };

/**
 * Lists these parts of a house, at most 32, in an order that depends on what they are and not on how they were found: the
 * same set gives the same text, and what a model made of it can be kept. `pointers`: the numbers to use, from 1 on unless given.
 */
export function listingOf(
  house: ListedHouse,
  wanted: readonly Listable[],
  pointers: readonly number[] = wanted.map((_, i) => i + 1),
): Listing {
  const all = [...house.entities()].filter(({ kind }) => isTargetKind(kind));
  const floors = new Map([...(house.floors?.() ?? [])].map((floor) => [floor.id, floor]));
  const areas = [...house.areas()];
  const floorOf = new Map(
    areas.flatMap(({ id, floor }) => (floor === undefined ? [] : [[id, floor] as const])),
  );
  const unique = [...new Map(wanted.map((one) => [`${one.type} ${one.id}`, one])).values()];
  const lines = unique
    .toSorted((a, b) => ORDER[a.type] - ORDER[b.type] || (a.id < b.id ? -1 : 1))
    .slice(0, MAX_POINTERS)
    .flatMap((one, i): Line[] => {
      const pointer = pointers[i];
      if (pointer === undefined) return [];
      if (one.type === 'entity') {
        const entity = all.find(({ id }) => id === one.id);
        return entity === undefined ? [] : [{ type: 'entity', pointer, entity, members: [entity] }];
      }
      if (one.type === 'area') {
        const area = house.area(one.id);
        const members = all.filter((entity) => entity.area === one.id);
        return area === undefined ? [] : [{ type: 'area', pointer, area, members }];
      }
      const floor = floors.get(one.id) ?? { id: one.id, name: one.id.replaceAll('_', ' '), aliases: [] };
      const members = all.filter(({ area }) => area !== undefined && floorOf.get(area) === one.id);
      return [{ type: 'floor', pointer, floor, members }];
    });
  return {
    lines,
    byPointer: new Map(lines.map((line) => [line.pointer, line])),
    members: all,
    floorOf,
    floorNames: new Map([...floors.values()].map(({ id, name }) => [id, name])),
    areaNames: new Map(areas.map(({ id, name }) => [id, name])),
  };
}

const ORDER = { floor: 0, area: 1, entity: 2 } as const;
const MAX_NAME = 48;
const MAX_ALIASES = 2;

/**
 * The listing as the model reads it. Text begins with a space, as words in a request do; the pointer closes a line, so that
 * it has seen all of it.
 *
 *     <house><k_light><k_fan>
 *     <area> kitchen<alias> cookery<in> ground floor<k_light><e2>
 *     <k_light> ceiling light<alias> big light<in> kitchen<in> ground floor<p_brightness><e5>
 */
export function listingParts(listing: Listing): PromptPart[] {
  const parts: PromptPart[] = [control('<house>'), ...kindsOf(listing.members)];
  for (const line of listing.lines) parts.push(...lineParts(line, listing));
  return parts;
}

function lineParts(line: Line, listing: Listing): PromptPart[] {
  const end = control(pointerToken(line.pointer));
  if (line.type === 'entity') {
    const { entity } = line;
    const area = entity.area;
    const place = area === undefined ? undefined : listing.areaNames.get(area);
    const floor = area === undefined ? undefined : floorName(listing, area);
    return [
      control(kindToken(entity.kind as TargetKind)),
      ...named(entity.name, entity.aliases),
      ...(place === undefined ? [] : [control('<in>'), shown(place)]),
      ...(floor === undefined ? [] : [control('<in>'), shown(floor)]),
      ...toldProperties(entity).map((property) => control(`<p_${property}>`)),
      end,
    ];
  }
  if (line.type === 'area') {
    const floor = floorName(listing, line.area.id);
    return [
      control('<area>'),
      ...named(line.area.name, line.area.aliases),
      ...(floor === undefined ? [] : [control('<in>'), shown(floor)]),
      ...kindsOf(line.members),
      end,
    ];
  }
  return [control('<floor>'), ...named(line.floor.name, line.floor.aliases), ...kindsOf(line.members), end];
}

/** Of the floor that an area is on; undefined where it is on none. */
export function floorName(
  listing: Pick<Listing, 'floorOf' | 'floorNames'>,
  area: string,
): string | undefined {
  const floor = listing.floorOf.get(area);
  return floor === undefined ? undefined : (listing.floorNames.get(floor) ?? floor.replaceAll('_', ' '));
}

function named(name: string, aliases: readonly string[]): PromptPart[] {
  return [
    shown(name),
    ...aliases.slice(0, MAX_ALIASES).flatMap((alias) => [control('<alias>'), shown(alias)]),
  ];
}

function shown(text: string): string {
  return ` ${plainText(text, MAX_NAME)}`;
}

/** Kinds that are there, in the order of the table: what a place cannot do is seen at once. */
function kindsOf(entities: readonly Entity[]): PromptPart[] {
  const kinds = new Set(entities.map(({ kind }) => kind));
  return [...kinds]
    .filter((kind): kind is Exclude<TargetKind, 'any'> => isTargetKind(kind))
    .toSorted()
    .map((kind) => control(kindToken(kind)));
}

/** What every device of a kind has tells nothing. */
const UNTOLD: ReadonlySet<Property> = new Set([
  'state',
  'muted',
  'source',
  'mode',
  'option',
  'value',
  'target_temperature',
  'target_humidity',
]);

function toldProperties(entity: Entity): Property[] {
  return propertiesOf(entity).filter((property) => !UNTOLD.has(property));
}

/** The properties of an entity that have a token, in the order of its kind's table. */
export function propertiesOf(entity: Entity): Property[] {
  const own = Object.keys(entity.properties);
  const names = own.length > 0 ? own.toSorted() : Object.keys(kindSpec(entity.kind).properties);
  return names.filter((name): name is Property => isProperty(name));
}

export function control(token: string): PromptPart {
  return { token, otherwise: '' };
}
