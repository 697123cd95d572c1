import type { Executor } from './act/executor.ts';
import type { Message } from './contract/message.ts';
import type { Reading } from './contract/reading.ts';
import type { Acceptance, Sink } from './contract/source.ts';
import type { Clock } from './contract/time.ts';
import type { Fusion } from './fuse.ts';
import type { Journal } from './journal/journal.ts';
import type { Reflexes } from './reflexes.ts';
import type { Senses } from './sense.ts';
import type { RuntimeStats } from './stats.ts';

export interface PipelineParts {
  readonly senses: Senses;
  readonly fusion: Fusion;
  readonly reflexes: Reflexes;
  readonly executor: Executor;
  readonly journal: Journal;
  readonly stats: RuntimeStats;
  readonly clock: Clock;
  /** Messages to the agent itself rather than about the house. */
  readonly isOurs: (message: Message) => boolean;
  readonly onReading: ((reading: Reading) => void) | undefined;
  readonly onStatus: (source: string, connected: boolean, detail: string) => void;
}

/**
 * The path of every message, in one synchronous call: sense → fuse → decide → act → learn.
 *
 * When the call returns, the readings are in the journal and so are the decisions they led to, with the actions on
 * their way; only then does the source acknowledge. A kill at any moment in between loses nothing: the broker sends
 * the message again, and the journal knows whether its decision was made.
 */
export class Pipeline implements Sink {
  readonly #parts: PipelineParts;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  message(message: Message): Acceptance {
    const { senses, fusion, reflexes, stats, clock, isOurs } = this.#parts;
    const started = clock.mono();
    stats.count('messages');
    if (isOurs(message)) return 'volatile';
    const { readings, availability } = senses.sense(message);
    stats.stage('sense', clock.mono() - started);
    for (const { entities, available } of availability) {
      reflexes.changed(fusion.setAvailable(entities, available), message.retained, []);
    }
    return this.#walk(readings, message.qos > 0);
  }

  readings(readings: readonly Reading[]): Acceptance {
    return this.#walk(readings, false);
  }

  status(source: string, connected: boolean, detail: string): void {
    this.#parts.onStatus(source, connected, detail);
  }

  /** What time alone does: values grow stale. */
  age(): void {
    this.#parts.reflexes.changed(this.#parts.fusion.expire(), false, []);
  }

  /** @param urgent somebody waits for an acknowledgement */
  #walk(readings: readonly Reading[], urgent: boolean): Acceptance {
    if (readings.length === 0) return 'volatile';
    const { fusion, reflexes, executor, journal, stats, clock, onReading } = this.#parts;
    stats.count('readings', readings.length);
    const sensed = clock.mono();

    const changed = fusion.fuse(readings);
    const fused = clock.mono();
    stats.stage('fuse', fused - sensed);

    for (const reading of readings) {
      executor.observe(reading);
      onReading?.(reading);
    }
    reflexes.changed(changed, readings[0]?.retained ?? false, readings);
    const decided = clock.mono();
    stats.stage('decide', decided - fused);

    // After the decisions: a reading that is safe before its decision would look dealt with after a crash.
    for (const reading of readings) journal.record(reading);
    const durable = urgent ? journal.accept() : journal.settle();
    stats.stage('journal', clock.mono() - decided);
    if (!durable) stats.count('readings_not_durable', readings.length);
    return durable ? 'durable' : urgent ? 'refused' : 'volatile';
  }
}
