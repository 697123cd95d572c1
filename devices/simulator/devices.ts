import {
  binary,
  climate,
  cover,
  fan,
  light,
  linkQuality,
  lock,
  numeric,
  plug,
  type Expose,
  type LightAbility,
} from './exposes.ts';
import type { RoomId } from './people.ts';

export type Role =
  | 'light'
  | 'plug'
  | 'fan'
  | 'cover'
  | 'climate'
  | 'lock'
  | 'air'
  | 'contact'
  | 'outdoor'
  | 'daylight';

/** One simulated device and how it introduces itself. */
export interface DeviceSpec {
  /** Zigbee2MQTT's friendly name: the topic, and the source of the entity's slug. */
  readonly name: string;
  readonly role: Role;
  readonly room?: RoomId;
  readonly model: string;
  readonly vendor: string;
  readonly description: string;
  readonly battery: boolean;
  readonly exposes: readonly Expose[];
  readonly abilities?: readonly LightAbility[];
  /** Power drawn at full output, W. */
  readonly watts?: number;
  /** Light at the room's sensor at full output, lux. */
  readonly lux?: number;
}

const battery: Expose = numeric('battery', '%', { value_min: 0, value_max: 100, category: 'diagnostic' });

function lamp(name: string, room: RoomId, lux: number, abilities: readonly LightAbility[]): DeviceSpec {
  return {
    name,
    role: 'light',
    room,
    model: 'SIM-LIGHT',
    vendor: 'Ganglion simulator',
    description: `Simulated ${abilities.includes('color') ? 'colour' : 'dimmable'} light`,
    battery: false,
    exposes: [light(abilities), linkQuality],
    abilities,
    watts: 9,
    lux,
  };
}

function air(room: RoomId, withCo2: boolean): DeviceSpec {
  return {
    name: `${room}_sensor`,
    role: 'air',
    room,
    model: 'SIM-AIR',
    vendor: 'Ganglion simulator',
    description: 'Simulated motion, light and air sensor',
    battery: true,
    exposes: [
      binary('occupancy', 'Indicates whether the device detected occupancy'),
      numeric('illuminance', 'lx'),
      numeric('temperature', '°C'),
      numeric('humidity', '%'),
      ...(withCo2 ? [numeric('co2', 'ppm')] : []),
      battery,
      linkQuality,
    ],
  };
}

function device(
  name: string,
  role: Role,
  model: string,
  what: string,
  exposes: readonly Expose[],
  more: Partial<DeviceSpec> = {},
): DeviceSpec {
  return {
    name,
    role,
    model,
    vendor: 'Ganglion simulator',
    description: `Simulated ${what}`,
    battery: false,
    exposes: [...exposes, linkQuality],
    ...more,
  };
}

const power: Expose = numeric('power', 'W');

/** What stands in the simulated house. Examples/demo names these devices; a test keeps the two in step. */
export const DEVICES: readonly DeviceSpec[] = [
  lamp('hall', 'hall', 180, ['brightness', 'color_temp']),
  lamp('living', 'living', 260, ['brightness', 'color_temp', 'color']),
  lamp('kitchen', 'kitchen', 320, ['brightness', 'color_temp']),
  lamp('bedroom', 'bedroom', 160, ['brightness', 'color_temp']),
  lamp('bathroom', 'bathroom', 240, ['brightness']),
  air('hall', false),
  air('living', true),
  air('kitchen', false),
  air('bedroom', true),
  air('bathroom', false),
  device('living_fan', 'fan', 'SIM-FAN', 'ventilation with variable speed', [fan], {
    room: 'living',
    watts: 30,
  }),
  device('bathroom_fan', 'fan', 'SIM-FAN', 'extractor fan', [fan], { room: 'bathroom', watts: 18 }),
  device('living_blind', 'cover', 'SIM-BLIND', 'roller blind', [cover], { room: 'living' }),
  device('bedroom_blind', 'cover', 'SIM-BLIND', 'roller blind', [cover], { room: 'bedroom' }),
  device('living_thermostat', 'climate', 'SIM-TRV', 'radiator thermostat', [climate, battery], {
    room: 'living',
    battery: true,
    watts: 1500,
  }),
  device('front_door', 'lock', 'SIM-LOCK', 'door lock', [lock, battery], { room: 'hall', battery: true }),
  device(
    'entrance',
    'contact',
    'SIM-CONTACT',
    'door contact',
    [binary('contact', 'Indicates whether the device is opened or closed', false), battery],
    { room: 'hall', battery: true },
  ),
  device('coffee_machine', 'plug', 'SIM-PLUG', 'plug with power meter', [plug, power], {
    room: 'kitchen',
    watts: 1150,
  }),
  device('tv', 'plug', 'SIM-PLUG', 'plug with power meter', [plug, power], { room: 'living', watts: 95 }),
  device(
    'outside',
    'outdoor',
    'SIM-OUTDOOR',
    'outdoor sensor',
    [numeric('temperature', '°C'), numeric('illuminance', 'lx'), battery],
    { battery: true },
  ),
  device('daylight', 'daylight', 'SIM-SUN', 'sun: its height, and the simulated time of day', [
    numeric('elevation', '°'),
    numeric('hour', 'h'),
  ]),
];

/** The retained payload of `zigbee2mqtt/bridge/devices`. */
export function bridgeDevices(specs: readonly DeviceSpec[]): readonly unknown[] {
  const coordinator = {
    ieee_address: '0x00124b0000000000',
    type: 'Coordinator',
    network_address: 0,
    supported: false,
    disabled: false,
    friendly_name: 'Coordinator',
    description: 'simulated',
    endpoints: {},
    definition: null,
    power_source: null,
    interview_completed: true,
    interviewing: false,
  };
  return [coordinator, ...specs.map((spec, index) => bridgeDevice(spec, index + 1))];
}

function bridgeDevice(spec: DeviceSpec, number: number): unknown {
  return {
    ieee_address: `0x00124b00${number.toString(16).padStart(8, '0')}`,
    type: spec.battery ? 'EndDevice' : 'Router',
    network_address: 0x1000 + number,
    supported: true,
    disabled: false,
    friendly_name: spec.name,
    description: 'simulated',
    endpoints: {
      '1': { bindings: [], clusters: { input: [], output: [] }, configured_reportings: [], scenes: [] },
    },
    definition: {
      source: 'native',
      model: spec.model,
      vendor: spec.vendor,
      description: spec.description,
      exposes: spec.exposes,
      options: [],
      supports_ota: false,
    },
    power_source: spec.battery ? 'Battery' : 'Mains (single phase)',
    model_id: spec.model,
    manufacturer: spec.vendor,
    interviewing: false,
    interview_completed: true,
    interview_state: 'SUCCESSFUL',
  };
}
