import type { Message } from './message.ts';
import type { Reading } from './reading.ts';

/**
 * What the pipeline did with a delivery. `durable`: stored, the source may acknowledge. `refused`: the journal could
 * not store it; a source that can redeliver must not acknowledge.
 */
export type Acceptance = 'durable' | 'volatile' | 'refused';

/** Where sources deliver. Synchronous on purpose: when the call returns, the message has been dealt with. */
export interface Sink {
  message(message: Message): Acceptance;
  readings(readings: readonly Reading[]): Acceptance;
  /** Connected or not, in words a person can act on. */
  status(source: string, connected: boolean, detail: string): void;
}

/**
 * Construct → start (connects, subscribes, delivers until stopped) → stop (idempotent).
 * `start` resolves once the source is trying: a broker that is away is a status, not an exception.
 */
export interface Source {
  readonly name: string;
  start(sink: Sink, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}
