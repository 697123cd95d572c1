import { slugify } from '../../runtime/contract/ids.ts';
import { isKind, type Kind } from '../../runtime/contract/kinds.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import type { Convert } from './convert.ts';
import { binaryThing, type Guess, type Known } from './guess.ts';

type Row = readonly [property: string, convert: Convert, unit?: string];

const number: Convert = { as: 'number' };
const text: Convert = { as: 'text' };
const state: Row = ['state', text];
const onOff: Row = ['state', { as: 'onOff' }];
const scaled: Convert = { as: 'number', scale: 100 };

/** Home Assistant's own states and attributes in plain units. */
const ROWS: Partial<Record<Kind, Readonly<Record<string, Row>>>> = {
  light: {
    state: onOff,
    brightness: ['brightness', { as: 'level', max: 255 }, '%'],
    color_temp_kelvin: ['color_temp', number, 'K'],
    rgb_color: ['color', { as: 'color' }],
  },
  switch: { state: onOff },
  siren: { state: onOff },
  fan: { state: onOff, percentage: ['speed', number, '%'] },
  cover: { state, current_position: ['position', number, '%'] },
  valve: { state, current_position: ['position', number, '%'] },
  lock: { state },
  climate: {
    state: ['mode', text],
    temperature: ['target_temperature', number],
    current_temperature: ['temperature', number],
    current_humidity: ['humidity', number, '%'],
  },
  humidifier: {
    state: onOff,
    humidity: ['target_humidity', number, '%'],
    current_humidity: ['humidity', number, '%'],
  },
  media_player: {
    state,
    volume_level: ['volume', scaled, '%'],
    is_volume_muted: ['muted', { as: 'boolean' }],
    source: ['source', text],
  },
  vacuum: { state, battery_level: ['battery', number, '%'] },
  number: { state: ['value', number] },
  select: { state: ['option', text] },
  binary_sensor: { state: onOff },
  person: { state },
  camera: { state },
};

/** Statestream names the entity itself: the device is `<domain>.<object>`, the field `state` or an attribute. */
export function inferStatestream(observation: Observation, known: Known): Guess | undefined {
  const kind = known.device.slice(0, known.device.indexOf('.'));
  const { field, value } = observation;
  if (kind === 'input_boolean') return { thing: { ...binaryThing(field, ''), commands: [] } };
  if (!isKind(kind)) return undefined;
  const row: Row | undefined =
    kind === 'sensor' && field === 'state'
      ? ['state', typeof value === 'number' ? number : text]
      : ROWS[kind]?.[field];
  if (row === undefined) return undefined;
  const [property, convert, unit] = row;
  return {
    name: known.device.slice(kind.length + 1),
    thing: {
      kind,
      suffix: '',
      properties: { [slugify(property)]: unit === undefined ? {} : { unit } },
      commands: [],
      fields: [{ field, property, convert, ...(unit !== undefined && { unit }) }],
    },
  };
}
