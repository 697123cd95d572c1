import type { MonoMs, WallMs } from './time.ts';

/** One message as a source delivered it. `payload` is only valid during the call that hands it over. */
export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retained: boolean;
  /** The broker says it may have delivered this message before. */
  readonly duplicate: boolean;
  /** What the broker calls it until it is acknowledged; with `duplicate` the same as the first time. QoS ≥ 1 only. */
  readonly packetId?: number;
  readonly at: WallMs;
  readonly received: MonoMs;
}
