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

/** Others get their turn at least this often, ms. */
const SLICE_MS = 4;
/** From so many readings on a message keeps a set of what it has. */
const LONG = 8;
/** Time is asked for once in so many readings. */
const GLANCE = 64;

/**
 * Plays a recording on a stage, up to its end and on to `toMs`. Readings of one moment came in one message, unless a property
 * has two of them; one that is older than its predecessor came late and is delivered when it is met, as it was then.
 *
 * @returns how many readings there were
 * @throws the signal's reason
 */
export async function playInto(stage: Stage, recording: Recording, options: PlayOptions): Promise<number> {
  const { fromMs, toMs, wanted, signal, onProgress, onMessage } = options;
  let message: KeptReading[] = [];
  /** What is in it, once it is long. */
  let inMessage: Set<PropertyKey> | undefined;
  let messageAt = fromMs;
  let readings = 0;
  let sliceEnd = performance.now() + SLICE_MS;

  const deliver = (): void => {
    if (message.length === 0) return;
    stage.advanceTo(messageAt);
    stage.deliver(message);
    onMessage?.(message);
    message = [];
    inMessage = undefined;
  };
  const has = (key: PropertyKey): boolean => {
    if (message.length < LONG) return message.some((one) => one.key === key);
    inMessage ??= new Set(message.map((one) => one.key));
    return inMessage.has(key);
  };
  for await (const chunk of recording.chunks(fromMs, toMs, wanted)) {
    for (const reading of chunk) {
      if (++readings % GLANCE === 0 && performance.now() > sliceEnd) {
        onProgress?.(Math.min(1, Math.max(0, (reading.at - fromMs) / (toMs - fromMs))));
        await setImmediate();
        signal?.throwIfAborted();
        sliceEnd = performance.now() + SLICE_MS;
      }
      if (reading.at > messageAt || has(reading.key)) {
        deliver();
        messageAt = Math.max(messageAt, reading.at);
      }
      message.push(reading);
      inMessage?.add(reading.key);
    }
  }
  deliver();
  stage.advanceTo(toMs);
  return readings;
}
