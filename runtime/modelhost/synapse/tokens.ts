import type { Kind } from '../../contract/kinds.ts';

/**
 * The control tokens of the embedded model, in the order of their ids. They are inserted by id, so no text of a device or a
 * person can hold one: a lamp named `<e3>` stays four ordinary characters.
 */

/** Lines of a listing that can be pointed at. */
export const MAX_POINTERS = 32;
/** Values of one request that can be pointed at. */
export const MAX_VALUES = 8;

export const ACTIONS = [
  'on',
  'off',
  'toggle',
  'open',
  'close',
  'stop',
  'lock',
  'unlock',
  'set',
  'up',
  'down',
  'start',
  'pause',
  'play',
  'next',
  'previous',
  'mute',
  'unmute',
  'return',
  'locate',
  'press',
  'activate',
  'snapshot',
] as const;
export type Action = (typeof ACTIONS)[number];

/** What a target is: a kind, or whatever can be switched. */
export const TARGET_KINDS = [
  'light',
  'switch',
  'fan',
  'cover',
  'valve',
  'lock',
  'climate',
  'humidifier',
  'media_player',
  'vacuum',
  'siren',
  'button',
  'number',
  'select',
  'scene',
  'camera',
  'sensor',
  'binary_sensor',
  'person',
  'any',
] as const satisfies readonly (Kind | 'any')[];
export type TargetKind = (typeof TARGET_KINDS)[number];

/** Properties that are told, asked for and compared. */
export const PROPERTIES = [
  'state',
  'brightness',
  'color',
  'color_temp',
  'speed',
  'position',
  'mode',
  'temperature',
  'target_temperature',
  'humidity',
  'target_humidity',
  'volume',
  'muted',
  'source',
  'option',
  'value',
  'battery',
  'power',
  'energy',
  'co2',
  'illuminance',
  'pressure',
  'pm25',
  'tvoc',
  'voltage',
  'current',
  'wind_speed',
  'rain',
  'moisture',
  'noise',
] as const;
export type Property = (typeof PROPERTIES)[number];

/** Values that are said without a number. */
export const WORD_VALUES = [
  'max',
  'min',
  'half',
  'heat',
  'cool',
  'auto',
  'dry',
  'fan_only',
  'heat_cool',
] as const;
export type WordValue = (typeof WORD_VALUES)[number];

/** States a condition can ask for; written `<is_on>`. */
export const STATES = [
  'on',
  'off',
  'open',
  'closed',
  'locked',
  'unlocked',
  'home',
  'not_home',
  'playing',
  'paused',
  'idle',
  'cleaning',
  'docked',
] as const;
export type StateWord = (typeof STATES)[number];

export type TokenName = `<${string}>`;

const pointers = Array.from({ length: MAX_POINTERS }, (_, i): TokenName => `<e${i + 1}>`);
const values = Array.from({ length: MAX_VALUES }, (_, i): TokenName => `<v${i + 1}>`);

/** Every control token, `<end>` first: what follows the learned pieces of text in the vocabulary. */
export const CONTROL_TOKENS: readonly TokenName[] = [
  '<end>',
  '<begin>',
  // What is asked: a request, an event with guidance, a rule.
  '<ask>',
  '<event>',
  '<author>',
  // Parts of a prompt.
  '<area>',
  '<floor>',
  '<house>',
  '<alias>',
  '<in>',
  '<hint>',
  '<here>',
  '<now>',
  '<guide>',
  '<answer>',
  ...pointers,
  ...values,
  // Parts of an answer.
  '<none>',
  '<query>',
  '<but>',
  '<when>',
  '<if>',
  '<hold>',
  '<then>',
  '<above>',
  '<below>',
  '<time>',
  '<weekday>',
  '<weekend>',
  '<unknown>',
  ...ACTIONS.map((name): TokenName => `<${name}>`),
  ...TARGET_KINDS.map((name): TokenName => `<k_${name}>`),
  ...PROPERTIES.map((name): TokenName => `<p_${name}>`),
  ...WORD_VALUES.map((name): TokenName => `<w_${name}>`),
  ...STATES.map((name): TokenName => `<is_${name}>`),
];

export function pointerToken(pointer: number): TokenName {
  return `<e${pointer}>`;
}

/** @param index from 0 */
export function valueToken(index: number): TokenName {
  return `<v${index + 1}>`;
}

export function kindToken(kind: TargetKind): TokenName {
  return `<k_${kind}>`;
}

export function isTargetKind(name: string): name is TargetKind {
  return (TARGET_KINDS as readonly string[]).includes(name);
}

export function isProperty(name: string): name is Property {
  return (PROPERTIES as readonly string[]).includes(name);
}

export function isStateWord(name: string): name is StateWord {
  return (STATES as readonly string[]).includes(name);
}
