import type { Executor } from './act/executor.ts';
import type { Message } from './contract/message.ts';
import type { Reading } from './contract/reading.ts';
import type { Acceptance, Sink } from './contract/source.ts';
import type { Clock } from './contract/time.ts';
import type { Fusion } from './fuse.ts';
import { Deliveries } from './journal/deliveries.ts';
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

interface Delivery {
  readonly packetId: number;
  readonly sum: number;
}

/**
 * The path of every message, in one synchronous call: sense → fuse → decide → act → learn.
 *
 * When the call returns, the readings are in the journal and so are the decisions they led to, with the actions on
 * their way; only then does the source acknowledge. A kill at any moment in between loses nothing: the broker sends
 * the message again, and the journal knows whether its decision was made. An acknowledgement that gets lost repeats
 * nothing: the message comes again as a duplicate of one that is known.
 */
export class Pipeline implements Sink {
  readonly #parts: PipelineParts;
  /** Messages this process has dealt with, stored or not. */
  readonly #handled = new Deliveries();

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  message(message: Message): Acceptance {
    const { stats } = this.#parts;
    stats.count('messages');
    const { packetId } = message;
    if (packetId === undefined) return this.#take(message, undefined);
    const delivery = { packetId, sum: Deliveries.sum(message) };
    if (message.duplicate) {
      const again = this.#repeated(message, delivery);
      if (again !== undefined) {
        stats.count('messages_repeated');
        return again;
      }
    }
    const acceptance = this.#take(message, delivery);
    this.#handled.add(packetId, delivery.sum);
    return acceptance;
  }

  /** What to say of a message that was dealt with before; undefined if it was not. */
  #repeated(message: Message, delivery: Delivery): Acceptance | undefined {
    const { journal, senses } = this.#parts;
    const { packetId, sum } = delivery;
    if (journal.delivered(packetId, sum)) return 'durable';
    if (!this.#handled.has(packetId, sum)) return undefined;
    // If it was decided on while the journal was down, its readings are still to be stored.
    const { readings } = senses.sense(message);
    return readings.length === 0 ? 'volatile' : this.#store(readings, true, delivery);
  }

  #take(message: Message, delivery: Delivery | undefined): Acceptance {
    const { senses, fusion, reflexes, stats, clock, isOurs } = this.#parts;
    const started = clock.mono();
    if (isOurs(message)) return 'volatile';
    const { readings, availability } = senses.sense(message);
    stats.stage('sense', clock.mono() - started);
    for (const { entities, available } of availability) {
      reflexes.changed(fusion.setAvailable(entities, available), message.retained, []);
    }
    return this.#walk(readings, message.qos > 0, delivery);
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
  #walk(readings: readonly Reading[], urgent: boolean, delivery: Delivery | undefined): Acceptance {
    if (readings.length === 0) return 'volatile';
    const { fusion, reflexes, executor, stats, clock, onReading } = this.#parts;
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
    return this.#store(readings, urgent, delivery);
  }

  #store(readings: readonly Reading[], urgent: boolean, delivery: Delivery | undefined): Acceptance {
    const { journal, stats, clock } = this.#parts;
    const started = clock.mono();
    for (const reading of readings) journal.record(reading);
    if (delivery !== undefined) journal.deliver(delivery.packetId, delivery.sum);
    const durable = urgent ? journal.accept() : journal.settle();
    stats.stage('journal', clock.mono() - started);
    if (!durable) stats.count('readings_not_durable', readings.length);
    return durable ? 'durable' : urgent ? 'refused' : 'volatile';
  }
}
