import { slugify } from '../../runtime/contract/ids.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import { binaryThing, oneField, sensorThing, type Guess, type Known } from './guess.ts';
import { defaultThing } from './defaults.ts';

/** Booleans whose `false` is what Home Assistant calls on. */
const INVERTED: ReadonlySet<string> = new Set(['contact']);

/** Texts that are settings or the device's own housekeeping; their exposes, where there are any, make entities of them. */
const TEXTS: ReadonlySet<string> = new Set([
  'action',
  'running_state',
  'device_status',
  'person_state',
  'fall_state',
]);

/** Fields of a lamp; `state_left` and the like carry an endpoint. */
const LAMP: ReadonlySet<string> = new Set(['brightness', 'color_temp', 'color']);

/** Zigbee2MQTT before (or without) `bridge/devices`: groups, devices of another network. */
export function inferZigbee(observation: Observation, known: Known): Guess | undefined {
  const { field, value, unit } = observation;
  if (!known.announced) {
    const [name, endpoint] = splitEndpoint(field);
    if (name === 'state' && typeof value === 'string') return stateful(observation, known, endpoint);
    if (LAMP.has(name)) {
      const thing = defaultThing('zigbee2mqtt', 'light', { ...known.place(), endpoint });
      const plain = endpoint === '' ? 'switch' : `switch/${slugify(endpoint)}`;
      return thing && { thing, ...(known.things.has(plain) && { instead: plain }) };
    }
    if (name === 'position' && known.things.has(endpoint === '' ? 'cover' : `cover/${slugify(endpoint)}`)) {
      const thing = defaultThing('zigbee2mqtt', 'cover', { ...known.place(), endpoint });
      return thing && { thing };
    }
  }
  if (typeof value === 'boolean') return { thing: binaryThing(field, slugify(field), INVERTED.has(field)) };
  if (typeof value === 'number') return { thing: sensorThing(field, slugify(field), 'number', unit) };
  return TEXTS.has(field) ? { thing: sensorThing(field, slugify(field), 'text') } : undefined;
}

const ENDPOINT = /^(state|brightness|color_temp|color|position)_(l\d|left|right|center|top|bottom|\d)$/;

function splitEndpoint(field: string): readonly [string, string] {
  const match = ENDPOINT.exec(field);
  return match === null ? [field, ''] : [match[1]!, match[2]!];
}

function stateful({ field, value }: Observation, known: Known, endpoint: string): Guess | undefined {
  const options = { ...known.place(), endpoint };
  const word = String(value).toUpperCase();
  const kind =
    word === 'ON' || word === 'OFF'
      ? 'switch'
      : word === 'OPEN' || word === 'CLOSE' || word === 'STOP'
        ? 'cover'
        : word === 'LOCK' || word === 'UNLOCK'
          ? 'lock'
          : undefined;
  if (kind === undefined) {
    return {
      thing: oneField(
        { kind: 'sensor', suffix: '', commands: [] },
        { field, property: 'state', convert: { as: 'text' } },
      ),
    };
  }
  const thing = defaultThing('zigbee2mqtt', kind, options);
  return thing && { thing };
}
