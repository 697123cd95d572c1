import type { PropertyInfo } from '../../runtime/contract/house.ts';
import { slugify } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { kelvinOf } from './convert.ts';
import type { FieldPlan, ThingPlan } from './plan.ts';
import { feature, mapped, onOffThing, type Expose } from './zigbee-expose.ts';

/** light, switch, fan, cover, lock, climate. */
export function specific(expose: Expose, set: string, valve: boolean): ThingPlan | undefined {
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
