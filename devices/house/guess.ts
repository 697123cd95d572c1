import type { Observation } from '../../runtime/contract/reading.ts';
import type { NetworkPlace } from './network.ts';
import type { ThingPlan } from './plan.ts';
import { knownUnit, sensorUnit } from './units.ts';

/** What is known of a device when one of its fields has to be guessed. */
export interface Known {
  /** The hub has said what the device is: only what it left out is guessed, and only as something that reports. */
  readonly announced: boolean;
  readonly device: string;
  /** For Zigbee2MQTT: its network and its name there. */
  place(): NetworkPlace;
  /** Its things by kind and suffix. */
  readonly things: ReadonlyMap<string, { readonly plan: ThingPlan }>;
  /** Properties of its sensor that are taken. */
  taken(property: string): boolean;
}

export interface Guess {
  readonly thing: ThingPlan;
  /** Things the guess takes the place of: a switch that turns out to be a lamp. */
  readonly instead?: string;
  /** What a new device is called, where that is not what its dialect calls it. */
  readonly name?: string;
}

export type Infer = (observation: Observation, known: Known) => Guess | undefined;

export function sensorThing(
  field: string,
  property: string,
  as: 'number' | 'text',
  unit = as === 'number' ? knownUnit(property) : undefined,
): ThingPlan {
  const plain = sensorUnit(unit);
  return {
    kind: 'sensor',
    suffix: '',
    properties: { [property]: plain === undefined ? {} : { unit: plain } },
    commands: [],
    fields: [{ field, property, convert: { as }, ...(unit !== undefined && { unit }) }],
  };
}

export function binaryThing(field: string, suffix: string, invert = false): ThingPlan {
  return {
    kind: 'binary_sensor',
    suffix,
    properties: { state: {} },
    commands: [],
    fields: [{ field, property: 'state', convert: { as: 'onOff', ...(invert && { invert }) } }],
  };
}

/** A thing of another kind made of one field. */
export function oneField(
  plan: Pick<ThingPlan, 'kind' | 'suffix' | 'commands'> & Partial<Pick<ThingPlan, 'address'>>,
  field: ThingPlan['fields'][number],
): ThingPlan {
  return { ...plan, properties: { [field.property]: {} }, fields: [field] };
}
