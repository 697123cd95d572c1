import type { MonoMs, WallMs } from './time.ts';

/** One message as a source delivered it. `payload` is only valid during the call that hands it over. */
export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retained: boolean;
  /** The broker says it may have delivered this message before. */
  readonly duplicate: boolean;
  readonly at: WallMs;
  readonly received: MonoMs;
}
