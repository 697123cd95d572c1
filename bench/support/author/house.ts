import type { LinkableHouse } from '../../../devices/index.ts';
import type { Area, Entity, PropertyInfo } from '../../../runtime/contract/house.ts';
import { kindOf, type EntityId } from '../../../runtime/contract/ids.ts';
import { isKind, kindSpec } from '../../../runtime/contract/kinds.ts';
import { GanglionError } from '../../../runtime/errors.ts';

interface Told {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly area?: string;
  readonly properties?: Readonly<Record<string, PropertyInfo>>;
}

const HOME = {
  areas: {
    hallway: { name: 'Hallway', floor: 'ground' },
    kitchen: { name: 'Kitchen', floor: 'ground' },
    living_room: { name: 'Living room', floor: 'ground', aliases: ['lounge'] },
    study: { name: 'Study', floor: 'first' },
    bedroom: { name: 'Bedroom', floor: 'first' },
    bathroom: { name: 'Bathroom', floor: 'first' },
    garage: { name: 'Garage', floor: 'ground' },
    terrace: { name: 'Terrace', aliases: ['patio'] },
    cellar: { name: 'Cellar', floor: 'basement' },
  },
  devices: {
    'light.hallway': device('Hallway light', 'hallway'),
    'light.stairs': device('Stair light', 'hallway'),
    'light.kitchen_ceiling': device('Kitchen ceiling light', 'kitchen'),
    'light.worktop': device('Worktop lights', 'kitchen'),
    'light.sofa_lamp': device('Sofa lamp', 'living_room', ['reading lamp']),
    'light.desk': device('Desk lamp', 'study'),
    'light.bedside': device('Bedside lamp', 'bedroom'),
    'light.mirror': device('Mirror light', 'bathroom'),
    'light.terrace': device('Terrace light', 'terrace'),
    'light.garage': device('Garage light', 'garage'),
    'switch.espresso': device('Espresso machine', 'kitchen', ['coffee machine']),
    'switch.heater_plug': device('Fan heater', 'study'),
    'switch.pump': device('Cellar pump', 'cellar'),
    'fan.extractor': device('Extractor fan', 'bathroom', ['bathroom fan']),
    'fan.bedroom': device('Bedroom fan', 'bedroom'),
    'cover.living_room_shutters': device('Living room shutters', 'living_room'),
    'cover.awning': device('Awning', 'terrace'),
    'cover.bedroom_blind': device('Bedroom blind', 'bedroom'),
    'cover.garage_door': device('Garage door', 'garage'),
    'lock.front_door': device('Front door lock', 'hallway'),
    'valve.water': device('Main water valve', 'cellar'),
    'siren.alarm': device('Alarm siren', 'hallway', ['alarm']),
    'climate.living_room': device('Living room thermostat', 'living_room'),
    'climate.bathroom': device('Bathroom radiator', 'bathroom'),
    'media_player.television': device('Television', 'living_room', ['TV']),
    'media_player.kitchen_radio': device('Kitchen radio', 'kitchen'),
    'vacuum.rosie': device('Rosie', 'living_room', ['robot vacuum']),
    'notify.family': device('Family chat'),
    'binary_sensor.hallway_motion': sensor('Hallway motion sensor', 'hallway'),
    'binary_sensor.cellar_motion': sensor('Cellar motion sensor', 'cellar'),
    'binary_sensor.bathroom_motion': sensor('Bathroom motion sensor', 'bathroom'),
    'binary_sensor.front_door_contact': sensor('Front door', 'hallway'),
    'binary_sensor.terrace_door_contact': sensor('Terrace door', 'living_room'),
    'binary_sensor.bedroom_window_contact': sensor('Bedroom window', 'bedroom'),
    'binary_sensor.fridge_contact': sensor('Fridge door', 'kitchen'),
    'binary_sensor.cellar_leak': sensor('Cellar leak sensor', 'cellar'),
    'binary_sensor.kitchen_smoke': sensor('Kitchen smoke detector', 'kitchen'),
    'binary_sensor.doorbell': sensor('Doorbell', 'hallway'),
    'sensor.living_room_air': measuring('Living room air sensor', 'living_room', {
      temperature: { unit: '°C' },
      humidity: { unit: '%' },
      co2: { unit: 'ppm' },
    }),
    'sensor.bathroom_air': measuring('Bathroom air sensor', 'bathroom', {
      temperature: { unit: '°C' },
      humidity: { unit: '%' },
    }),
    'sensor.bedroom_air': measuring('Bedroom air sensor', 'bedroom', { temperature: { unit: '°C' } }),
    'sensor.terrace_light': measuring('Terrace light sensor', 'terrace', { illuminance: { unit: 'lx' } }),
    'sensor.weather': measuring('Weather station', 'terrace', {
      wind_speed: { unit: 'km/h' },
      temperature: { unit: '°C' },
    }),
    'sensor.washing_machine': measuring('Washing machine', 'cellar', { power: { unit: 'W' } }),
    'sensor.basil': measuring('Basil', 'kitchen', { moisture: { unit: '%' } }),
    'person.nora': { name: 'Nora' },
    'person.emil': { name: 'Emil' },
  },
};

/** The home that the sentences of bench `author` are about. */
export function benchHouse(): LinkableHouse {
  const areas = Object.entries(HOME.areas).map(([id, told]): Area => ({ id, aliases: [], ...told }));
  const entities = Object.entries(HOME.devices as Readonly<Record<string, Told>>).map(([id, told]) =>
    entityOf(id as EntityId, told),
  );
  const byId = new Map(entities.map((entity) => [entity.id, entity]));
  return {
    version: 1,
    entity: (id) => byId.get(id),
    entities: () => entities,
    area: (id) => areas.find((area) => area.id === id),
    areas: () => areas,
    ofDevice: (one) => entities.filter(({ device: own }) => own === one),
    floors: () => [
      { id: 'ground', name: 'Ground floor', aliases: ['downstairs'] },
      { id: 'first', name: 'First floor', aliases: ['upstairs'] },
      { id: 'basement', name: 'Basement', aliases: [] },
    ],
  };
}

function entityOf(id: EntityId, { name, aliases = [], area, properties = {} }: Told): Entity {
  const kind = kindOf(id);
  if (!isKind(kind)) throw new GanglionError('USAGE', { message: `Expected a kind for ${id} of the bench.` });
  const { commands, critical } = kindSpec(kind);
  const takes = Object.keys(commands);
  return {
    id,
    kind,
    name,
    aliases,
    ...(area === undefined ? {} : { area }),
    device: `bench/${id}`,
    ...(takes.length === 0 ? {} : { target: { dialect: 'zigbee2mqtt', address: {} } }),
    critical,
    properties,
    commands: takes,
  };
}

function device(name: string, area?: string, aliases: readonly string[] = []): Told {
  return { name, aliases, ...(area === undefined ? {} : { area }) };
}

function sensor(name: string, area: string): Told {
  return { name, area };
}

function measuring(name: string, area: string, properties: Readonly<Record<string, PropertyInfo>>): Told {
  return { name, area, properties };
}
