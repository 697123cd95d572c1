import { createRegistry, type HouseRegistry, type RegistryOptions } from '../../../devices/index.ts';
import type { Decoder } from '../../../runtime/contract/decoder.ts';
import type { Resolved } from '../../../runtime/contract/house.ts';
import type { Message } from '../../../runtime/contract/message.ts';
import type { MonoMs, WallMs } from '../../../runtime/contract/time.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';

export const NOON = Date.UTC(2026, 5, 1, 12) as WallMs;

export function message(topic: string, payload: unknown, at: WallMs = NOON): Message {
  const bytes =
    payload instanceof Uint8Array
      ? payload
      : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return { topic, payload: bytes, qos: 0, retained: false, duplicate: false, at, received: 0 as MonoMs };
}

export function registry(options: Partial<RegistryOptions> = {}): HouseRegistry {
  return createRegistry({ clock: new ManualClock(), ...options });
}

/** What a message says, by property key. */
export function read(
  house: HouseRegistry,
  decoder: Decoder,
  topic: string,
  payload: unknown,
): Record<string, Resolved['value']> {
  const out: Record<string, Resolved['value']> = {};
  for (const observation of decoder.decode(message(topic, payload))) {
    const resolved = house.resolve(decoder.dialect, observation);
    if (resolved !== undefined) out[resolved.key] = resolved.value;
  }
  return out;
}
