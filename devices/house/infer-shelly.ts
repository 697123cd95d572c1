import { slugify } from '../../runtime/contract/ids.ts';
import type { Kind } from '../../runtime/contract/kinds.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import { binaryThing, sensorThing, type Guess, type Known } from './guess.ts';
import type { ThingPlan } from './plan.ts';

/** Components that take commands, by the field that shows they are there. */
const COMMANDABLE: Readonly<Record<string, Kind>> = {
  switch: 'switch',
  cover: 'cover',
  light: 'light',
  rgb: 'light',
  rgbw: 'light',
  cct: 'light',
  thermostat: 'climate',
};

/** Number fields worth keeping, by their path inside the component. */
const NUMBERS: Readonly<Record<string, readonly [property: string, unit?: string]>> = {
  apower: ['power', 'W'],
  act_power: ['power', 'W'],
  total_act_power: ['power', 'W'],
  total_act_energy: ['energy', 'Wh'],
  voltage: ['voltage', 'V'],
  current: ['current', 'A'],
  freq: ['frequency', 'Hz'],
  pf: ['power_factor'],
  'aenergy.total': ['energy', 'Wh'],
  'battery.percent': ['battery', '%'],
  'battery.V': ['battery_voltage', 'V'],
  battery: ['battery', '%'],
  tC: ['temperature', '°C'],
  'temperature.tC': ['device_temperature', '°C'],
  rh: ['humidity', '%'],
  lux: ['illuminance', 'lx'],
  percent: ['percent', '%'],
  xpercent: ['percent', '%'],
  rssi: ['rssi', 'dBm'],
  current_C: ['temperature', '°C'],
  target_C: ['target_temperature', '°C'],
  pos: ['position', '%'],
};

const BOOLEANS: Readonly<Record<string, string>> = {
  'smoke.alarm': 'smoke',
  'flood.alarm': 'water_leak',
  'input.state': 'input',
  'motion.motion': 'motion',
  'presence.presence': 'presence',
  'devicepower.external.present': 'external_power',
};

/** `switch:0.aenergy.total` → component `switch`, number 0, path `aenergy.total`. */
export function inferShelly({ field, value }: Observation, known: Known): Guess | undefined {
  const dot = field.indexOf('.');
  if (dot < 0) return undefined;
  const component = field.slice(0, dot);
  const path = field.slice(dot + 1);
  const colon = component.indexOf(':');
  const type = colon < 0 ? component : component.slice(0, colon);
  const id = colon < 0 ? 0 : Number(component.slice(colon + 1));
  const kind = Object.hasOwn(COMMANDABLE, type) ? COMMANDABLE[type] : undefined;
  if (kind !== undefined) {
    const thing = shellyThing(kind, known.device, component);
    if (thing?.fields.some((plan) => plan.field === field)) return { thing };
  }
  // Add-on sensors are numbered from 100, sensors of Bluetooth devices from 200.
  const tail = id === 0 || id === 100 || id === 200 ? '' : `_${id}`;
  if (typeof value === 'boolean') {
    const name = BOOLEANS[`${type}.${path}`];
    return name === undefined ? undefined : { thing: binaryThing(field, `${name}${tail}`) };
  }
  if (path === 'event') return { thing: sensorThing(field, `action${tail}`, 'text') };
  if (typeof value !== 'number' || !Object.hasOwn(NUMBERS, path)) return undefined;
  const [name, unit] = NUMBERS[path]!;
  const property = `${name}${tail}`;
  return { thing: sensorThing(field, known.taken(property) ? slugify(field) : property, 'number', unit) };
}

/** Shelly Gen2+ components (https://shelly-api-docs.shelly.cloud/gen2/) as entities. */
export function shellyThing(kind: Kind, topic: string, component: string | undefined): ThingPlan | undefined {
  const usual = {
    switch: 'switch',
    siren: 'switch',
    valve: 'switch',
    light: 'light',
    cover: 'cover',
    climate: 'thermostat',
  };
  const full =
    component ?? (Object.hasOwn(usual, kind) ? `${usual[kind as keyof typeof usual]}:0` : undefined);
  if (full === undefined) {
    return kind === 'sensor' ? { kind, suffix: '', properties: {}, commands: [], fields: [] } : undefined;
  }
  const [type = '', digits = '0'] = full.split(':');
  const id = Number(digits);
  if (!Number.isInteger(id)) return undefined;
  const base = { kind, suffix: id === 0 ? '' : String(id) };
  const address = { rpc: `${topic}/rpc`, component: type, id };
  const state = { field: `${full}.output`, property: 'state', convert: { as: 'onOff' } } as const;
  switch (kind as string) {
    case 'switch':
    case 'siren':
      return {
        ...base,
        properties: { state: {} },
        commands: ['turn_on', 'turn_off', ...(kind === 'siren' ? [] : ['toggle'])],
        address,
        fields: [state],
      };
    case 'valve':
      return {
        ...base,
        properties: { state: {} },
        commands: ['open', 'close'],
        address,
        fields: [{ ...state, convert: { as: 'map', map: { true: 'open', false: 'closed' } } }],
      };
    case 'light':
      return {
        ...base,
        properties: {
          state: {},
          brightness: { unit: '%', min: 0, max: 100 },
          ...(type === 'cct' && { color_temp: { unit: 'K' } }),
          ...(type.startsWith('rgb') && { color: {} }),
        },
        commands: ['turn_on', 'turn_off', 'toggle'],
        address,
        fields: [
          state,
          {
            field: `${full}.brightness`,
            property: 'brightness',
            convert: { as: 'level', max: 100 },
            unit: '%',
          },
          ...(type === 'cct'
            ? [{ field: `${full}.ct`, property: 'color_temp', convert: { as: 'number' }, unit: 'K' } as const]
            : []),
          ...(type.startsWith('rgb')
            ? [{ field: `${full}.rgb`, property: 'color', convert: { as: 'color' } } as const]
            : []),
        ],
      };
    case 'cover':
      return {
        ...base,
        properties: { state: {}, position: { unit: '%', min: 0, max: 100 } },
        commands: ['open', 'close', 'stop', 'set_position'],
        address,
        fields: [
          {
            field: `${full}.state`,
            property: 'state',
            convert: {
              as: 'map',
              map: {
                open: 'open',
                closed: 'closed',
                opening: 'opening',
                closing: 'closing',
                stopped: 'stopped',
              },
            },
          },
          { field: `${full}.current_pos`, property: 'position', convert: { as: 'number' }, unit: '%' },
        ],
      };
    case 'climate':
      return {
        ...base,
        properties: { mode: {}, target_temperature: { unit: '°C' }, temperature: { unit: '°C' } },
        commands: ['set_temperature', 'set_mode', 'turn_off'],
        address,
        fields: [
          {
            field: `${full}.target_C`,
            property: 'target_temperature',
            convert: { as: 'number' },
            unit: '°C',
          },
          { field: `${full}.current_C`, property: 'temperature', convert: { as: 'number' }, unit: '°C' },
          {
            field: `${full}.enable`,
            property: 'mode',
            convert: { as: 'map', map: { true: 'heat', false: 'off' } },
          },
        ],
      };
    default:
      return undefined;
  }
}
