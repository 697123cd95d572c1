import { COLOR_NAMES } from '../../../runtime/contract/color.ts';
import type { Area, Entity, House, PropertyInfo } from '../../../runtime/contract/house.ts';
import { slugify, type EntityId } from '../../../runtime/contract/ids.ts';
import { kindSpec, type Kind } from '../../../runtime/contract/kinds.ts';
import type { FloorName } from '../../../runtime/modelhost/synapse/listing.ts';
import { namesOf, type Lexicon, type Part } from './lexicon.ts';
import { Names, type Naming } from './names.ts';
import type { Random } from './random.ts';

/** An entity with the words that name its sort. */
export interface HomeEntity extends Naming {
  readonly entity: Entity;
}

export interface Home {
  readonly house: House & { floors(): Iterable<FloorName> };
  readonly entities: readonly HomeEntity[];
  readonly areas: readonly Area[];
  readonly floors: readonly FloorName[];
  readonly of: ReadonlyMap<EntityId, HomeEntity>;
}

/** How common kinds are in homes. */
const KIND_WEIGHTS = {
  light: 32,
  switch: 10,
  fan: 5,
  cover: 10,
  valve: 2,
  lock: 4,
  climate: 7,
  humidifier: 2,
  media_player: 8,
  vacuum: 3,
  siren: 1,
  button: 2,
  scene: 5,
  camera: 2,
  select: 2,
  number: 1,
  sensor: 10,
  binary_sensor: 8,
  person: 3,
} as const satisfies Partial<Record<Kind, number>>;
type HomeKind = keyof typeof KIND_WEIGHTS;

/** What sensors measure, in sets that come together. */
const MEASURED: readonly (readonly string[])[] = [
  ['temperature', 'humidity'],
  ['temperature', 'humidity', 'battery'],
  ['temperature'],
  ['temperature', 'humidity', 'co2'],
  ['co2', 'temperature'],
  ['illuminance'],
  ['power', 'energy'],
  ['moisture', 'temperature'],
  ['wind_speed', 'rain', 'temperature'],
  ['pm25', 'tvoc'],
  ['noise'],
  ['temperature', 'pressure', 'humidity'],
];
const UNITS: Readonly<Record<string, string>> = {
  temperature: '°C',
  humidity: '%',
  battery: '%',
  co2: 'ppm',
  illuminance: 'lx',
  power: 'W',
  energy: 'kWh',
  moisture: '%',
  wind_speed: 'km/h',
  rain: 'mm',
  pressure: 'hPa',
  pm25: 'µg/m³',
  tvoc: 'ppb',
  noise: 'dB',
};

/** A made-up home of 3 to `most` entities. */
export function makeHome(random: Random, lexicon: Lexicon, part: Part, most = 200): Home {
  const names = new Names(random, lexicon, part);
  const count = Math.round(3 * (most / 3) ** random.next());
  const floors = random.chance(0.55) ? names.floors(random.int(1, 4)) : [];
  const areas = makeAreas(
    random,
    names,
    Math.max(1, Math.min(25, Math.round(Math.sqrt(count) * (0.7 + random.next())))),
    floors,
  );
  const entities = new Map<string, HomeEntity>();
  const said = new Set<string>();
  const habit = habitOf(random);
  let last: { readonly kind: HomeKind; readonly area: Area | undefined } | undefined;
  for (let tries = 0; entities.size < count && tries < count * 3; tries++) {
    const again = last !== undefined && random.chance(habit.clusters);
    const kind = again ? last!.kind : random.weighted<HomeKind>(KIND_WEIGHTS);
    const placed = kind !== 'person' && random.chance(kind === 'scene' ? 0.2 : 0.94);
    const area = again && kind !== 'person' ? last!.area : placed ? random.pick(areas) : undefined;
    last = { kind, area };
    const fresh = names.entity(kind, area);
    const naming =
      area === undefined || !random.chance(habit.repeats)
        ? fresh
        : (repeated([...entities.values()], kind, areas, random) ?? fresh);
    const key = `${kind} ${naming.name.toLowerCase()} ${area?.id}`;
    if (said.has(key)) continue;
    said.add(key);
    let id: EntityId = `${kind}.${slugify(naming.name)}`;
    for (let n = 2; entities.has(id); n++) id = `${kind}.${slugify(naming.name)}_${n}`;
    entities.set(id, { ...naming, entity: makeEntity(random, lexicon, part, id, kind, naming, area) });
  }
  return homeOf([...entities.values()], areas, floors);
}

/** How a home's owner goes about it: several of a kind side by side, the same name in every room. */
function habitOf(random: Random): { readonly clusters: number; readonly repeats: number } {
  return {
    clusters:
      random.weighted({ none: 55, some: 30, many: 15 }) === 'none' ? 0 : random.pick([0.2, 0.35, 0.5]),
    repeats: random.chance(0.35) ? random.pick([0.2, 0.4, 0.6]) : 0,
  };
}

/** `ceiling light`, as in another room: a name of this kind that tells no place, and no owner. */
function repeated(
  entities: readonly HomeEntity[],
  kind: HomeKind,
  areas: readonly Area[],
  random: Random,
): Naming | undefined {
  const plain = entities.filter(({ entity }) => {
    const name = entity.name.toLowerCase();
    return (
      entity.kind === kind &&
      !/['\d(]/.test(name) &&
      !areas.some((area) => [area.name, ...area.aliases].some((own) => name.includes(own.toLowerCase())))
    );
  });
  if (plain.length === 0) return undefined;
  const { entity, noun, plural } = random.pick(plain);
  return {
    name: entity.name,
    aliases: [],
    ...(noun === undefined ? {} : { noun }),
    ...(plural === undefined ? {} : { plural }),
  };
}

export function homeOf(
  entities: readonly HomeEntity[],
  areas: readonly Area[],
  floors: readonly FloorName[],
): Home {
  const byId = new Map(entities.map(({ entity }) => [entity.id, entity]));
  const areaById = new Map(areas.map((area) => [area.id, area]));
  return {
    entities,
    areas,
    floors,
    of: new Map(entities.map((one) => [one.entity.id, one])),
    house: {
      version: 1,
      entity: (id) => byId.get(id),
      entities: () => byId.values(),
      area: (id) => areaById.get(id),
      areas: () => areas,
      ofDevice: (device) => entities.map(({ entity }) => entity).filter((entity) => entity.device === device),
      floors: () => floors,
    },
  };
}

function makeAreas(random: Random, names: Names, count: number, floors: readonly FloorName[]): Area[] {
  return names.areas(count).map(([name = 'room', ...aliases]) => {
    const floor = floors.length > 0 && random.chance(0.92) ? random.pick(floors).id : undefined;
    return {
      id: slugify(name),
      name: names.written(name),
      aliases: aliases.filter(() => random.chance(0.3)),
      ...(floor === undefined ? {} : { floor }),
    };
  });
}

function makeEntity(
  random: Random,
  lexicon: Lexicon,
  part: Part,
  id: EntityId,
  kind: HomeKind,
  { name, aliases }: Naming,
  area: Area | undefined,
): Entity {
  const properties = propertiesFor(random, lexicon, part, kind);
  const commands = Object.keys(kindSpec(kind).commands).filter(
    (command) => command !== 'set_position' || properties['position'] !== undefined,
  );
  const usable = commands.filter(
    (command) => command !== 'select_source' || properties['source'] !== undefined,
  );
  return {
    id,
    kind,
    name,
    aliases,
    device: `made/${id}`,
    critical: kindSpec(kind).critical,
    properties,
    commands: usable,
    ...(area === undefined ? {} : { area: area.id }),
    ...(usable.length === 0 ? {} : { target: { dialect: 'made', address: {} } }),
  };
}

function propertiesFor(
  random: Random,
  lexicon: Lexicon,
  part: Part,
  kind: HomeKind,
): Record<string, PropertyInfo> {
  switch (kind) {
    case 'light': {
      const sort = random.weighted({ dim: 35, plain: 10, white: 20, color: 35 });
      return {
        state: {},
        ...(sort === 'plain' ? {} : { brightness: {} }),
        ...(sort === 'white' || (sort === 'color' && random.chance(0.7))
          ? { color_temp: { min: 2000, max: 6500 } }
          : {}),
        ...(sort === 'color' ? { color: {} } : {}),
      };
    }
    case 'cover':
    case 'valve':
      return { state: {}, ...(random.chance(kind === 'cover' ? 0.75 : 0.3) ? { position: {} } : {}) };
    case 'fan':
      return { state: {}, ...(random.chance(0.8) ? { speed: {} } : {}) };
    case 'climate':
      return {
        mode: {
          values: random.pick([
            ['off', 'heat'],
            ['off', 'heat', 'auto'],
            ['off', 'heat', 'cool', 'auto', 'dry', 'fan_only'],
            ['off', 'heat', 'cool', 'heat_cool'],
          ]),
        },
        target_temperature: random.pick([
          { min: 5, max: 30 },
          { min: 7, max: 35 },
          { min: 16, max: 30 },
        ]),
        ...(random.chance(0.8) ? { temperature: {} } : {}),
      };
    case 'media_player':
      return {
        state: {},
        volume: {},
        muted: {},
        ...(random.chance(0.35)
          ? {
              source: {
                values: some(random, namesOf(lexicon.values.get('option media_player') ?? [], part), 4),
              },
            }
          : {}),
      };
    case 'select':
      return {
        option: { values: some(random, namesOf(lexicon.values.get('option select') ?? [], part), 5) },
      };
    case 'number': {
      const max = random.pick([10, 30, 50, 60, 100, 500]);
      return { value: { min: 0, max } };
    }
    case 'sensor':
      return Object.fromEntries(random.pick(MEASURED).map((name) => [name, { unit: UNITS[name] ?? '' }]));
    case 'vacuum':
      return { state: {}, ...(random.chance(0.7) ? { battery: {} } : {}) };
    case 'switch':
    case 'lock':
    case 'humidifier':
    case 'siren':
    case 'button':
    case 'scene':
    case 'camera':
    case 'binary_sensor':
    case 'person':
      return Object.fromEntries(Object.keys(kindSpec(kind).properties).map((name) => [name, {}]));
  }
}

function some(random: Random, items: readonly string[], most: number): string[] {
  return random.shuffled(items).slice(0, random.int(2, most));
}

/** Colours people name; the rarer ones of the table are left to the extractor. */
export const SAID_COLORS: readonly string[] = COLOR_NAMES.filter(
  (name) => name !== 'salmon' && name !== 'teal',
);
