import type { Call } from '../../runtime/contract/action.ts';
import type { Entity } from '../../runtime/contract/house.ts';
import { kindSpec, type ArgSpec, type Kind } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { Clause } from './linker-parse.ts';
import type { Quantity, Verb } from './linker-types.ts';

/** The present value of a property of an entity, undefined while unknown. */
export type Present = (entity: Entity, property: string) => Value | undefined;

export type Meant =
  | { readonly call: Call; readonly sure: boolean }
  /** The entity could do it, but not to this value. */
  | { readonly outside: string };

/** Commands of verbs that need no value, by kind; the first the device has is meant. */
const SIMPLE: Partial<Record<Verb, Partial<Record<Kind, string>>>> = {
  on: {
    light: 'turn_on',
    switch: 'turn_on',
    fan: 'turn_on',
    humidifier: 'turn_on',
    media_player: 'turn_on',
    siren: 'turn_on',
    scene: 'activate',
    button: 'press',
    cover: 'open',
    valve: 'open',
    vacuum: 'start',
  },
  off: {
    light: 'turn_off',
    switch: 'turn_off',
    fan: 'turn_off',
    humidifier: 'turn_off',
    media_player: 'turn_off',
    siren: 'turn_off',
    climate: 'turn_off',
    cover: 'close',
    valve: 'close',
    vacuum: 'stop',
  },
  toggle: { light: 'toggle', switch: 'toggle', fan: 'toggle', humidifier: 'toggle' },
  open: { cover: 'open', valve: 'open' },
  close: { cover: 'close', valve: 'close' },
  stop: { cover: 'stop', media_player: 'stop', vacuum: 'stop', fan: 'turn_off' },
  lock: { lock: 'lock' },
  unlock: { lock: 'unlock' },
  start: {
    vacuum: 'start',
    fan: 'turn_on',
    switch: 'turn_on',
    media_player: 'play',
    scene: 'activate',
    humidifier: 'turn_on',
  },
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
  set: { scene: 'activate' },
  up: { cover: 'open' },
  down: { cover: 'close' },
};

/** The argument a value sets, by kind: command, argument, the property that shows it, and the step of up and down. */
export interface Dial {
  readonly command: string;
  readonly arg: string;
  readonly property: string;
  readonly step: number;
}
export const DIALS: Partial<Record<Kind, Dial>> = {
  light: { command: 'turn_on', arg: 'brightness', property: 'brightness', step: 25 },
  fan: { command: 'set_speed', arg: 'speed', property: 'speed', step: 25 },
  cover: { command: 'set_position', arg: 'position', property: 'position', step: 25 },
  valve: { command: 'set_position', arg: 'position', property: 'position', step: 25 },
  climate: { command: 'set_temperature', arg: 'temperature', property: 'target_temperature', step: 1 },
  humidifier: { command: 'set_humidity', arg: 'humidity', property: 'target_humidity', step: 5 },
  media_player: { command: 'set_volume', arg: 'volume', property: 'volume', step: 10 },
  number: { command: 'set_value', arg: 'value', property: 'value', step: 1 },
};
const PERCENT_KINDS = new Set<Kind>(['light', 'fan', 'cover', 'valve', 'humidifier', 'media_player']);

/** What a clause means for one entity; undefined where it makes no sense for it. */
export function commandFor(entity: Entity, clause: Clause, present: Present): Meant | undefined {
  const { verb, quantity } = clause;
  if (verb === undefined) return undefined;
  if (quantity !== undefined) return withValue(entity, clause, quantity, present);
  if (entity.kind === 'light' && (verb === 'up' || verb === 'down') && clause.aspect === 'color')
    return undefined;
  if ((verb === 'up' || verb === 'down') && entity.kind !== 'cover') return step(entity, clause, 1, present);
  if (verb === 'on' && entity.kind === 'climate') return heatOn(entity);
  const command = SIMPLE[verb]?.[entity.kind];
  return command === undefined ? undefined : call(entity, command, {}, true);
}

function withValue(entity: Entity, clause: Clause, quantity: Quantity, present: Present): Meant | undefined {
  const { verb } = clause;
  const setting = verb === 'set' || verb === 'up' || verb === 'down' || verb === 'on' || verb === 'start';
  const moving =
    (verb === 'open' || verb === 'close') && (entity.kind === 'cover' || entity.kind === 'valve');
  if (!setting && !moving) return undefined;
  switch (quantity.type) {
    case 'color':
      return entity.kind === 'light' ? call(entity, 'turn_on', { color: quantity.value }, true) : undefined;
    case 'kelvin':
      return entity.kind === 'light'
        ? call(entity, 'turn_on', { color_temp: quantity.value }, true)
        : undefined;
    case 'mode':
      return entity.kind === 'climate' ? call(entity, 'set_mode', { mode: quantity.value }, true) : undefined;
    case 'degrees':
    case 'percent':
    case 'number':
      break;
  }
  return dial(entity, clause, quantity, present);
}

function dial(
  entity: Entity,
  clause: Clause,
  quantity: Extract<Quantity, { type: 'degrees' | 'percent' | 'number' }>,
  present: Present,
): Meant | undefined {
  const found = DIALS[entity.kind];
  if (found === undefined) return undefined;
  if (quantity.type === 'percent' && !PERCENT_KINDS.has(entity.kind)) return undefined;
  if (quantity.type === 'degrees' && entity.kind !== 'climate') return undefined;
  const changing = clause.verb === 'up' || clause.verb === 'down';
  if (changing && clause.relative && !('limit' in quantity)) {
    const { min, max } = argSpec(entity, found.command, found.arg) ?? {};
    if (min !== undefined && max !== undefined && quantity.value > max - min)
      return { outside: `a change by ${quantity.value} is more than ${min} to ${max} allow` };
    return step(entity, clause, quantity.value / found.step, present);
  }
  if (clause.relative) return undefined;
  // The lowest brightness that still is light: 0 would be off.
  const lowest = 'limit' in quantity && quantity.limit === 'min' && entity.kind === 'light';
  const value = lowest ? 1 : quantity.value;
  const command = entity.kind === 'fan' && clause.verb === 'on' ? 'turn_on' : found.command;
  return call(entity, command, { [found.arg]: value }, true);
}

/** Relative to what is now, made absolute; unsure where nobody knows what is now. */
function step(entity: Entity, clause: Clause, steps: number, present: Present): Meant | undefined {
  const found = DIALS[entity.kind];
  if (found === undefined) return undefined;
  const off = entity.kind === 'light' && present(entity, 'state') === 'off';
  const now = off ? 0 : present(entity, found.property);
  const sign = clause.verb === 'down' ? -1 : 1;
  const spec = argSpec(entity, found.command, found.arg);
  const least = entity.kind === 'light' ? 1 : (spec?.min ?? -Infinity);
  const from = typeof now === 'number' ? now : found.step * 2;
  const wanted = Math.min(spec?.max ?? Infinity, Math.max(least, from + sign * steps * found.step));
  if (off && sign < 0) return undefined;
  return call(entity, found.command, { [found.arg]: Math.round(wanted * 10) / 10 }, typeof now === 'number');
}

function heatOn(entity: Entity): Meant | undefined {
  const modes = entity.properties['mode']?.values;
  const mode = ['heat', 'auto', 'heat_cool', 'cool'].find(
    (name) => modes === undefined || modes.includes(name),
  );
  return mode === undefined ? undefined : call(entity, 'set_mode', { mode }, true);
}

function argSpec(entity: Entity, command: string, arg: string): ArgSpec | undefined {
  const spec: ArgSpec | undefined = kindSpec(entity.kind).commands[command]?.args[arg];
  if (spec === undefined) return undefined;
  const info = entity.properties[spec.property ?? arg];
  return {
    ...spec,
    ...(info?.min === undefined ? {} : { min: Math.max(info.min, spec.min ?? -Infinity) }),
    ...(info?.max === undefined ? {} : { max: Math.min(info.max, spec.max ?? Infinity) }),
    ...(info?.values === undefined ? {} : { values: info.values }),
  };
}

/** The call, if this device takes the command and has the property; `outside` if the value is not one it can take. */
function call(
  entity: Entity,
  command: string,
  args: Readonly<Record<string, Value>>,
  sure: boolean,
): Meant | undefined {
  if (!entity.commands.includes(command)) return undefined;
  const listed = Object.keys(entity.properties).length > 0;
  for (const [name, value] of Object.entries(args)) {
    const spec = argSpec(entity, command, name);
    if (spec === undefined) return undefined;
    if (listed && entity.properties[spec.property ?? name] === undefined) return undefined;
    const { min = -Infinity, max = Infinity, values } = spec;
    if (typeof value === 'number' && (value < min || value > max)) {
      return { outside: `${value} is outside ${min} to ${max} ${spec.unit ?? ''}`.trimEnd() };
    }
    if (typeof value === 'string' && values !== undefined && !values.includes(value)) {
      return { outside: `${value} is none of ${values.slice(0, 8).join(', ')}` };
    }
  }
  return { call: { entity: entity.id, command, args }, sure };
}
