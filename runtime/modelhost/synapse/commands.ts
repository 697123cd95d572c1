import { DIALS } from '../../../devices/index.ts';
import type { Call } from '../../contract/action.ts';
import type { Entity } from '../../contract/house.ts';
import { kindSpec, type ArgSpec, type Kind } from '../../contract/kinds.ts';
import type { Value } from '../../contract/reading.ts';
import type { Action, WordValue } from './tokens.ts';
import type { SaidValue } from './values.ts';

/** What a call sets: a value of the text, or a word. */
export type Amount = SaidValue | WordValue;

/** The present value of a property, undefined while unknown. */
export type Present = (entity: Entity, property: string) => Value | undefined;

/** Commands of actions that take no value. */
const PLAIN: Partial<Record<Action, Partial<Record<Kind, string>>>> = {
  on: {
    light: 'turn_on',
    switch: 'turn_on',
    fan: 'turn_on',
    humidifier: 'turn_on',
    media_player: 'turn_on',
    siren: 'turn_on',
  },
  off: {
    light: 'turn_off',
    switch: 'turn_off',
    fan: 'turn_off',
    humidifier: 'turn_off',
    media_player: 'turn_off',
    siren: 'turn_off',
    climate: 'turn_off',
  },
  toggle: { light: 'toggle', switch: 'toggle', fan: 'toggle', humidifier: 'toggle' },
  open: { cover: 'open', valve: 'open' },
  close: { cover: 'close', valve: 'close' },
  stop: { cover: 'stop', media_player: 'stop', vacuum: 'stop' },
  lock: { lock: 'lock' },
  unlock: { lock: 'unlock' },
  start: { vacuum: 'start' },
  pause: { media_player: 'pause', vacuum: 'pause' },
  play: { media_player: 'play' },
  next: { media_player: 'next' },
  previous: { media_player: 'previous' },
  mute: { media_player: 'mute' },
  unmute: { media_player: 'unmute' },
  return: { vacuum: 'return_to_base' },
  locate: { vacuum: 'locate' },
  press: { button: 'press' },
  activate: { scene: 'activate' },
  snapshot: { camera: 'snapshot' },
};

/** What is meant by everything: blinds, valves, heating and locks stay as they are. */
export const SWITCHED: ReadonlySet<Kind> = new Set(['light', 'switch', 'fan', 'media_player', 'humidifier']);

/** The call of an action on an entity; undefined where the entity cannot do it, or not with this value. */
export function callOf(
  entity: Entity,
  action: Action,
  amount: Amount | undefined,
  present: Present,
): Call | undefined {
  if (entity.target === undefined) return undefined;
  if (action === 'set') return amount === undefined ? undefined : settingOf(entity, amount);
  if (action === 'up' || action === 'down') return stepOf(entity, action === 'up' ? 1 : -1, amount, present);
  if (action === 'on' && entity.kind === 'climate' && amount === undefined) return heatOn(entity);
  const command = PLAIN[action]?.[entity.kind];
  return command === undefined || amount !== undefined ? undefined : checked(entity, command, {});
}

function settingOf(entity: Entity, amount: Amount): Call | undefined {
  if (typeof amount === 'string') return wordSetting(entity, amount);
  switch (amount.type) {
    case 'color':
      return entity.kind === 'light' ? checked(entity, 'turn_on', { color: amount.value }) : undefined;
    case 'kelvin':
      return entity.kind === 'light' ? checked(entity, 'turn_on', { color_temp: amount.value }) : undefined;
    case 'option':
      if (entity.kind === 'select') return checked(entity, 'select_option', { option: amount.value });
      if (entity.kind === 'media_player') return checked(entity, 'select_source', { source: amount.value });
      return undefined;
    case 'percent':
      return entity.kind === 'climate' ? undefined : numberSetting(entity, amount.value);
    case 'degrees':
      return entity.kind === 'climate' || entity.kind === 'number'
        ? numberSetting(entity, amount.value)
        : undefined;
    case 'number':
      if (entity.kind === 'light' && amount.value >= 1000)
        return checked(entity, 'turn_on', { color_temp: amount.value });
      return numberSetting(entity, amount.value);
    case 'duration':
    case 'time':
      return undefined;
  }
}

function numberSetting(entity: Entity, value: number): Call | undefined {
  const dial = DIALS[entity.kind];
  return dial === undefined ? undefined : checked(entity, dial.command, { [dial.arg]: value });
}

function wordSetting(entity: Entity, word: WordValue): Call | undefined {
  if (word !== 'max' && word !== 'min' && word !== 'half') {
    return entity.kind === 'climate' ? checked(entity, 'set_mode', { mode: word }) : undefined;
  }
  const dial = DIALS[entity.kind];
  const spec = dial === undefined ? undefined : specOf(entity, dial.command, dial.arg);
  const { min, max } = spec ?? {};
  if (min === undefined || max === undefined) return undefined;
  // The lowest brightness that is still light: 0 would be off.
  const lowest = entity.kind === 'light' ? Math.max(min, 1) : min;
  const middle = Math.round(((min + max) / 2) * 2) / 2;
  return numberSetting(entity, word === 'max' ? max : word === 'min' ? lowest : middle);
}

/** Relative to what is now, made absolute and kept within what the device takes. */
function stepOf(
  entity: Entity,
  sign: 1 | -1,
  amount: Amount | undefined,
  present: Present,
): Call | undefined {
  const dial = DIALS[entity.kind];
  const spec = dial === undefined ? undefined : specOf(entity, dial.command, dial.arg);
  if (dial === undefined || spec === undefined) return undefined;
  let by = dial.step;
  if (amount !== undefined) {
    if (typeof amount === 'string') return undefined;
    const fits =
      amount.type === 'number' ||
      (amount.type === 'percent' && entity.kind !== 'climate') ||
      (amount.type === 'degrees' && entity.kind === 'climate');
    if (!fits || !(amount.value > 0)) return undefined;
    by = amount.value;
  }
  const off = entity.kind === 'light' && present(entity, 'state') === 'off';
  if (off && sign < 0) return undefined;
  const now = off ? 0 : present(entity, dial.property);
  const from = typeof now === 'number' ? now : dial.step * 2;
  const least = entity.kind === 'light' ? Math.max(1, spec.min ?? 1) : (spec.min ?? -Infinity);
  const wanted = Math.min(spec.max ?? Infinity, Math.max(least, from + sign * by));
  return checked(entity, dial.command, { [dial.arg]: Math.round(wanted * 10) / 10 });
}

function heatOn(entity: Entity): Call | undefined {
  for (const mode of ['heat', 'auto', 'heat_cool', 'cool']) {
    const call = checked(entity, 'set_mode', { mode });
    if (call !== undefined) return call;
  }
  return undefined;
}

/** Limits of an argument: the device's own where it says so, as the interlocks have them. Undefined: it has no such property. */
function specOf(entity: Entity, command: string, arg: string): ArgSpec | undefined {
  const spec: ArgSpec | undefined = kindSpec(entity.kind).commands[command]?.args[arg];
  if (spec === undefined) return undefined;
  const property = spec.property ?? arg;
  const listed = Object.keys(entity.properties).length > 0;
  if (listed && entity.properties[property] === undefined) return undefined;
  return { ...spec, ...entity.properties[property] };
}

/** The call, if this device takes the command with these arguments. */
function checked(entity: Entity, command: string, args: Readonly<Record<string, Value>>): Call | undefined {
  const known = Object.hasOwn(kindSpec(entity.kind).commands, command);
  if (!known || !entity.commands.includes(command)) return undefined;
  for (const [name, value] of Object.entries(args)) {
    const spec = specOf(entity, command, name);
    if (spec === undefined) return undefined;
    const { min = -Infinity, max = Infinity, values } = spec;
    if (typeof value === 'number' && !(value >= min && value <= max)) return undefined;
    if (typeof value === 'string') {
      if (values !== undefined ? !values.includes(value) : spec.type === 'text') return undefined;
    }
  }
  return { entity: entity.id, command, args };
}
