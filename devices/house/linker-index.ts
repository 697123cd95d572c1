import type { Entity, House } from '../../runtime/contract/house.ts';
import { slugOf } from '../../runtime/contract/ids.ts';
import {
  ASPECT_WORDS,
  FILLERS,
  GATE_WORDS,
  HINTS,
  KIND_WORDS,
  QUANTIFIERS,
  VERBS,
} from './linker-lexicon.ts';
import { tokenize } from './linker-tokenize.ts';

/** An entity with the words people may call it by, as singular stems. */
export interface NamedEntity {
  readonly entity: Entity;
  /** Its name and each alias. */
  readonly names: readonly (readonly string[])[];
  /** All words of name, aliases and slug. */
  readonly nameWords: ReadonlySet<string>;
  readonly areaWords: ReadonlySet<string>;
  readonly floorWords: ReadonlySet<string>;
}

/** What people call a floor; registries that know more than an id say so. */
export interface FloorNames {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
}

export type LinkableHouse = House & { floors?(): Iterable<FloorNames> };

/** A house prepared for matching; made anew when the house changes. */
export interface HouseIndex {
  readonly entities: readonly NamedEntity[];
  /** Names of entities, areas and floors by their first stem, longest first. */
  readonly phrases: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** Words of places, which say where but not what. */
  readonly placeWords: ReadonlySet<string>;
  /** Every word that means something here: what a typing error is corrected to. By first letter. */
  readonly vocabulary: ReadonlyMap<string, ReadonlySet<string>>;
}

const cache = new WeakMap<House, { readonly version: number; readonly index: HouseIndex }>();

/** The index of this version of the house; kept until the house changes. */
export function indexOf(house: LinkableHouse): HouseIndex {
  const known = cache.get(house);
  if (known !== undefined && known.version === house.version) return known.index;
  const index = build(house);
  cache.set(house, { version: house.version, index });
  return index;
}

function build(house: LinkableHouse): HouseIndex {
  const floors = new Map(
    [...(house.floors?.() ?? [])].map((floor) => [floor.id, [floor.name, ...floor.aliases]]),
  );
  const namesOfFloor = (id: string | undefined): readonly string[] =>
    id === undefined ? [] : (floors.get(id) ?? [floorName(id)]);
  const phrases = new Map<string, string[][]>();
  const placeWords = new Set<string>();
  const entities: NamedEntity[] = [];
  for (const area of house.areas()) {
    for (const name of [area.name, area.id, ...area.aliases]) addPlace(phrases, placeWords, name);
    for (const name of namesOfFloor(area.floor)) addPlace(phrases, placeWords, name);
  }
  for (const entity of house.entities()) {
    const names = [entity.name, ...entity.aliases].map(stems).filter((name) => name.length > 0);
    for (const name of names) addPhrase(phrases, name);
    const area = entity.area === undefined ? undefined : house.area(entity.area);
    entities.push({
      entity,
      names,
      nameWords: new Set([...names.flat(), ...stems(slugOf(entity.id))]),
      areaWords: new Set(area === undefined ? [] : [area.name, area.id, ...area.aliases].flatMap(stems)),
      floorWords: new Set(namesOfFloor(area?.floor).flatMap(stems)),
    });
  }
  for (const list of phrases.values()) list.sort((a, b) => b.length - a.length);
  const words = [
    ...entities.flatMap(({ nameWords }) => [...nameWords]),
    ...placeWords,
    ...KIND_WORDS.keys(),
    ...ASPECT_WORDS.keys(),
    ...VERBS.keys(),
    ...QUANTIFIERS,
    'please',
    'percent',
  ];
  return { entities, phrases, placeWords, vocabulary: byFirstLetter(words) };
}

/** `ground` is said as `ground floor`; a name that already says floor, or upstairs, stays. */
function floorName(floor: string): string {
  const words = floor.replaceAll('_', ' ');
  return /floor|stairs|basement|attic|cellar|level|loft/i.test(words) ? words : `${words} floor`;
}

function stems(name: string): string[] {
  return tokenize(name.slice(0, 200)).map((token) => token.stem);
}

function addPlace(phrases: Map<string, string[][]>, placeWords: Set<string>, name: string): void {
  const words = stems(name);
  addPhrase(phrases, words);
  for (const word of words) placeWords.add(word);
}

/** A name that is one everyday word (`All`, `On`) is no phrase: it would swallow the word everywhere. */
function addPhrase(phrases: Map<string, string[][]>, words: string[]): void {
  const [first] = words;
  if (first === undefined) return;
  if (
    words.length === 1 &&
    (FILLERS.has(first) || QUANTIFIERS.has(first) || VERBS.has(first) || HINTS.has(first))
  )
    return;
  if (words.length === 1 && (first === 'on' || first === 'off')) return;
  if (words.every(isEveryday) && words.some((word) => GATE_WORDS.has(word))) return;
  const list = phrases.get(first) ?? [];
  list.push(words);
  phrases.set(first, list);
}

/** A name made of such words alone (`Never mind`, `Don't open`) is no phrase: it would hide what must not be done. */
function isEveryday(word: string): boolean {
  return GATE_WORDS.has(word) || FILLERS.has(word) || QUANTIFIERS.has(word) || VERBS.has(word);
}

function byFirstLetter(words: readonly string[]): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const word of words) {
    if (word.length < 4) continue;
    const group = groups.get(word.charAt(0)) ?? new Set();
    group.add(word);
    groups.set(word.charAt(0), group);
  }
  return groups;
}
