import type { LinkableHouse } from '../../../devices/index.ts';
import { anyBecomes, compares, conjunction, equals } from '../../../policies/index.ts';
import type { DraftPart } from '../../../policies/index.ts';
import type { Entity } from '../../contract/house.ts';
import { kindSpec } from '../../contract/kinds.ts';
import { plainWords, VALUE, valueAt, wordsAt, type Sentence } from './sentence.ts';
import { PREDICATES, PRESENCE } from './predicates.ts';
import { namingWords, subjectOf, tellingWords, type Subject } from './subjects.ts';

/** Something that is the case, as a phrase says it. */
export interface FoundCondition {
  /** Likeliest first; more than one where the words fit several things. */
  readonly readings: readonly string[];
  /** The moment it comes to be so, where that is another expression: one of several people comes home. */
  readonly becoming?: string;
  readonly words: readonly string[];
  /** Something that happens, rather than is. */
  readonly event: boolean;
  readonly hold?: DraftPart<number>;
  /** What it is about: what `it` means further on. */
  readonly about: readonly Entity[];
}

export type ConditionRead =
  | { readonly ok: true; readonly found: FoundCondition }
  | { readonly ok: false; readonly unknown: readonly string[] };

/** What phrases are read against. */
export interface World {
  readonly house: LinkableHouse;
  /** Properties an entity has that are numbers. */
  readonly numbers: (entity: Entity) => readonly string[];
}

/** A stretch of a sentence's mask. */
export interface Stretch {
  readonly mask: string;
  readonly start: number;
  readonly end: number;
}

export function readCondition(
  sentence: Sentence,
  { mask, start, end }: Stretch,
  world: World,
): ConditionRead {
  const { phrase, hold } = withoutHold(sentence, mask, start, end);
  const read = comparison(sentence, phrase, world) ?? presence(phrase, world) ?? stateOf(phrase, world);
  if (read === undefined) return { ok: false, unknown: tellingWords(phrase) };
  if (!read.ok) return read;
  const words = wordsAt(sentence, start, end);
  const rest = hold === undefined ? words : words.replace(hold.words[0] ?? '', '').trim();
  return { ok: true, found: { ...read.found, words: [rest], ...(hold === undefined ? {} : { hold }) } };
}

type Read =
  | { readonly ok: true; readonly found: Omit<FoundCondition, 'words'> }
  | (ConditionRead & { ok: false });

const HOLD = new RegExp(
  String.raw`(?:(?:for|since)(?: (?:more than|longer than|at least|over|about|around|a period of))? ${VALUE}|(?:more than|longer than|at least) ${VALUE}(?: long)?)(?: straight| now| or more| or longer| long| in a row)?`,
);
const AFTER = new RegExp(String.raw`^\s*${VALUE} (?:after|once|since)\b`);

/** `… is open for ten minutes`, `ten minutes after …`: the time is taken out of the phrase. */
function withoutHold(
  sentence: Sentence,
  mask: string,
  start: number,
  end: number,
): { phrase: string; hold?: DraftPart<number> } {
  const phrase = mask.slice(start, end);
  for (const pattern of [HOLD, AFTER]) {
    const match = pattern.exec(phrase);
    if (match === null) continue;
    const said = valueAt(sentence, match[1] ?? match[2]);
    if (said?.type !== 'duration' || said.ms === 0) continue;
    const words = wordsAt(sentence, start + match.index, start + match.index + match[0].length);
    const left =
      phrase.slice(0, match.index) +
      ' '.repeat(match[0].length) +
      phrase.slice(match.index + match[0].length);
    return { phrase: left, hold: { value: said.ms, words: [words] } };
  }
  return { phrase };
}

const ABOVE =
  'above|over|more than|higher than|greater than|exceeds?|exceeding|beyond|at least|reaches|(?:warmer|hotter|brighter|louder|wetter|windier|harder|stronger|faster|damper|moister|more humid) than|(?:rises|climbs|goes up|increases) to';
const BELOW =
  'below|under|beneath|less than|lower than|fewer than|(?:colder|cooler|darker|drier|dryer|quieter|weaker|less humid) than|(?:falls|drops|sinks|goes down|decreases) to';
const VERB =
  '(?:is|are|gets|goes|rises|climbs|increases|falls|drops|sinks|shows|reads|reports|uses|draws|pulls|takes|consumes|has|blows|stays|becomes)(?: down| up)?(?: by)? ';
const UNIT =
  '(?: (?:lux|lx|ppm|watts?|w|kw|kilowatts?|km/h|kmh|kph|m/s|db|decibels?|hpa|mbar|volts?|amps?|kwh|degrees|points?))?';
const COMPARISON = new RegExp(
  `(?<![\\p{L}'])(?:${VERB})?(?:(${ABOVE})|(${BELOW})) ${VALUE}${UNIT}(?![\\p{L}])`,
  'u',
);

const PROPERTY_WORDS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\b(?:co2|co₂|carbon dioxide|ppm|air quality)\b/, ['co2']],
  [/\b(?:humidity|humid|damper|damp)\b/, ['humidity']],
  [/\b(?:temperature|temp|warmer|hotter|colder|cooler|warm|hot|cold|degrees?)\b/, ['temperature']],
  [/\b(?:lux|lx|brighter|darker|bright|dark|light level|illuminance|daylight)\b/, ['illuminance']],
  [/\b(?:watts?|kw|kilowatts?|power|draws|uses|consumes|pulls|consumption)\b/, ['power']],
  [/\b(?:wind|windier|km\/h|kmh|kph|m\/s|blows)\b/, ['wind_speed']],
  [/\b(?:battery|charge)\b/, ['battery']],
  [/\b(?:moisture|moister|wetter|soil)\b/, ['moisture', 'humidity']],
  [/\b(?:drier|dryer)\b/, ['moisture', 'humidity']],
  [/\b(?:pressure|hpa|mbar)\b/, ['pressure']],
  [/\b(?:dust|particles|pm2?\.?5?)\b/, ['pm25']],
  [/\b(?:voc|tvoc)\b/, ['tvoc']],
  [/\b(?:noise|db|decibels?)\b/, ['noise']],
  [/\b(?:volume|louder|quieter)\b/, ['volume', 'noise']],
  [/\b(?:energy|kwh)\b/, ['energy']],
  [/\b(?:brightness)\b/, ['brightness', 'illuminance']],
  [/\b(?:position)\b/, ['position']],
  [/\b(?:speed)\b/, ['speed']],
];

/** Words a property goes by, that are not the name of anything. */
const PROPERTY_NOUNS =
  'co2 carbon dioxide ppm air quality humidity humid temperature temp warm hot cold light illuminance daylight watt power consumption wind battery charge moisture soil pressure dust particle noise volume energy brightness position speed outside percent'.split(
    ' ',
  );

function comparison(sentence: Sentence, phrase: string, { house, numbers }: World): Read | undefined {
  const match = COMPARISON.exec(phrase);
  const said = valueAt(sentence, match?.[3]);
  if (match === null || (said?.type !== 'number' && said?.type !== 'percent' && said?.type !== 'degrees'))
    return undefined;
  const wanted = PROPERTY_WORDS.find(([words]) => words.test(phrase))?.[1] ?? byUnit(said.type);
  const has = (entity: Entity): string | undefined => {
    const own = numbers(entity);
    return wanted === undefined
      ? own.length === 1
        ? own[0]
        : undefined
      : wanted.find((one) => own.includes(one));
  };
  const fitting = [...house.entities()].filter((entity) => has(entity) !== undefined);
  const left = phrase.slice(0, match.index) + ' ' + phrase.slice(match.index + match[0].length);
  // The temperature of a room is that of its sensor, though its heating may know one too.
  const sensors = fitting.filter(({ kind }) => kind === 'sensor');
  const found = decided(
    subjectOf(left, sensors, house, () => PROPERTY_NOUNS),
    () => subjectOf(left, fitting, house, () => PROPERTY_NOUNS),
  );
  const kilo = /\b(?:kw|kilowatts?)\b/.test(match[0]);
  const value = kilo ? said.value * 1000 : said.value;
  const relation = match[1] === undefined ? 'below' : 'above';
  const event = /\b(?:gets|goes|rises|climbs|increases|falls|drops|sinks|exceeds?|reaches|becomes)\b/.test(
    match[0],
  );
  return settled(found, event, (entity) => compares(entity.id, has(entity)!, relation, value));
}

function byUnit(type: 'number' | 'percent' | 'degrees'): readonly string[] | undefined {
  if (type === 'degrees') return ['temperature'];
  return type === 'percent' ? ['humidity', 'battery', 'moisture', 'position', 'volume'] : undefined;
}

function decided(first: Subject, otherwise: () => Subject): Subject {
  return first.kind === 'none' ? otherwise() : first;
}

const EVERYONE = /\b(?:everyone|everybody|all of us|we all|we're all|we|the whole family|all)\b/;
const NO_ONE = /\b(?:nobody|no one|noone|no-one|none of us)\b/;
const ANYONE = /\b(?:someone|somebody|anyone|anybody|one of us|any of us)\b/;
const LAST = /\bthe last (?:person|one|of us)\b/;
const FIRST = /\bthe first (?:person|one|of us)\b/;

/** `anna comes home`, `nobody is home`, `the last one leaves`. */
function presence(phrase: string, { house }: World): Read | undefined {
  const people = [...house.entities()].filter(({ kind }) => kind === 'person');
  const form = PRESENCE.find(({ pattern }) => pattern.test(phrase));
  if (form === undefined || people.length === 0) return undefined;
  const left = phrase.replace(form.pattern, ' ');
  const ids = people.map(({ id }) => id);
  const all = (home: boolean): string => conjunction(ids.map((id) => equals(id, 'state', 'home', !home)));
  const any = (home: boolean): string => ids.map((id) => equals(id, 'state', 'home', !home)).join(' || ');
  const group = (reading: string, event: boolean, becoming?: string): Read => ({
    ok: true,
    found: {
      readings: [reading],
      event,
      about: people,
      ...(becoming === undefined ? {} : { becoming }),
    },
  });
  const rest = left.replace(/\b(?:and|the|to|from|house|flat|work)\b/g, ' ');
  const only = (words: RegExp): boolean => plainWords(rest.replace(words, ' ')).length === 0;
  if (NO_ONE.test(left))
    return only(NO_ONE) ? group(form.home ? all(false) : all(true), form.event) : undefined;
  if (EVERYONE.test(left)) return only(EVERYONE) ? group(all(form.home), form.event) : undefined;
  if (!form.home && LAST.test(left)) return group(all(false), true);
  if (form.home && FIRST.test(left)) return group(any(true), true);
  if (ANYONE.test(left)) {
    if (!only(ANYONE)) return undefined;
    const becoming = form.home ? anyBecomes(ids, 'state', 'home') : undefined;
    return group(any(form.home), form.event, becoming);
  }
  const names = left.split(/ (?:or|and) /);
  if (names.length > 1) return several(names, form, left.includes(' or '), people, house);
  const found = subjectOf(left, people, house);
  // `the door was left open` is about no person.
  if (found.kind === 'none' || namingWords(left).length === 0) return undefined;
  return settled(found, form.event, ({ id }) => equals(id, 'state', 'home', !form.home));
}

/** `anna or ben comes home`, `anna and ben are away` */
function several(
  names: readonly string[],
  form: { readonly event: boolean; readonly home: boolean },
  either: boolean,
  people: readonly Entity[],
  house: LinkableHouse,
): Read | undefined {
  const found = names.map((name) => subjectOf(name, people, house));
  const entities = found.flatMap((one) => (one.kind === 'one' ? [one.entity] : []));
  if (entities.length < names.length) return undefined;
  const parts = entities.map(({ id }) => equals(id, 'state', 'home', !form.home));
  const becoming =
    either && form.home
      ? anyBecomes(
          entities.map(({ id }) => id),
          'state',
          'home',
        )
      : undefined;
  const reading = either ? parts.join(' || ') : conjunction(parts);
  return {
    ok: true,
    found: { readings: [reading], event: form.event, about: entities, ...(becoming && { becoming }) },
  };
}

/** `the hall sensor sees someone`, `the kitchen window is open`. The best of the predicates that occur. */
function stateOf(phrase: string, { house }: World): Read | undefined {
  let failed: Read | undefined;
  for (const { pattern, event, of } of PREDICATES) {
    const match = pattern.exec(phrase);
    if (match === null) continue;
    const left = `${phrase.slice(0, match.index)} ${phrase.slice(match.index + match[0].length)}`;
    const fitting = [...house.entities()].filter((entity) => of(entity) !== undefined);
    const either = left.split(/ or (?:the )?/);
    const read =
      either.length > 1
        ? eitherOf(either, fitting, event, of, house)
        : settled(subjectOf(left, fitting, house), event, (entity) => textOf(entity, of(entity)!));
    if (read === undefined) continue;
    if (read.ok && read.found.readings.length === 1) return read;
    // One that says less may still say it all; of failures the one that knows most of the words counts.
    if (failed === undefined || read.ok || (!failed.ok && read.unknown.length < failed.unknown.length))
      failed = read;
    if (failed.ok) return failed;
  }
  return failed;
}

function eitherOf(
  names: readonly string[],
  fitting: readonly Entity[],
  event: boolean,
  of: (typeof PREDICATES)[number]['of'],
  house: LinkableHouse,
): Read | undefined {
  // `the kitchen or hall motion sensor`: the last name says what the others are.
  const found = names.map((name) => subjectOf(name, fitting, house));
  const entities = found.flatMap((one) => (one.kind === 'one' ? [one.entity] : []));
  if (entities.length < names.length) return undefined;
  const parts = entities.map((entity) => textOf(entity, of(entity)!));
  const first = of(entities[0]!)!;
  const same = entities.every((entity) => of(entity)?.value === first.value) && first.not === undefined;
  const becoming = same
    ? anyBecomes(
        entities.map(({ id }) => id),
        first.property,
        first.value,
      )
    : undefined;
  return {
    ok: true,
    found: { readings: [parts.join(' || ')], event, about: entities, ...(becoming && { becoming }) },
  };
}

function textOf(
  { id }: Entity,
  { property, value, not }: { property: string; value: string; not?: true },
): string {
  return equals(id, property, value, not === true);
}

function settled(found: Subject, event: boolean, text: (entity: Entity) => string): Read {
  if (found.kind === 'none') return { ok: false, unknown: found.unknown };
  const about = found.kind === 'one' ? [found.entity] : found.entities;
  return { ok: true, found: { readings: about.map(text), event, about } };
}

/** The numeric properties of an entity: what it lists, else what its kind has. */
export function numericProperties(entity: Entity, reported: readonly string[]): string[] {
  const spec = kindSpec(entity.kind).properties;
  const own = Object.keys(entity.properties);
  const names = own.length > 0 ? [...own, ...reported] : [...Object.keys(spec), ...reported];
  return [...new Set(names)].filter((name) =>
    entity.kind === 'sensor' ? name !== 'state' : spec[name]?.type === 'number',
  );
}
