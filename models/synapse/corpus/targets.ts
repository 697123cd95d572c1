import type { Entity } from '../../../runtime/contract/house.ts';
import { SWITCHED } from '../../../runtime/modelhost/synapse/commands.ts';
import type { Listable } from '../../../runtime/modelhost/synapse/listing.ts';
import type { TargetKind } from '../../../runtime/modelhost/synapse/tokens.ts';
import { expand } from './grammar.ts';
import type { HomeEntity } from './homes.ts';
import type { Ref } from './meant.ts';
import { isUnique, line, placeName, withoutDoubleArticle, type Scene } from './scene.ts';

/** How something is named in a text, and what that is. */
export interface Named {
  readonly text: string;
  readonly kind: TargetKind;
  readonly refs: readonly Ref[];
  /** `them` rather than `it`. */
  readonly plural: boolean;
  /** What may be left out of it. */
  readonly members: readonly Entity[];
}

/** What it has to be able to do. */
export type Able = (entity: Entity) => boolean;

export function isOfKind(entity: Entity, kind: TargetKind): boolean {
  return kind === 'any' ? SWITCHED.has(entity.kind) : entity.kind === kind;
}

/** One entity by its name, its alias, its name and place, or the place it is in when the name says it too. */
export function nameEntity(scene: Scene, one: HomeEntity): string | undefined {
  const { random, lexicon, home } = scene;
  const { entity } = one;
  const area = entity.area === undefined ? undefined : home.house.area(entity.area);
  const place = area === undefined ? undefined : placeName(random, area);
  const name = (entity.aliases.length > 0 && random.chance(0.3) ? random.pick(entity.aliases) : entity.name)
    .toLowerCase()
    .replaceAll('_', ' ')
    .replaceAll(/[()]/g, '');
  const slots = { name: () => name, area: () => place ?? '' };
  const unique = isUnique(scene, entity);
  const holdsPlace = place !== undefined && name.includes(place);
  // `kitchen ceiling light` is the ceiling light in the kitchen.
  if (place !== undefined && holdsPlace && name.startsWith(`${place} `) && random.chance(0.3)) {
    const rest = name.slice(place.length + 1);
    const alike = home.entities.some(
      (other) =>
        other !== one && other.entity.area === entity.area && other.entity.name.toLowerCase().endsWith(rest),
    );
    if (!alike) return withoutDoubleArticle(`the ${rest} in the ${place}`);
  }
  const loose = unique && random.chance(0.12) ? looseName(scene, one, name, place) : undefined;
  if (loose !== undefined) return withoutDoubleArticle(`the ${loose}`);
  if (!unique || (!holdsPlace && place !== undefined && random.chance(0.25))) {
    if (place === undefined) return undefined;
    const twins = home.entities.filter(
      (other) =>
        other.entity.area === entity.area && other.entity.name.toLowerCase() === entity.name.toLowerCase(),
    );
    if (twins.length > 1) return undefined;
    return withoutDoubleArticle(expand(line(scene, lexicon.targets, 'entity in area'), random, slots));
  }
  const owned = name.includes("'s ") || entity.kind === 'person';
  const text = expand(line(scene, lexicon.targets, owned ? 'entity possessive' : 'entity'), random, slots);
  return withoutDoubleArticle(entity.kind === 'person' ? name : text);
}

/** Nouns people use for one another. */
const SYNONYMS: readonly (readonly string[])[] = [
  ['light', 'lamp'],
  ['tv', 'television', 'telly'],
  ['vacuum', 'hoover', 'vacuum cleaner'],
  ['thermostat', 'heating'],
  ['blind', 'shade'],
  ['curtain', 'drape'],
  ['plug', 'outlet', 'socket'],
  ['air conditioner', 'ac', 'air conditioning'],
];

/** A name said without its place, or with another noun, where that still tells it from all others. */
function looseName(
  { random, home }: Scene,
  one: HomeEntity,
  name: string,
  place: string | undefined,
): string | undefined {
  const words = SYNONYMS.find((group) => one.noun !== undefined && group.includes(one.noun)) ?? [];
  const other = random.pick(words.length === 0 ? [''] : words);
  const said =
    place !== undefined && name.startsWith(`${place} `) && random.chance(0.5)
      ? name.slice(place.length + 1)
      : one.noun !== undefined && other !== '' && name.endsWith(one.noun)
        ? name.slice(0, -one.noun.length) + other
        : undefined;
  if (said === undefined || said === name || said === one.noun || words.includes(said)) return undefined;
  const last = one.noun === undefined ? [said] : [said, said.slice(0, said.lastIndexOf(' '))];
  const alike = home.entities.some(
    (rival) =>
      rival !== one &&
      [rival.entity.name, ...rival.entity.aliases].some((its) =>
        last.some((part) => its.toLowerCase().includes(part)),
      ),
  );
  return alike ? undefined : said;
}

/** Nouns that mean every entity of a kind. */
const GENERIC: Partial<Record<TargetKind, readonly (readonly [string, string])[]>> = {
  light: [
    ['light', 'lights'],
    ['light', 'lights'],
    ['lighting', 'lights'],
  ],
  switch: [['switch', 'switches']],
  fan: [['fan', 'fans']],
  lock: [
    ['door', 'doors'],
    ['lock', 'locks'],
  ],
  valve: [['valve', 'valves']],
  vacuum: [
    ['vacuum', 'vacuums'],
    ['robot vacuum', 'robot vacuums'],
  ],
  siren: [['siren', 'sirens']],
  camera: [['camera', 'cameras']],
};

/** Whether a noun means every entity of its kind. */
export function isGeneric(noun: string): boolean {
  return (
    Object.values(GENERIC).some((nouns) => nouns.some((forms) => forms.includes(noun))) ||
    SYNONYMS.some((words) => words.includes(noun))
  );
}

/** `the bedroom light` may be all of them; pressing every button is never meant by `the bedroom button`. */
const AS_ONE: ReadonlySet<TargetKind> = new Set(['light', 'cover', 'climate', 'fan', 'media_player']);
/** Nobody wants all of them at once: these are meant as a group only where there is one. */
const ALONE: ReadonlySet<TargetKind> = new Set(['scene', 'button', 'select', 'number', 'camera']);

/** Everything of a kind in an area, on a floor, in the house or where the speaker is. Undefined where that is nothing. */
export function nameGroup(
  scene: Scene,
  kind: TargetKind,
  able: Able,
  scope: 'area' | 'floor' | 'house' | 'here',
): Named | undefined {
  const { random, lexicon, home, here } = scene;
  const place =
    scope === 'area'
      ? pickOf(scene, scene.areas)
      : scope === 'floor'
        ? pickOf(scene, scene.floors)
        : scope === 'here'
          ? here
          : undefined;
  if (scope !== 'house' && place === undefined) return undefined;
  const ref: Ref =
    scope === 'house'
      ? 'house'
      : scope === 'floor'
        ? { type: 'floor', id: place!.id }
        : { type: 'area', id: place!.id };
  const within = membersOf(scene, ref).filter(({ entity }) => isOfKind(entity, kind));
  if (!within.some(({ entity }) => able(entity))) return undefined;
  const noun = nounFor(scene, kind, within);
  if (noun === undefined) return undefined;
  const meant = noun.members.filter(({ entity }) => able(entity));
  if (meant.length === 0) return undefined;
  const said = place === undefined ? '' : placeName(random, place);
  // `the kitchen light` of a kitchen with a `kitchen light` and others is that one.
  const singular = scope === 'area' && (meant.length === 1 || (AS_ONE.has(kind) && random.chance(0.2)));
  if (!singular && meant.length > 1 && ALONE.has(kind)) return undefined;
  const slots = {
    kind: () => (noun.noun === 'lighting' && !singular ? 'light' : noun.noun),
    kinds: () => (noun.plural === '' ? noun.noun : noun.plural),
    area: () => said,
    floor: () => said,
    onfloor: () => onFloor(scene, said),
  };
  const section = singular ? 'area singular' : scope;
  const text = withoutDoubleArticle(expand(line(scene, lexicon.targets, section), random, slots));
  if (/\bboth\b/.test(text) && meant.length !== 2) return undefined;
  const forms = text.includes(noun.plural) ? [noun.plural] : [noun.noun];
  const exact = within.filter(({ entity }) =>
    [entity.name, ...entity.aliases].some((name) =>
      forms.some((form) => name.toLowerCase() === form || name.toLowerCase() === `${said} ${form}`),
    ),
  );
  if (exact.length > 0 && !(exact.length === meant.length && exact.length === 1)) return undefined;
  // Where it is known where the speaker is, `the lights` are those there.
  if (
    scope === 'house' &&
    here !== undefined &&
    !/house|home|everywhere|apartment|flat|every room|all rooms/.test(text)
  )
    return undefined;
  const whole = noun.members.length === within.length;
  const named = meant.filter((one) => scene.entities.includes(one));
  if (!whole && (named.length !== meant.length || meant.length > 4)) return undefined;
  return {
    text,
    kind,
    plural: !singular,
    refs: whole ? [ref] : meant.map(({ entity }): Listable => ({ type: 'entity', id: entity.id })),
    members: home.entities.length === 0 ? [] : meant.map(({ entity }) => entity),
  };
}

/** A noun for some of these: one that means the whole kind, or the sort of one of them. */
function nounFor(
  { random }: Scene,
  kind: TargetKind,
  within: readonly HomeEntity[],
): { noun: string; plural: string; members: readonly HomeEntity[] } | undefined {
  const generic = GENERIC[kind];
  if (generic !== undefined && random.chance(0.85)) {
    const [noun, plural] = random.pick(generic);
    return { noun, plural, members: within };
  }
  const sorts = within.flatMap(({ noun, plural }) =>
    noun === undefined || plural === undefined ? [] : [{ noun, plural }],
  );
  if (sorts.length === 0) return undefined;
  const sort = random.pick(sorts);
  if (generic?.some(([noun]) => noun === sort.noun) === true) return { ...sort, members: within };
  return { ...sort, members: within.filter(({ noun }) => noun === sort.noun) };
}

/** Where something is to happen, without saying to what: `in the kitchen`, `upstairs`, `here`, nothing for the house. */
export function namePlace(
  scene: Scene,
  kind: TargetKind,
  able: Able,
  bare: boolean,
): (Named & { readonly ref: Ref }) | undefined {
  const { random, lexicon } = scene;
  const scope = random.weighted({
    area: 66,
    floor: bare || scene.floors.length === 0 ? 0 : 10,
    here: bare || scene.here === undefined ? 0 : 40,
    house: bare ? 0 : 14,
  });
  const place =
    scope === 'area'
      ? pickOf(scene, scene.areas)
      : scope === 'floor'
        ? pickOf(scene, scene.floors)
        : scene.here;
  if (scope !== 'house' && place === undefined) return undefined;
  const ref: Ref =
    scope === 'house'
      ? 'house'
      : scope === 'floor'
        ? { type: 'floor', id: place!.id }
        : { type: 'area', id: place!.id };
  const members = membersOf(scene, ref).filter(({ entity }) => isOfKind(entity, kind) && able(entity));
  if (members.length === 0) return undefined;
  const said = place === undefined ? '' : placeName(random, place);
  const slots = { area: () => said, floor: () => said, onfloor: () => onFloor(scene, said) };
  let text: string;
  if (bare)
    text =
      said.includes("'s ") || random.chance(0.25)
        ? said
        : random.pick([`the ${said}`, `the ${said}`, `my ${said}`]);
  else if (scope === 'here' && random.chance(0.5)) text = '';
  else if (scope === 'house' && random.chance(0.5)) {
    // Nobody knows where the speaker is: what was not told apart is meant as a whole.
    if (scene.here !== undefined) return undefined;
    text = '';
  } else text = expand(line(scene, lexicon.targets, `place ${scope}`), random, slots);
  return {
    text: withoutDoubleArticle(text),
    kind,
    refs: [ref],
    ref,
    plural: true,
    members: members.map(({ entity }) => entity),
  };
}

function onFloor({ lexicon, random }: Scene, floor: string): string {
  const stairs = /stairs|outside|outdoors/.test(floor);
  const lines = lexicon.targets.get(stairs ? 'onfloor stairs' : 'onfloor') ?? [];
  return random.pick(lines).replace('{floor}', floor);
}

export function membersOf(scene: Scene, ref: Ref): readonly HomeEntity[] {
  const { home } = scene;
  if (ref === 'house') return home.entities;
  if (ref.type === 'entity') return home.entities.filter(({ entity }) => entity.id === ref.id);
  if (ref.type === 'area') return home.entities.filter(({ entity }) => entity.area === ref.id);
  const areas = new Set(home.areas.filter(({ floor }) => floor === ref.id).map(({ id }) => id));
  return home.entities.filter(({ entity }) => entity.area !== undefined && areas.has(entity.area));
}

function pickOf<T>({ random }: Scene, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : random.pick(items);
}
