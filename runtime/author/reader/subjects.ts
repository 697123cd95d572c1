import { rank, type LinkableHouse } from '../../../devices/index.ts';
import type { Entity } from '../../contract/house.ts';
import { slugOf } from '../../contract/ids.ts';
import { plainWords } from './sentence.ts';

/** Who a phrase is about. */
export type Subject =
  | { readonly kind: 'one'; readonly entity: Entity }
  /** Several fit as well; likeliest first. */
  | { readonly kind: 'several'; readonly entities: readonly Entity[] }
  /** Nothing that fits is called so. */
  | { readonly kind: 'none'; readonly unknown: readonly string[] };

/** What the linker ranks, of which the fitting ones are looked at. */
const RANKED = 40;

const FILLERS = new Set(
  `the a an my our your his her their this that these those of in on at from to inside near by any some is are am has have been
   there it its it's i we you someone somebody anyone anybody up down again just now then still already first whole entire
   level value reading measured reported status state room if when while and but only also ever`.split(/\s+/),
);

/** Words for what a thing is, which say little about which one: carried by what is of that class. */
const CLASS_WORDS: Readonly<Record<string, RegExp>> = {
  motion: /motion|movement|presence|occupan|pir/,
  movement: /motion|movement|presence|occupan|pir/,
  presence: /motion|movement|presence|occupan|pir/,
  occupancy: /motion|movement|presence|occupan|pir/,
  leak: /leak|water|flood|moisture/,
  water: /leak|water|flood|moisture/,
  flood: /leak|water|flood|moisture/,
  smoke: /smoke|fire/,
  fire: /smoke|fire/,
  door: /door/,
  window: /window/,
  contact: /contact|door|window|opening/,
};

const KIND_NAMES: Readonly<Record<string, readonly string[]>> = {
  light: ['light', 'lamp', 'bulb', 'lighting'],
  switch: ['switch', 'plug', 'socket', 'outlet'],
  fan: ['fan', 'ventilation', 'ventilator'],
  cover: ['cover', 'blind', 'shutter', 'shade', 'curtain'],
  valve: ['valve', 'tap'],
  lock: ['lock', 'door'],
  climate: ['thermostat', 'heating', 'heater', 'radiator', 'climate'],
  humidifier: ['humidifier'],
  media_player: ['tv', 'television', 'telly', 'speaker', 'radio', 'music', 'player'],
  vacuum: ['vacuum', 'robot', 'hoover', 'cleaner'],
  siren: ['siren', 'alarm'],
  sensor: ['sensor', 'meter', 'detector', 'probe', 'thermometer'],
  binary_sensor: ['sensor', 'detector', 'contact'],
  camera: ['camera'],
  person: [],
};

export function stem(word: string): string {
  const bare = word.toLowerCase().replace(/['’]s?$/, '');
  if (bare.length > 4 && bare.endsWith('ies')) return `${bare.slice(0, -3)}y`;
  return bare.length > 3 && bare.endsWith('s') && !bare.endsWith('ss') ? bare.slice(0, -1) : bare;
}

/** The words of a phrase that say something, as they stand there. */
export function tellingWords(mask: string): string[] {
  return plainWords(mask).filter((word) => !FILLERS.has(word));
}

/** The words of a phrase that could name something. */
export function namingWords(mask: string): string[] {
  return tellingWords(mask).map(stem);
}

/**
 * The one of `fitting` a phrase is about. Every word of the phrase must belong to it: to its name, its place, its kind, or
 * `extra`, words that what it measures goes by. The linker's order decides nothing but what is looked at.
 */
export function subjectOf(
  mask: string,
  fitting: readonly Entity[],
  house: LinkableHouse,
  extra: (entity: Entity) => readonly string[] = () => [],
): Subject {
  const words = [...new Set(namingWords(mask))];
  if (fitting.length === 0) return { kind: 'none', unknown: words };
  // `it` may be any of them.
  if (words.length === 0 && fitting.length > 1) return { kind: 'several', entities: fitting };
  const near = likely(words, fitting, house);
  const judged = near.map((entity) => ({ entity, ...judge(entity, words, house, extra(entity)) }));
  const full = judged.filter(({ missing }) => missing.length === 0);
  if (full.length === 0) {
    const unknown = words.filter((word) => judged.every(({ missing }) => missing.includes(word)));
    const best = judged.toSorted((a, b) => a.missing.length - b.missing.length)[0];
    return { kind: 'none', unknown: unknown.length > 0 ? unknown : (best?.missing ?? words) };
  }
  const top = Math.max(...full.map(({ score }) => score));
  const best = full.filter(({ score }) => score === top).map(({ entity }) => entity);
  if (best.length === 1) return { kind: 'one', entity: best[0]! };
  return { kind: 'several', entities: best };
}

/** In a large house only what the linker ranks; everything that fits where that is little. */
function likely(
  words: readonly string[],
  fitting: readonly Entity[],
  house: LinkableHouse,
): readonly Entity[] {
  if (fitting.length <= RANKED) return fitting;
  const own = new Map<string, Entity>(fitting.map((entity) => [entity.id, entity]));
  return rank(words.join(' '), house, RANKED * 4).flatMap(({ id }) => own.get(id) ?? []);
}

interface Judged {
  readonly score: number;
  readonly missing: readonly string[];
}

function judge(
  entity: Entity,
  words: readonly string[],
  house: LinkableHouse,
  extra: readonly string[],
): Judged {
  const names = [entity.name, ...entity.aliases].map((name) => plainWords(name.toLowerCase()).map(stem));
  const area = entity.area === undefined ? undefined : house.area(entity.area);
  const floors = [...(house.floors?.() ?? [])].filter(({ id }) => id === area?.floor);
  const places = new Set(
    [
      ...(area === undefined ? [] : [area.name, area.id.replaceAll('_', ' '), ...area.aliases]),
      ...floors.flatMap(({ name, aliases }) => [name, ...aliases]),
    ].flatMap((name) => plainWords(name.toLowerCase()).map(stem)),
  );
  const slug = slugOf(entity.id).split('_').map(stem);
  const own = new Set([...names.flat(), ...slug]);
  const described = `${slug.join(' ')} ${names.flat().join(' ')}`;
  const kind = new Set([...(KIND_NAMES[entity.kind] ?? []), ...extra.map(stem)]);
  let score = 0;
  const missing: string[] = [];
  for (const word of words) {
    if (own.has(word)) score += 3;
    else if (places.has(word)) score += 2;
    else if (kind.has(word) || CLASS_WORDS[word]?.test(described) === true) score += 1;
    else missing.push(word);
  }
  // Between `Door` and `Garage door` a sentence about the door means the first.
  const said = new Set(words);
  const unsaid = Math.min(
    ...names.map(
      (name) => name.filter((word) => !said.has(word) && !kind.has(word) && !(word in CLASS_WORDS)).length,
    ),
  );
  return { score: score - 0.5 * Math.min(unsaid, 4), missing };
}
