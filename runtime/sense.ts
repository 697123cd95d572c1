import type { Decoder } from './contract/decoder.ts';
import type { EntityId, PropertyKey } from './contract/ids.ts';
import type { LateObservations, Registry } from './contract/house.ts';
import type { Message } from './contract/message.ts';
import { AVAILABILITY } from './contract/reading.ts';
import type { Observation, Reading } from './contract/reading.ts';
import { isGanglionError, messageOf } from './errors.ts';
import { TopicRouter } from './router.ts';

/** What a message turned out to say. */
export interface Sensed {
  readonly readings: readonly Reading[];
  /** Devices that came or went. */
  readonly availability: readonly { readonly entities: readonly EntityId[]; readonly available: boolean }[];
  /** Properties that earlier readings were filed under by mistake. */
  readonly gone: readonly PropertyKey[];
}

export interface SenseOptions {
  readonly registry: Registry;
  readonly decoders: readonly Decoder[];
  /** A message that could not be read: counted, reported, forgotten. */
  readonly onProblem: (code: string, topic: string, message: string) => void;
}

/** Longer ones are nobody's: each name is kept, written to the journal and shown. Characters. */
const MAX_TOPIC = 256;
const MAX_NAME = 128;

const NOTHING: Sensed = { readings: [], availability: [], gone: [] };

/** Sensing: bytes on a topic become readings of the house's properties. */
export class Senses {
  readonly #options: SenseOptions;
  readonly #router: TopicRouter;
  /** What the registry has to have filed anew since the last message. */
  #late: LateObservations[] = [];

  constructor(options: SenseOptions) {
    this.#options = options;
    this.#router = new TopicRouter(options.decoders, () => options.registry.discoveryTopics);
    options.registry.onChange(() => this.#router.refresh());
    options.registry.onLate((late) => this.#late.push(late));
  }

  /** Never throws: one bad message must not stop the stream. */
  sense(message: Message): Sensed {
    const { registry, onProblem } = this.#options;
    if (message.topic.length > MAX_TOPIC) {
      // Said of all of them together: an attacker's names make no lines of the log.
      onProblem('TOPIC_TOO_LONG', '', `A topic of more than ${MAX_TOPIC} characters was ignored.`);
      return NOTHING;
    }
    const route = this.#router.route(message.topic);
    try {
      if (route.discovery && registry.discover(message)) return this.#withLate(message, [], []);
    } catch (error) {
      onProblem(codeOf(error), message.topic, messageOf(error));
      return NOTHING;
    }
    const readings: Reading[] = [];
    const availability: Sensed['availability'][number][] = [];
    for (const decoder of route.decoders) {
      try {
        for (const observation of decoder.decode(message)) {
          this.#take(decoder.dialect, observation, message, readings, availability);
        }
      } catch (error) {
        onProblem(codeOf(error), message.topic, messageOf(error));
      }
    }
    return this.#withLate(message, readings, availability);
  }

  #take(
    dialect: string,
    observation: Observation,
    message: Pick<Message, 'at' | 'received' | 'retained'>,
    readings: Reading[],
    availability: Sensed['availability'][number][],
  ): void {
    if (observation.device.length > MAX_NAME || observation.field.length > MAX_NAME) {
      const sentence = `A device or field with a name of more than ${MAX_NAME} characters was ignored.`;
      this.#options.onProblem('NAME_TOO_LONG', dialect, sentence);
      return;
    }
    const reading = this.#resolve(dialect, observation, message);
    if (reading !== undefined) readings.push(reading);
    if (observation.field !== AVAILABILITY) return;
    const entities = this.#options.registry
      .ofDevice(`${dialect}/${observation.device}`)
      .map((entity) => entity.id);
    availability.push({ entities, available: observation.value === true });
  }

  /** Adds what messages before this one said of devices that have only now become known: true, but no news. */
  #withLate(message: Message, readings: Reading[], availability: Sensed['availability'][number][]): Sensed {
    if (this.#late.length === 0) {
      return readings.length + availability.length === 0 ? NOTHING : { readings, availability, gone: [] };
    }
    const late = this.#late;
    this.#late = [];
    const gone = new Set(late.flatMap((one) => one.gone));
    const known = { at: message.at, received: message.received, retained: true };
    // What this message was taken to mean before its device turned out to be another goes first, with the rest of it.
    const kept = readings.filter((reading) => !gone.has(reading.key));
    for (const { dialect, observations } of late) {
      for (const observation of observations) this.#take(dialect, observation, known, kept, availability);
    }
    return { readings: kept, availability, gone: [...gone] };
  }

  #resolve(
    dialect: string,
    observation: Observation,
    message: Pick<Message, 'at' | 'received' | 'retained'>,
  ): Reading | undefined {
    const resolved = this.#options.registry.resolve(dialect, observation);
    if (resolved === undefined) return undefined;
    const { key, value, unit } = resolved;
    const { received, retained } = message;
    const at = observation.at ?? message.at;
    // Two literals rather than a spread: this runs for every value of every message.
    return unit === undefined
      ? { key, value, at, received, retained }
      : { key, value, unit, at, received, retained };
  }
}

function codeOf(error: unknown): string {
  return isGanglionError(error) ? error.code : 'DECODER_FAILED';
}
