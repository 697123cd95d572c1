import type { Entity, House } from '../../runtime/contract/house.ts';
import { slugOf } from '../../runtime/contract/ids.ts';
import { kindSpec } from '../../runtime/contract/kinds.ts';
import { editDistance } from '../../runtime/lib/suggest.ts';
import type { LinkableHouse } from './linker-index.ts';
import { FILLERS, HINTS, KIND_WORDS, QUANTIFIERS, VERB_KINDS, VERBS } from './linker-lexicon.ts';
import { wordsOf } from './linker-words.ts';

/** Something of the house that a sentence may mean. */
export interface RankedMeaning {
  readonly type: 'entity' | 'area' | 'floor';
  readonly id: string;
  /** Above 0; comparable within one sentence only. */
  readonly score: number;
}

/** How much a word tells about what carries it: its own name most, where it stands and what it is less. */
const WEIGHTS = { name: 3, slug: 1.5, aspect: 1.4, area: 1.2, kind: 1.1, hint: 0.8, floor: 0.7 } as const;
/** Of a word's weight, where it is one slip away, or only begins like it. */
const NEAR = 0.75;
const BEGINS = 0.5;
/** For a name that was said as a whole, per word of it. */
const WHOLE_NAME = 2.5;
/** For each word of the best matching name that was not said. */
const UNSAID = 0.4;
/** A place whose whole name was said is meant, however many devices carry its name. */
const WHOLE_PLACE = 6;
/** For a device whose whole name and place were said. */
const IN_PLACE = 3;

interface Doc {
  readonly type: RankedMeaning['type'];
  readonly id: string;
  readonly weights: ReadonlyMap<string, number>;
  readonly names: readonly (readonly string[])[];
  /** Of an entity: the area it is in. */
  readonly area?: string;
}

interface RankIndex {
  readonly docs: readonly Doc[];
  /** Documents a word occurs in. */
  readonly postings: ReadonlyMap<string, readonly number[]>;
  /** For slips: words by their length. */
  readonly byLength: ReadonlyMap<number, readonly string[]>;
}

const cache = new WeakMap<House, { readonly version: number; readonly index: RankIndex }>();

/**
 * The entities, areas and floors a sentence most likely means, best first: words of names, aliases, areas, floors and kinds
 * weighted by how rare they are in this house, with plurals, one slip of the finger and names written together or apart.
 * Names in Chinese, Japanese and Korean match by pairs of characters. Deterministic; the text is only compared.
 */
export function rank(text: string, house: LinkableHouse, limit: number): RankedMeaning[] {
  const index = indexOf(house);
  const said = matches(wordsOf(text), index);
  const scores = new Map<number, number>();
  for (const [word, quality] of said) {
    const posted = index.postings.get(word) ?? [];
    const rarity = Math.log(1 + index.docs.length / Math.max(1, posted.length));
    for (const doc of posted) {
      const gain = quality * rarity * (index.docs[doc]!.weights.get(word) ?? 0);
      scores.set(doc, (scores.get(doc) ?? 0) + gain);
    }
  }
  const places = new Set<string>();
  for (const at of scores.keys()) {
    const { type, id, names } = index.docs[at]!;
    if (type === 'area' && names.some((name) => isSaid(name, said))) places.add(id);
  }
  return [...scores]
    .map(([at, score]) => {
      const doc = index.docs[at]!;
      return { doc, score: score + nameBonus(doc, said) + placeBonus(doc, said, places) };
    })
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || (a.doc.id < b.doc.id ? -1 : 1))
    .slice(0, limit)
    .map(({ doc, score }) => ({ type: doc.type, id: doc.id, score }));
}

/** Between two names that share a word, the one said as a whole is meant; of two such, the longer. */
function nameBonus(doc: Doc, said: ReadonlyMap<string, number>): number {
  let best = -Infinity;
  for (const name of doc.names) {
    let bonus = 0;
    let missing = 0;
    for (const word of name) {
      const quality = said.get(word) ?? 0;
      if (quality === 0) missing++;
      bonus += quality * WHOLE_NAME;
    }
    best = Math.max(best, missing === 0 ? bonus : -UNSAID * missing);
  }
  return best === -Infinity ? 0 : best;
}

function placeBonus(doc: Doc, said: ReadonlyMap<string, number>, places: ReadonlySet<string>): number {
  const whole = doc.names.some((name) => isSaid(name, said));
  if (!whole) return 0;
  if (doc.type !== 'entity') return WHOLE_PLACE;
  return doc.area !== undefined && places.has(doc.area) ? IN_PLACE : 0;
}

function isSaid(name: readonly string[], said: ReadonlyMap<string, number>): boolean {
  return name.length > 0 && name.every((word) => said.has(word));
}

/** Words of the house that the sentence says, with how well: 1 exactly. */
function matches(words: readonly string[], index: RankIndex): Map<string, number> {
  const said = new Map<string, number>();
  const say = (word: string, quality: number): void => {
    if (quality > (said.get(word) ?? 0)) said.set(word, quality);
  };
  words.forEach((word, at) => {
    const next = words[at + 1];
    if (next !== undefined && index.postings.has(word + next)) say(word + next, 1);
    if (index.postings.has(word)) say(word, 1);
    else if (!isCommon(word)) for (const [near, quality] of similar(word, index)) say(near, quality);
    for (const kind of [...(VERB_KINDS.get(word) ?? []), ...(HINTS.get(word)?.kinds ?? [])])
      say(`kind:${kind}`, 1);
    for (const kind of KIND_WORDS.get(word) ?? []) say(`is:${kind}`, 1);
  });
  return said;
}

/** Words of commands, kinds and manners: none is a slip of a name. */
export function isCommon(word: string): boolean {
  return FILLERS.has(word) || VERBS.has(word) || QUANTIFIERS.has(word) || KIND_WORDS.has(word);
}

function* similar(word: string, index: RankIndex): Generator<readonly [string, number]> {
  if (word.length < 4 || !/^\p{L}+$/u.test(word)) return;
  let found = false;
  for (const length of [word.length, word.length - 1, word.length + 1]) {
    for (const other of index.byLength.get(length) ?? []) {
      if (editDistance(word, other) !== 1) continue;
      found = true;
      yield [other, NEAR];
    }
  }
  if (found) return;
  for (const [length, others] of index.byLength) {
    if (length <= word.length + 1) continue;
    for (const other of others) if (other.startsWith(word)) yield [other, BEGINS];
  }
  for (let cut = 3; cut <= word.length - 3; cut++) {
    const [left, right] = [word.slice(0, cut), word.slice(cut)];
    if (!index.postings.has(left) || !index.postings.has(right)) continue;
    yield [left, 1];
    yield [right, 1];
  }
}

function indexOf(house: LinkableHouse): RankIndex {
  const known = cache.get(house);
  if (known !== undefined && known.version === house.version) return known.index;
  const index = build(house);
  cache.set(house, { version: house.version, index });
  return index;
}

function build(house: LinkableHouse): RankIndex {
  const floors = [...(house.floors?.() ?? [])];
  const floorWords = new Map(floors.map(({ id, name, aliases }) => [id, [name, ...aliases].map(wordsOf)]));
  for (const { floor } of house.areas()) {
    if (floor !== undefined && !floorWords.has(floor))
      floorWords.set(floor, [wordsOf(floor.replaceAll('_', ' '))]);
  }
  const docs: Doc[] = [...floorWords].map(([id, names]) =>
    docOf('floor', id, names, [[WEIGHTS.name, names.flat()]]),
  );
  for (const area of house.areas()) {
    const names = [area.name, ...area.aliases].map(wordsOf);
    const floor = floorWords.get(area.floor ?? '')?.flat() ?? [];
    docs.push(
      docOf('area', area.id, names, [
        [WEIGHTS.name, names.flat()],
        [WEIGHTS.floor, floor],
      ]),
    );
  }
  for (const entity of house.entities()) docs.push(entityDoc(entity, house, floorWords));
  return indexed(docs);
}

function entityDoc(
  entity: Entity,
  house: LinkableHouse,
  floorWords: ReadonlyMap<string, readonly (readonly string[])[]>,
): Doc {
  const names = [entity.name, ...entity.aliases].map(wordsOf).filter((name) => name.length > 0);
  const area = entity.area === undefined ? undefined : house.area(entity.area);
  const properties =
    Object.keys(entity.properties).length > 0 ? entity.properties : kindSpec(entity.kind).properties;
  const doc = docOf('entity', entity.id, names, [
    [WEIGHTS.name, names.flat()],
    [WEIGHTS.slug, wordsOf(slugOf(entity.id).replaceAll('_', ' '))],
    [WEIGHTS.area, area === undefined ? [] : [area.name, ...area.aliases].flatMap(wordsOf)],
    [WEIGHTS.floor, floorWords.get(area?.floor ?? '')?.flat() ?? []],
    [WEIGHTS.kind, [`is:${entity.kind}`]],
    [WEIGHTS.hint, [`kind:${entity.kind}`]],
    // What is measured there: `how humid is it`, `co2`.
    [
      WEIGHTS.aspect,
      Object.keys(properties).flatMap((name) => ASPECTS[name] ?? wordsOf(name.replaceAll('_', ' '))),
    ],
  ]);
  return entity.area === undefined ? doc : { ...doc, area: entity.area };
}

/** Words people use for properties, besides their names. */
const ASPECTS: Readonly<Record<string, readonly string[]>> = {
  state: [],
  temperature: ['temperature', 'temp', 'degree', 'warm', 'cold', 'hot', 'chilly', 'cool', 'freezing'],
  humidity: ['humidity', 'humid', 'damp', 'moist', 'moisture'],
  co2: ['co', 'co2', 'carbon', 'dioxide', 'air', 'stuffy', 'quality', 'fresh'],
  illuminance: ['illuminance', 'lux', 'bright', 'brightness', 'dark', 'daylight'],
  power: ['power', 'watt', 'consumption', 'draw', 'electricity', 'using', 'drawing'],
  energy: ['energy', 'kwh', 'consumption', 'electricity', 'used'],
  battery: ['battery', 'charge', 'charged'],
  pm25: ['pm', 'pm25', 'dust', 'particle', 'particulate', 'air', 'quality'],
  tvoc: ['tvoc', 'voc', 'air', 'quality'],
  wind_speed: ['wind', 'windy'],
  rain: ['rain', 'rainy', 'raining', 'rained'],
  noise: ['noise', 'loud', 'noisy'],
  pressure: ['pressure', 'barometer'],
};

type Weighted = readonly (readonly [number, readonly string[]])[];

function docOf(
  type: RankedMeaning['type'],
  id: string,
  names: readonly (readonly string[])[],
  fields: Weighted,
): Doc {
  const weights = new Map<string, number>();
  const add = (word: string, weight: number): void => {
    if (weight > (weights.get(word) ?? 0)) weights.set(word, weight);
  };
  for (const [weight, words] of fields) for (const word of words) add(word, weight);
  // `living room` is found as `livingroom` too.
  for (const name of names) name.forEach((word, at) => at > 0 && add(name[at - 1]! + word, WEIGHTS.name));
  return { type, id, weights, names: names.map((name) => [...new Set(name)]) };
}

function indexed(docs: readonly Doc[]): RankIndex {
  const postings = new Map<string, number[]>();
  docs.forEach(({ weights }, at) => {
    for (const word of weights.keys()) {
      const list = postings.get(word);
      if (list === undefined) postings.set(word, [at]);
      else list.push(at);
    }
  });
  const byLength = new Map<number, string[]>();
  for (const word of postings.keys()) {
    if (word.length < 4 || word.includes(':')) continue;
    const list = byLength.get(word.length) ?? [];
    list.push(word);
    byLength.set(word.length, list);
  }
  return { docs, postings, byLength };
}
