import type { Decoder } from './contract/decoder.ts';
import type { EntityId } from './contract/ids.ts';
import type { Registry } from './contract/house.ts';
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
}

export interface SenseOptions {
  readonly registry: Registry;
  readonly decoders: readonly Decoder[];
  /** A message that could not be read: counted, reported, forgotten. */
  readonly onProblem: (code: string, topic: string, message: string) => void;
}

const NOTHING: Sensed = { readings: [], availability: [] };

/** Sensing: bytes on a topic become readings of the house's properties. */
export class Senses {
  readonly #options: SenseOptions;
  readonly #router: TopicRouter;

  constructor(options: SenseOptions) {
    this.#options = options;
    this.#router = new TopicRouter(options.decoders, () => options.registry.discoveryTopics);
    options.registry.onChange(() => this.#router.refresh());
  }

  /** Never throws: one bad message must not stop the stream. */
  sense(message: Message): Sensed {
    const { registry, onProblem } = this.#options;
    const route = this.#router.route(message.topic);
    try {
      if (route.discovery && registry.discover(message)) return NOTHING;
    } catch (error) {
      onProblem(codeOf(error), message.topic, messageOf(error));
      return NOTHING;
    }
    const readings: Reading[] = [];
    const availability: Sensed['availability'][number][] = [];
    for (const decoder of route.decoders) {
      try {
        for (const observation of decoder.decode(message)) {
          if (observation.field === AVAILABILITY) {
            const entities = registry
              .ofDevice(`${decoder.dialect}/${observation.device}`)
              .map((entity) => entity.id);
            availability.push({ entities, available: observation.value === true });
          } else {
            const reading = this.#resolve(decoder.dialect, observation, message);
            if (reading !== undefined) readings.push(reading);
          }
        }
      } catch (error) {
        onProblem(codeOf(error), message.topic, messageOf(error));
      }
    }
    return { readings, availability };
  }

  #resolve(dialect: string, observation: Observation, message: Message): Reading | undefined {
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
