import type { Message } from './message.ts';
import type { Observation } from './reading.ts';

/**
 * Turns messages of one dialect into observations. Pure: the same message gives the same observations.
 * Throws a `GanglionError` (PAYLOAD_…) for a payload it cannot read; the caller counts it and goes on.
 */
export interface Decoder {
  readonly dialect: string;
  /** MQTT topic filters this decoder wants. */
  readonly topics: readonly string[];
  decode(message: Message): readonly Observation[];
}

/** Smooths one numeric property. Returns undefined where the reading should go no further. */
export interface Filter {
  readonly name: string;
  apply(value: number, atMs: number): number | undefined;
}
