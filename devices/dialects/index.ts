import type { Encoder } from '../../runtime/contract/actuator.ts';
import { GanglionError } from '../../runtime/errors.ts';
import { homeassistant } from './recipes.ts';
import { shelly } from './shelly.ts';
import { tasmota } from './tasmota.ts';
import { topic } from './topic.ts';
import { zigbee2mqtt } from './zigbee2mqtt.ts';

const ENCODERS: ReadonlyMap<string, Encoder> = new Map(
  [zigbee2mqtt, tasmota, shelly, homeassistant, topic].map((encoder) => [encoder.dialect, encoder]),
);

export const ENCODED_DIALECTS: readonly string[] = [...ENCODERS.keys()];

/** Throws ENCODE_DIALECT for a dialect that has none; `webhook` and `handler` are carried out, not encoded. */
export function encoderFor(dialect: string): Encoder {
  const encoder = ENCODERS.get(dialect);
  if (encoder === undefined) throw new GanglionError('ENCODE_DIALECT', { dialect });
  return encoder;
}
