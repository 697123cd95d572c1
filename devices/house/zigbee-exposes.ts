import type { PropertyInfo } from '../../runtime/contract/house.ts';
import type { Kind } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { slugify } from '../../runtime/contract/ids.ts';
import { kelvinOf, type Convert } from './convert.ts';
import type { FieldPlan, ThingPlan } from './plan.ts';
import { sensorUnit } from './units.ts';
import { array, number, object, text, texts, type Json } from './json.ts';

/** One of Zigbee2MQTT's `exposes` (https://www.zigbee2mqtt.io/guide/usage/exposes.html), as far as it matters here. */
interface Expose {
  readonly type: string;
  readonly name: string;
  readonly property: string;
  readonly endpoint: string;
  readonly access: number;
  readonly unit: string | undefined;
  readonly on: string;
  readonly off: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly values: readonly string[];
  readonly features: readonly Expose[];
}

/** access: bit 0 in published states, bit 1 can be set, bit 2 can be read on request. */
const PUBLISHED = 1;
const SETTABLE = 2;

const MAX_FEATURES = 128;

function readExpose(raw: unknown, depth = 0): Expose | undefined {
  const json = object(raw);
  if (json === undefined || depth > 3) return undefined;
  const name = text(json['name']) ?? '';
  return {
    type: text(json['type']) ?? '',
    name,
    property: text(json['property']) ?? name,
    endpoint: text(json['endpoint']) ?? '',
    access: number(json['access']) ?? PUBLISHED,
    unit: text(json['unit']),
    on: literal(json['value_on'], 'ON'),
    off: literal(json['value_off'], 'OFF'),
    min: number(json['value_min']),
    max: number(json['value_max']),
    values: texts(json['values']),
    features: array(json['features'])
      .slice(0, MAX_FEATURES)
      .map((feature) => readExpose(feature, depth + 1))
      .filter((feature) => feature !== undefined),
  };
}

function literal(raw: unknown, fallback: string): string {
  return typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean'
    ? String(raw)
    : fallback;
}

/** Everything a device's definition exposes, as entities. `set` is its command topic. */
export function thingsOf(exposes: unknown, definition: Json, set: string): ThingPlan[] {
  const things: ThingPlan[] = [];
  const sensor: { fields: FieldPlan[]; properties: Record<string, PropertyInfo> } = {
    fields: [],
    properties: {},
  };
  const valve = /\bvalve\b/i.test(text(definition['description']) ?? '');
  for (const raw of array(exposes).slice(0, MAX_FEATURES)) {
    const expose = readExpose(raw);
    if (expose === undefined) continue;
    const thing = specific(expose, set, valve) ?? generic(expose, set) ?? binary(expose);
    if (thing !== undefined) things.push(thing);
    else reported(expose, sensor);
  }
  if (sensor.fields.length > 0) {
    things.push({
      kind: 'sensor',
      suffix: '',
      properties: sensor.properties,
      commands: [],
      fields: sensor.fields,
    });
  }
  return things;
}

function feature(expose: Expose, ...names: string[]): Expose | undefined {
  for (const name of names) {
    const found = expose.features.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** light, switch, fan, cover, lock, climate. */
function specific(expose: Expose, set: string, valve: boolean): ThingPlan | undefined {
  const suffix = expose.endpoint === '' ? '' : slugify(expose.endpoint);
  switch (expose.type) {
    case 'light':
      return light(expose, set, suffix);
    case 'switch': {
      const state = feature(expose, 'state');
      if (state === undefined) return undefined;
      if (valve) return openable('valve', expose, set, suffix, { open: state.on, close: state.off });
      return onOffThing('switch', state, set, suffix);
    }
    case 'fan':
      return fan(expose, set, suffix);
    case 'cover':
      return openable('cover', expose, set, suffix, { open: 'OPEN', close: 'CLOSE', stop: 'STOP' });
    case 'lock': {
      const state = feature(expose, 'state');
      if (state === undefined) return undefined;
      // A child lock is a setting of the device, not something that bars a door.
      if (state.property === 'child_lock') return onOffThing('switch', state, set, 'child_lock');
      return {
        kind: 'lock',
        suffix,
        properties: { state: {} },
        commands: ['lock', 'unlock'],
        address: { set, state: state.property, on: state.on, off: state.off },
        fields: [
          mapped(state.property, 'state', {
            [state.on]: 'locked',
            [state.off]: 'unlocked',
            LOCK: 'locked',
            UNLOCK: 'unlocked',
          }),
        ],
      };
    }
    case 'climate':
      return climate(expose, set, suffix);
    default:
      return undefined;
  }
}

function mapped(field: string, property: string, map: Record<string, Value>): FieldPlan {
  return { field, property, convert: { as: 'map', map } };
}

function onOffThing(kind: Kind, state: Expose, set: string, suffix: string): ThingPlan {
  return {
    kind,
    suffix,
    properties: { state: {} },
    commands: kind === 'siren' ? ['turn_on', 'turn_off'] : ['turn_on', 'turn_off', 'toggle'],
    address: { set, state: state.property, on: state.on, off: state.off },
    fields: [mapped(state.property, 'state', { [state.off]: 'off', [state.on]: 'on' })],
  };
}

function light(expose: Expose, set: string, suffix: string): ThingPlan | undefined {
  const state = feature(expose, 'state');
  if (state === undefined) return undefined;
  const base = onOffThing('light', state, set, suffix);
  const fields = [...base.fields];
  const properties: Record<string, PropertyInfo> = { state: {} };
  const address: Record<string, unknown> = { ...base.address };
  const brightness = feature(expose, 'brightness');
  if (brightness !== undefined) {
    const max = brightness.max !== undefined && brightness.max > 0 ? brightness.max : 254;
    fields.push({
      field: brightness.property,
      property: 'brightness',
      convert: { as: 'level', max },
      unit: '%',
    });
    properties['brightness'] = { unit: '%', min: 0, max: 100 };
    address['brightness'] = brightness.property;
    address['brightness_max'] = max;
  }
  const warmth = feature(expose, 'color_temp');
  if (warmth !== undefined) {
    fields.push({ field: warmth.property, property: 'color_temp', convert: { as: 'mired' }, unit: 'K' });
    properties['color_temp'] = {
      unit: 'K',
      ...(warmth.max !== undefined && warmth.max > 0 && { min: kelvinOf(warmth.max) }),
      ...(warmth.min !== undefined && warmth.min > 0 && { max: kelvinOf(warmth.min) }),
    };
    address['color_temp'] = warmth.property;
  }
  const color = feature(expose, 'color_xy', 'color_hs');
  if (color !== undefined) {
    fields.push({ field: color.property, property: 'color', convert: { as: 'color' } });
    properties['color'] = {};
    address['color'] = color.property;
    address['color_model'] = color.name === 'color_hs' ? 'hs' : 'xy';
  }
  return { ...base, properties, address, fields };
}

/** Words of fan modes in the order of their speed; `on` and `auto` are no speed. */
const SPEED_WORDS = ['low', 'medium', 'high', 'turbo', 'max'];

function fan(expose: Expose, set: string, suffix: string): ThingPlan {
  const state = feature(expose, 'state', 'fan_state');
  const mode = feature(expose, 'mode', 'fan_mode');
  const speed = feature(expose, 'speed', 'fan_speed');
  const fields: FieldPlan[] = [];
  const properties: Record<string, PropertyInfo> = { state: {} };
  const address: Record<string, unknown> = { set };
  if (state !== undefined) {
    fields.push(mapped(state.property, 'state', { [state.off]: 'off', [state.on]: 'on' }));
    Object.assign(address, { state: state.property, on: state.on, off: state.off });
  }
  const steps = SPEED_WORDS.filter((word) => mode?.values.includes(word));
  if (speed?.max !== undefined && speed.max > 0) {
    fields.push({
      field: speed.property,
      property: 'speed',
      convert: { as: 'level', max: speed.max },
      unit: '%',
    });
    Object.assign(address, { speed: speed.property, speed_max: speed.max });
    properties['speed'] = { unit: '%', min: 0, max: 100 };
  } else if (mode !== undefined && steps.length > 0) {
    const map: Record<string, Value> = { off: 0 };
    steps.forEach((word, i) => (map[word] = Math.round(((i + 1) / steps.length) * 100)));
    fields.push(mapped(mode.property, 'speed', map));
    Object.assign(address, { mode: mode.property, steps });
    properties['speed'] = { unit: '%', min: 0, max: 100 };
  }
  const settable = properties['speed'] !== undefined;
  return {
    kind: 'fan',
    suffix,
    properties,
    commands: ['turn_on', 'turn_off', 'toggle', ...(settable ? ['set_speed'] : [])],
    address,
    fields,
  };
}

const COVER_STATES: Record<string, Value> = {
  OPEN: 'open',
  CLOSE: 'closed',
  CLOSED: 'closed',
  STOP: 'stopped',
  OPENING: 'opening',
  CLOSING: 'closing',
};

function openable(
  kind: 'cover' | 'valve',
  expose: Expose,
  set: string,
  suffix: string,
  words: { readonly open: string; readonly close: string; readonly stop?: string },
): ThingPlan {
  const state = feature(expose, 'state');
  const position = feature(expose, 'position');
  const fields: FieldPlan[] = [];
  const properties: Record<string, PropertyInfo> = { state: {} };
  if (state !== undefined) {
    const own = kind === 'valve' ? { [words.open]: 'open', [words.close]: 'closed' } : {};
    fields.push(mapped(state.property, 'state', { ...COVER_STATES, ...own }));
  }
  if (position !== undefined) {
    fields.push({ field: position.property, property: 'position', convert: { as: 'number' }, unit: '%' });
    properties['position'] = { unit: '%', min: 0, max: 100 };
  }
  return {
    kind,
    suffix,
    properties,
    commands: [
      'open',
      'close',
      ...(words.stop === undefined ? [] : ['stop']),
      ...(position === undefined ? [] : ['set_position']),
    ],
    address: {
      set,
      ...words,
      ...(state !== undefined && { state: state.property }),
      ...(position !== undefined && { position: position.property }),
    },
    fields,
  };
}

const MODES = ['off', 'heat', 'cool', 'heat_cool', 'auto', 'dry', 'fan_only'];

function climate(expose: Expose, set: string, suffix: string): ThingPlan {
  const fields: FieldPlan[] = [];
  const properties: Record<string, PropertyInfo> = {};
  const address: Record<string, unknown> = { set };
  const commands: string[] = [];
  const target = feature(
    expose,
    'occupied_heating_setpoint',
    'current_heating_setpoint',
    'occupied_cooling_setpoint',
  );
  if (target !== undefined) {
    fields.push({
      field: target.property,
      property: 'target_temperature',
      convert: { as: 'number' },
      unit: '°C',
    });
    properties['target_temperature'] = {
      unit: '°C',
      ...(target.min !== undefined && { min: target.min }),
      ...(target.max !== undefined && { max: target.max }),
    };
    address['temperature'] = target.property;
    commands.push('set_temperature');
  }
  const mode = feature(expose, 'system_mode');
  if (mode !== undefined) {
    const values = mode.values.filter((value) => MODES.includes(value));
    fields.push(mapped(mode.property, 'mode', Object.fromEntries(MODES.map((word) => [word, word]))));
    properties['mode'] = values.length > 0 ? { values } : {};
    address['mode'] = mode.property;
    commands.push('set_mode');
    if (values.includes('off')) commands.push('turn_off');
  }
  const local = feature(expose, 'local_temperature');
  if (local !== undefined) {
    fields.push({ field: local.property, property: 'temperature', convert: { as: 'number' }, unit: '°C' });
    properties['temperature'] = { unit: '°C' };
  }
  return { kind: 'climate', suffix, properties, commands, address, fields };
}

/** Settings and switches outside the specific kinds: number, select, switch, button, siren. */
function generic(expose: Expose, set: string): ThingPlan | undefined {
  const suffix = slugify(expose.property);
  if (expose.type === 'composite' && expose.name === 'warning') {
    return {
      kind: 'siren',
      suffix: '',
      properties: {},
      commands: ['turn_on', 'turn_off'],
      address: { set, warning: expose.property },
      fields: [],
    };
  }
  if ((expose.access & SETTABLE) === 0 || expose.property === '') return undefined;
  switch (expose.type) {
    case 'binary': {
      if (expose.name === 'alarm' || expose.name === 'siren') return onOffThing('siren', expose, set, '');
      return onOffThing('switch', expose, set, suffix);
    }
    case 'numeric':
      return {
        kind: 'number',
        suffix,
        properties: {
          value: {
            ...(expose.unit !== undefined && { unit: expose.unit }),
            ...(expose.min !== undefined && { min: expose.min }),
            ...(expose.max !== undefined && { max: expose.max }),
          },
        },
        commands: ['set_value'],
        address: { set, value: expose.property },
        fields: [
          {
            field: expose.property,
            property: 'value',
            convert: { as: 'number' },
            ...(expose.unit !== undefined && { unit: expose.unit }),
          },
        ],
      };
    case 'enum':
      if ((expose.access & PUBLISHED) === 0 && expose.values.length === 1) {
        return {
          kind: 'button',
          suffix,
          properties: {},
          commands: ['press'],
          address: { set, value: expose.property, press: expose.values[0] },
          fields: [],
        };
      }
      return {
        kind: 'select',
        suffix,
        properties: { option: { values: expose.values } },
        commands: ['select_option'],
        address: { set, value: expose.property },
        fields: [{ field: expose.property, property: 'option', convert: { as: 'text' } }],
      };
    default:
      return undefined;
  }
}

function reported(
  expose: Expose,
  sensor: { fields: FieldPlan[]; properties: Record<string, PropertyInfo> },
): void {
  if ((expose.access & PUBLISHED) === 0 || expose.property === '') return;
  const numeric = expose.type === 'numeric';
  if (!numeric && expose.type !== 'enum' && expose.type !== 'text') return;
  const property = slugify(expose.property);
  const convert: Convert = numeric ? { as: 'number' } : { as: 'text' };
  const unit = sensorUnit(expose.unit);
  sensor.fields.push({
    field: expose.property,
    property,
    convert,
    ...(expose.unit && { unit: expose.unit }),
  });
  sensor.properties[property] = {
    ...(unit !== undefined && { unit }),
    ...(expose.values.length > 0 && { values: expose.values }),
  };
}

/** A boolean that only reports: `binary_sensor.<slug>_<class>`, on as Home Assistant means it (an open door is on). */
function binary(expose: Expose): ThingPlan | undefined {
  if (expose.type !== 'binary' || expose.property === '') return undefined;
  return {
    kind: 'binary_sensor',
    suffix: slugify(expose.property),
    properties: { state: {} },
    commands: [],
    // A contact's value_on is `false`: no contact, so open.
    fields: [mapped(expose.property, 'state', { [expose.off]: 'off', [expose.on]: 'on' })],
  };
}
