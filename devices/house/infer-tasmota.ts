import { slugify } from '../../runtime/contract/ids.ts';
import type { Kind } from '../../runtime/contract/kinds.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import { binaryThing, sensorThing, type Guess, type Known } from './guess.ts';
import type { FieldPlan, ThingPlan } from './plan.ts';

const NUMBERED = /^(POWER|Dimmer|CT|HSBColor|Color|Shutter)(\d*)(?:\.(\w+))?$/;

/** Housekeeping of STATE that says nothing about the place. */
const IGNORED_GROUPS: ReadonlySet<string> = new Set([
  'Wifi',
  'Hostname',
  'ArtNet',
  'IrReceived',
  'RfReceived',
]);

const NAMES: Readonly<Record<string, string>> = {
  CarbonDioxide: 'co2',
  Total: 'energy',
  Today: 'energy_today',
  Yesterday: 'energy_yesterday',
  ApparentPower: 'apparent_power',
  ReactivePower: 'reactive_power',
  Factor: 'power_factor',
  SeaPressure: 'sea_pressure',
  DewPoint: 'dew_point',
  TVOC: 'tvoc',
  eCO2: 'eco2',
  'PM2.5': 'pm25',
  PM10: 'pm10',
};

/** Fields of Tasmota's SENSOR, STATE and RESULT; `GROUP.Field`, or a bare field. */
export function inferTasmota(observation: Observation, known: Known): Guess | undefined {
  const { field, value, unit } = observation;
  const part = NUMBERED.exec(field);
  if (part !== null) return known.announced ? undefined : commandable(part, known);
  const dot = field.indexOf('.');
  const group = dot < 0 ? '' : field.slice(0, dot);
  const leaf = dot < 0 ? field : field.slice(dot + 1);
  if (field === 'Wifi.Signal') return { thing: sensorThing(field, 'rssi', 'number', 'dBm') };
  if (IGNORED_GROUPS.has(group) || IGNORED_LEAVES.has(leaf)) return undefined;
  if (typeof value === 'string') {
    const word = value.toUpperCase();
    // Switch1: "ON", IBEACON.STATE: "OFF"
    if (word === 'ON' || word === 'OFF') return { thing: binaryThing(field, slugify(field)) };
    return group === '' ? undefined : { thing: sensorThing(field, propertyOf(group, leaf, true), 'text') };
  }
  if (typeof value === 'boolean') return { thing: binaryThing(field, slugify(field)) };
  if (group === '') return undefined;
  const short = propertyOf(group, leaf, false);
  // `DS18B20-2` is one of several: named in full from the start, so that no name depends on which came first.
  const full = OWN_CHIP.test(group) || group.includes('-') || known.taken(short);
  return { thing: sensorThing(field, full ? propertyOf(group, leaf, true) : short, 'number', unit) };
}

const OWN_CHIP = /^ESP32/;
const IGNORED_LEAVES: ReadonlySet<string> = new Set([
  'Id',
  'TotalStartTime',
  'Period',
  'UptimeSec',
  'Heap',
  'LoadAvg',
]);

function propertyOf(group: string, leaf: string, full: boolean): string {
  const name = Object.hasOwn(NAMES, leaf) ? NAMES[leaf]! : slugify(leaf);
  return full ? `${slugify(group)}_${name}` : name;
}

function commandable(part: RegExpExecArray, known: Known): Guess | undefined {
  const [, name, digits = '', leaf] = part;
  const relay = digits === '' ? 0 : Number(digits);
  if (name === 'Shutter') {
    if (leaf !== 'Position' && leaf !== 'Direction') return undefined;
    return guess('cover', known, relay);
  }
  if (leaf !== undefined) return undefined;
  if (name === 'POWER') {
    return known.things.has('light') && relay <= 1 ? undefined : guess('switch', known, relay);
  }
  const light = guess('light', known, relay);
  return light && known.things.has('switch') ? { ...light, instead: 'switch' } : light;
}

function guess(kind: Kind, known: Known, relay: number): Guess | undefined {
  const thing = tasmotaThing(kind, known.device, relay);
  return thing && { thing };
}

/**
 * Tasmota's usual way with a kind (https://tasmota.github.io/docs/Commands/).
 * @param relay number of the POWER or shutter, 0 where the device has only one
 * @param prefix command topic up to the command's name
 */
export function tasmotaThing(
  kind: Kind,
  topic: string,
  relay: number,
  prefix = `cmnd/${topic}/`,
): ThingPlan | undefined {
  const n = relay === 0 ? '' : String(relay);
  const suffix = relay > 1 ? String(relay) : '';
  const onOff = (field: string): FieldPlan => ({ field, property: 'state', convert: { as: 'onOff' } });
  // A device with one relay says POWER in STATE and may say POWER1 in RESULT, by SetOption26.
  const power = relay <= 1 ? [onOff('POWER'), onOff('POWER1')] : [onOff(`POWER${n}`)];
  const properties = { state: {} };
  switch (kind as string) {
    case 'switch':
    case 'siren':
    case 'fan':
      return {
        kind,
        suffix,
        properties,
        commands: ['turn_on', 'turn_off', ...(kind === 'siren' ? [] : ['toggle'])],
        address: { prefix, power: `POWER${n}` },
        fields: power,
      };
    case 'valve':
      return {
        kind,
        suffix,
        properties,
        commands: ['open', 'close'],
        address: { prefix, power: `POWER${n}` },
        fields: power.map(({ field }) => ({
          field,
          property: 'state',
          convert: { as: 'map', map: { ON: 'open', OFF: 'closed' } },
        })),
      };
    case 'light':
      return {
        kind,
        suffix,
        properties: {
          state: {},
          brightness: { unit: '%', min: 0, max: 100 },
          color_temp: { unit: 'K' },
          color: {},
        },
        commands: ['turn_on', 'turn_off', 'toggle'],
        address: { prefix, power: `POWER${n}`, dimmer: `Dimmer${suffix}`, ct: 'CT', color: 'HSBColor' },
        fields: [
          ...power,
          { field: `Dimmer${suffix}`, property: 'brightness', convert: { as: 'level', max: 100 }, unit: '%' },
          { field: 'CT', property: 'color_temp', convert: { as: 'mired' }, unit: 'K' },
          { field: 'HSBColor', property: 'color', convert: { as: 'color' } },
        ],
      };
    case 'cover': {
      const shutter = relay === 0 ? 1 : relay;
      return {
        kind,
        suffix: shutter > 1 ? String(shutter) : '',
        properties: { state: {}, position: { unit: '%', min: 0, max: 100 } },
        commands: ['open', 'close', 'stop', 'set_position'],
        address: { prefix, shutter },
        fields: [
          { field: `Shutter${shutter}.Position`, property: 'position', convert: { as: 'number' }, unit: '%' },
          { field: `Shutter${shutter}.State`, property: 'state', convert: { as: 'text' } },
        ],
      };
    }
    case 'sensor':
      return { kind, suffix: '', properties: {}, commands: [], fields: [] };
    default:
      return undefined;
  }
}
