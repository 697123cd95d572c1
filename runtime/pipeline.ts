import type { Executor } from './act/executor.ts';
import type { Message } from './contract/message.ts';
import type { Reading } from './contract/reading.ts';
import type { Acceptance, Sink } from './contract/source.ts';
import type { Clock } from './contract/time.ts';
import type { Fusion } from './fuse.ts';
import type { Journal } from './journal/journal.ts';
import type { Reflexes } from './reflexes.ts';
import type { Senses } from './sense.ts';
import { SAMPLE } from './stats.ts';
import type { RuntimeStats, Stage } from './stats.ts';

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
  readonly onReadings: (readings: readonly Reading[]) => void;
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
    const { senses, fusion, reflexes, stats, isOurs } = this.#parts;
    stats.messages++;
    if (isOurs(message)) return 'volatile';
    const lap = stats.sample() ? new Lap(this.#parts) : undefined;
    const { readings, availability, gone } = senses.sense(message);
    lap?.end('sense');
    if (gone.length > 0) reflexes.changed(fusion.forget(gone), true, []);
    for (const { entities, available } of availability) {
      reflexes.changed(fusion.setAvailable(entities, available), message.retained, []);
    }
    return this.#walk(readings, message.qos > 0, lap);
  }

  readings(readings: readonly Reading[]): Acceptance {
    return this.#walk(readings, false, undefined);
  }

  status(source: string, connected: boolean, detail: string): void {
    this.#parts.onStatus(source, connected, detail);
  }

  /** What time alone does: values grow stale. */
  age(): void {
    this.#parts.reflexes.changed(this.#parts.fusion.expire(), false, []);
  }

  /** @param urgent somebody waits for an acknowledgement */
  #walk(readings: readonly Reading[], urgent: boolean, lap: Lap | undefined): Acceptance {
    if (readings.length === 0) return 'volatile';
    const { fusion, reflexes, executor, journal, stats, onReadings } = this.#parts;
    stats.readings += readings.length;

    const changed = fusion.fuse(readings);
    lap?.end('fuse');

    for (const reading of readings) executor.observe(reading);
    onReadings(readings);
    reflexes.changed(changed, readings[0]?.retained ?? false, readings);
    lap?.end('decide');

    // After the decisions: a reading that is safe before its decision would look dealt with after a crash.
    journal.record(readings);
    const durable = urgent ? journal.accept() : journal.settle();
    lap?.end('journal');
    if (!durable) stats.count('readings_not_durable', readings.length);
    return durable ? 'durable' : urgent ? 'refused' : 'volatile';
  }
}

/** Times the stages of one message, one after the other. */
class Lap {
  readonly #stats: RuntimeStats;
  readonly #clock: Clock;
  #last: number;

  constructor({ stats, clock }: Pick<PipelineParts, 'stats' | 'clock'>) {
    this.#stats = stats;
    this.#clock = clock;
    this.#last = clock.mono();
  }

  end(stage: Stage): void {
    const now = this.#clock.mono();
    this.#stats.stage(stage, now - this.#last, SAMPLE);
    this.#last = now;
  }
}
