import { slugify } from '../../runtime/contract/ids.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import { binaryThing, sensorThing, type Guess, type Infer, type Known } from './guess.ts';
import { inferShelly } from './infer-shelly.ts';
import { inferStatestream } from './infer-statestream.ts';
import { inferTasmota } from './infer-tasmota.ts';
import { inferZigbee } from './infer-zigbee.ts';

const BY_DIALECT: Readonly<Record<string, Infer>> = {
  zigbee2mqtt: inferZigbee,
  tasmota: inferTasmota,
  shelly: inferShelly,
  statestream: inferStatestream,
};

/** Gives a field nobody described an entity, from its name and value. Undefined: nothing anyone wants to know. */
export function infer(dialect: string, observation: Observation, known: Known): Guess | undefined {
  const rule = Object.hasOwn(BY_DIALECT, dialect) ? BY_DIALECT[dialect] : undefined;
  return rule === undefined ? inferPlain(observation) : rule(observation, known);
}

function inferPlain({ field, value, unit }: Observation): Guess | undefined {
  if (typeof value === 'boolean') return { thing: binaryThing(field, slugify(field)) };
  return { thing: sensorThing(field, slugify(field), typeof value === 'number' ? 'number' : 'text', unit) };
}
