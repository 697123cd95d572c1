import type { PropertyKey } from './ids.ts';
import type { MonoMs, WallMs } from './time.ts';

/** What a property can hold. Numbers are finite; NaN and infinities are refused at the door. */
export type Value = number | string | boolean;

/** One value of one property. */
export interface Reading {
  readonly key: PropertyKey;
  readonly value: Value;
  readonly unit?: string;
  /** When the source says it was measured; the receive time where the source does not say. */
  readonly at: WallMs;
  readonly received: MonoMs;
  /** Delivered from a broker's retained store: true now, but not news. */
  readonly retained: boolean;
}

/**
 * One value as a device's own dialect names it, before the house has given it an entity.
 * A decoder that already knows the entity leaves `device` empty and puts the whole property key into `field`.
 */
export interface Observation {
  /** The device as the dialect addresses it: a Zigbee2MQTT friendly name, a Tasmota topic, a Shelly id. */
  readonly device: string;
  /** The dialect's own field path: `brightness`, `ENERGY.Power`, `switch:0.output`; or `AVAILABILITY`. */
  readonly field: string;
  readonly value: Value;
  readonly unit?: string;
  readonly at?: WallMs;
}

/** The field whose boolean value says whether the device can be reached. */
export const AVAILABILITY = '@availability';
