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
    this.#parts.stats.messages++;
    const { packetId } = message;
    if (packetId === undefined) return this.#take(message, undefined);
    const delivery = { packetId, sum: Deliveries.sum(message) };
    const again = message.duplicate ? this.#repeated(message, delivery) : undefined;
    if (again !== undefined) return again;
    const acceptance = this.#take(message, delivery);
    this.#handled.add(packetId, delivery.sum);
    return acceptance;
  }

  #take(message: Message, delivery: Delivery | undefined): Acceptance {
    const { senses, fusion, reflexes, stats, isOurs } = this.#parts;
    if (isOurs(message)) return 'volatile';
    const lap = stats.sample() ? new Lap(this.#parts) : undefined;
    const { readings, availability, gone } = senses.sense(message);
    lap?.end('sense');
    if (gone.length > 0) reflexes.changed(fusion.forget(gone), true, []);
    for (const { entities, available } of availability) {
      reflexes.changed(fusion.setAvailable(entities, available), message.retained, []);
    }
    return this.#walk(readings, message.qos > 0, delivery, lap);
  }

  /** What to say of a message that was dealt with before; undefined if it was not. */
  #repeated(message: Message, delivery: Delivery): Acceptance | undefined {
    const { journal, senses, stats } = this.#parts;
    const { packetId, sum } = delivery;
    const stored = journal.delivered(packetId, sum);
    if (!stored && !this.#handled.has(packetId, sum)) return undefined;
    stats.count('messages_repeated');
    if (stored) return 'durable';
    // If it was decided on while the journal was down, its readings are still to be stored.
    const { readings } = senses.sense(message);
    return readings.length === 0 ? 'volatile' : this.#store(readings, true, delivery);
  }

  readings(readings: readonly Reading[]): Acceptance {
    return this.#walk(readings, false, undefined, undefined);
  }

  status(source: string, connected: boolean, detail: string): void {
    this.#parts.onStatus(source, connected, detail);
  }

  /** What time alone does: values grow stale. */
  age(): void {
    this.#parts.reflexes.changed(this.#parts.fusion.expire(), false, []);
  }

  /** @param urgent somebody waits for an acknowledgement */
  #walk(
    readings: readonly Reading[],
    urgent: boolean,
    delivery: Delivery | undefined,
    lap: Lap | undefined,
  ): Acceptance {
    if (readings.length === 0) return 'volatile';
    this.#parts.stats.readings += readings.length;

    const retained = readings[0]?.retained;
    if (readings.every((reading) => reading.retained === retained)) this.#decide(readings, lap);
    else {
      // What was already so first: it is no news, and what is news is judged against it.
      this.#decide(
        readings.filter((reading) => reading.retained),
        undefined,
      );
      this.#decide(
        readings.filter((reading) => !reading.retained),
        lap,
      );
    }

    // After the decisions: a reading that is safe before its decision would look dealt with after a crash.
    const acceptance = this.#store(readings, urgent, delivery);
    lap?.end('journal');
    return acceptance;
  }

  /** @param readings all retained, or all live */
  #decide(readings: readonly Reading[], lap: Lap | undefined): void {
    const { fusion, reflexes, executor, onReadings } = this.#parts;
    const changed = fusion.fuse(readings);
    lap?.end('fuse');

    for (const reading of readings) executor.observe(reading);
    onReadings(readings);
    reflexes.changed(changed, readings[0]?.retained ?? false, readings);
    lap?.end('decide');
  }

  #store(readings: readonly Reading[], urgent: boolean, delivery: Delivery | undefined): Acceptance {
    const { journal, stats } = this.#parts;
    journal.record(readings);
    if (delivery !== undefined) journal.deliver(delivery.packetId, delivery.sum);
    const durable = urgent ? journal.accept() : journal.settle();
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
