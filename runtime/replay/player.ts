import { setImmediate } from 'node:timers/promises';
import type { PropertyKey } from '../contract/ids.ts';
import type { KeptReading, Recording, Wanted } from './recording.ts';
import type { Stage } from './stage.ts';

export interface PlayOptions {
  readonly fromMs: number;
  readonly toMs: number;
  readonly wanted: Wanted;
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
  /** Called after every message. */
  readonly onMessage?: (message: readonly KeptReading[]) => void;
}

export interface Played {
  readonly readings: number;
  /** Properties that had readings. */
  readonly keys: ReadonlySet<PropertyKey>;
}

/** Others get their turn at least this often, ms. */
const SLICE_MS = 4;
/** Time is asked for once in so many readings. */
const GLANCE = 64;

/**
 * Plays a recording on a stage, up to its end and on to `toMs`. Readings of one moment came in one message, unless a property
 * has two of them; one that is older than its predecessor came late and is delivered when it is met, as it was then.
 *
 * @throws the signal's reason
 */
export async function playInto(stage: Stage, recording: Recording, options: PlayOptions): Promise<Played> {
  const { fromMs, toMs, wanted, signal, onProgress, onMessage } = options;
  /** By property, the number of the message it was last in. */
  const lastIn = new Map<PropertyKey, number>();
  let message: KeptReading[] = [];
  let number = 1;
  let messageAt = fromMs;
  let readings = 0;
  let sliceEnd = performance.now() + SLICE_MS;

  const deliver = (): void => {
    if (message.length === 0) return;
    stage.advanceTo(messageAt);
    stage.deliver(message);
    onMessage?.(message);
    message = [];
    number++;
  };
  for await (const chunk of recording.chunks(fromMs, toMs, wanted)) {
    for (const reading of chunk) {
      if (++readings % GLANCE === 0 && performance.now() > sliceEnd) {
        onProgress?.(Math.min(1, Math.max(0, (reading.at - fromMs) / (toMs - fromMs))));
        await setImmediate();
        signal?.throwIfAborted();
        sliceEnd = performance.now() + SLICE_MS;
      }
      if (reading.at > messageAt || lastIn.get(reading.key) === number) {
        deliver();
        messageAt = Math.max(messageAt, reading.at);
      }
      lastIn.set(reading.key, number);
      message.push(reading);
    }
  }
  deliver();
  stage.advanceTo(toMs);
  return { readings, keys: new Set(lastIn.keys()) };
}
