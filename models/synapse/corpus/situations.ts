import { OPPOSITE_STATES } from '../../../runtime/contract/opposite.ts';
import { propertiesOf } from '../../../runtime/modelhost/synapse/listing.ts';
import {
  isProperty,
  isStateWord,
  type StateWord,
  type TargetKind,
} from '../../../runtime/modelhost/synapse/tokens.ts';
import type { SaidValue } from '../../../runtime/modelhost/synapse/values.ts';
import { makeClock, numberAmount } from './amounts.ts';
import type { KnownFact } from './example.ts';
import { expand } from './grammar.ts';
import type { HomeEntity } from './homes.ts';
import type { MeantCondition } from './meant.ts';
import { senseOf } from './questions.ts';
import { line, placeName, withoutDoubleArticle, type Scene } from './scene.ts';
import { nameEntity } from './targets.ts';

/** Something that can be the case, how it is said, and what is seen when it is so or not. */
export interface Situation {
  readonly text: string;
  readonly meant: MeantCondition;
  fact(holds: boolean): KnownFact;
}

const OPPOSITE: Readonly<Record<StateWord, StateWord>> = OPPOSITE_STATES;

/** What thresholds lie between, and how far off they a value is seen, in the property's unit. */
const RANGES: Readonly<
  Record<
    string,
    { readonly min: number; readonly max: number; readonly by: number; readonly say: string } | undefined
  >
> = {
  temperature: { min: 5, max: 32, by: 1, say: 'degrees long' },
  humidity: { min: 30, max: 75, by: 5, say: 'percent long' },
  co2: { min: 600, max: 1800, by: 100, say: 'co2' },
  illuminance: { min: 5, max: 500, by: 5, say: 'number' },
  power: { min: 5, max: 2500, by: 5, say: 'number' },
  moisture: { min: 10, max: 60, by: 5, say: 'percent long' },
  wind_speed: { min: 20, max: 80, by: 5, say: 'number' },
  battery: { min: 10, max: 40, by: 5, say: 'percent long' },
  volume: { min: 20, max: 80, by: 5, say: 'percent long' },
};

/** A situation of something in the scene. */
export function makeSituation(scene: Scene): Situation | undefined {
  const { random, lexicon } = scene;
  if (random.chance(0.08)) return timeSituation(scene);
  if (scene.entities.length === 0) return undefined;
  const one = random.pick(scene.entities);
  const sections = [...lexicon.conditions.keys()].filter((section) => fits(section, one));
  if (sections.length === 0) return undefined;
  const section = random.pick(sections);
  const template = line(scene, lexicon.conditions, section);
  const words = section.split(' ');
  const name = template.includes('{e}') ? nameEntity(scene, one)?.replace(/ please$/, '') : '';
  const area = one.entity.area === undefined ? undefined : scene.home.house.area(one.entity.area);
  if (name === undefined || (template.includes('{area}') && area === undefined)) return undefined;
  if (!template.includes('{e}') && !alone(scene, one, section)) return undefined;
  const slots = { e: () => name, area: () => (area === undefined ? '' : placeName(random, area)) };
  const kind = one.entity.kind as TargetKind;
  if (words[0] === 'is') {
    const is = words.at(-1)!;
    if (!isStateWord(is)) return undefined;
    const text = withoutDoubleArticle(expand(template, random, slots));
    return {
      text,
      meant: { type: 'is', kind, entity: one.entity.id, is },
      fact: (holds) => ({
        type: 'property',
        entity: one.entity.id,
        property: 'state',
        value: holds ? is : OPPOSITE[is],
      }),
    };
  }
  return comparison(scene, one, section, (value) =>
    withoutDoubleArticle(expand(template, random, { ...slots, v: () => value })),
  );
}

function comparison(
  { random, ...rest }: Scene,
  one: HomeEntity,
  section: string,
  textFor: (value: string) => string,
): Situation | undefined {
  const [relation, property = ''] = section.split(' ');
  const range = RANGES[property];
  if ((relation !== 'above' && relation !== 'below') || range === undefined || !isProperty(property))
    return undefined;
  const threshold = range.min + Math.round((random.next() * (range.max - range.min)) / range.by) * range.by;
  const amount = numberAmount({ random, ...rest }, range.say, threshold);
  if (
    amount === undefined ||
    amount.meant.type === 'word' ||
    !('value' in amount.meant) ||
    typeof amount.meant.value !== 'number'
  )
    return undefined;
  const value: SaidValue = amount.meant;
  const number = amount.meant.value;
  return {
    text: textFor(amount.text),
    meant: {
      type: 'compare',
      kind: one.entity.kind as TargetKind,
      entity: one.entity.id,
      property,
      relation,
      value,
    },
    fact: (holds) => {
      const off = range.by * (0.2 + random.next() * 3);
      const seen = (relation === 'above') === holds ? number + off : Math.max(0, number - off);
      const rounded = property === 'temperature' ? Math.round(seen * 10) / 10 : Math.round(seen);
      const distinct = rounded === number ? number + ((relation === 'above') === holds ? 1 : -1) : rounded;
      return { type: 'property', entity: one.entity.id, property, value: distinct };
    },
  };
}

export function timeSituation(scene: Scene): Situation | undefined {
  const { random, lexicon } = scene;
  if (random.chance(0.3)) {
    const day = random.pick(['weekday', 'weekend'] as const);
    return {
      text: expand(line(scene, lexicon.conditions, `day ${day}`), random, {}),
      meant: { type: 'day', day },
      fact: (holds) => ({
        type: 'clock',
        minutes: random.int(0, 1439),
        weekend: (day === 'weekend') === holds,
      }),
    };
  }
  const relation = random.pick(['above', 'below'] as const);
  const clock = makeClock(scene);
  if (clock === undefined || clock.meant.type !== 'time') return undefined;
  const { minutes } = clock.meant;
  const room = relation === 'above' ? 1439 - minutes : minutes;
  if (room < 30 || 1439 - room < 30) return undefined;
  return {
    text: expand(line(scene, lexicon.conditions, `time ${relation}`), random, { v: () => clock.text }),
    meant: { type: 'time', relation, value: clock.meant },
    fact: (holds) => {
      const later = (relation === 'above') === holds;
      const seen = later ? random.int(minutes + 1, 1439) : random.int(0, minutes - 1);
      return { type: 'clock', minutes: seen, weekend: random.chance(0.3) };
    },
  };
}

function fits(section: string, one: HomeEntity): boolean {
  const words = section.split(' ');
  if (words[0] === 'time' || words[0] === 'day') return false;
  if (words[0] === 'is') {
    if (words[1] !== one.entity.kind) return false;
    return one.entity.kind !== 'binary_sensor' || words[2] === senseOf(one);
  }
  const property = words[1] ?? '';
  if (!propertiesOf(one.entity).some((name) => name === property)) return false;
  return one.entity.kind === 'sensor' || property === 'volume' || property === 'battery';
}

/** `the temperature in the kitchen` is that of the one sensor there. */
function alone(scene: Scene, one: HomeEntity, section: string): boolean {
  if (section.startsWith('above wind'))
    return scene.home.entities.filter((other) => fits(section, other)).length === 1;
  const others = scene.home.entities.filter(
    (other) => other.entity.area === one.entity.area && fits(section, other),
  );
  return one.entity.area !== undefined && others.length === 1;
}
