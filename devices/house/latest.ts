import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import type { Clock, WallMs } from '../../runtime/contract/time.ts';

/** The last raw value of a field, and where it was filed. */
interface Kept {
  observation: Observation;
  at: WallMs;
  key: PropertyKey | undefined;
}

/** Texts longer than this are no state that a device would be waited for. */
const MAX_TEXT = 256;

/**
 * The latest observation of each field of devices that are not, or not fully, announced: retained messages come in any
 * order, and what was filed under a guess has to be filed anew once the device is known. Bounded: when full, the device
 * that was heard of first is given up.
 */
export class LatestObservations {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #byDialect = new Map<string, Map<string, Map<string, Kept>>>();
  #size = 0;
  dropped = 0;

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** @param key the property it was filed under; undefined if it meant nothing */
  keep(dialect: string, observation: Observation, key: PropertyKey | undefined): void {
    const { device, field, value } = observation;
    if (typeof value === 'string' && value.length > MAX_TEXT) return;
    const at = observation.at ?? this.#clock.wall();
    const kept = this.#byDialect.get(dialect)?.get(device)?.get(field);
    if (kept !== undefined) {
      kept.observation = observation;
      kept.at = at;
      kept.key = key;
      return;
    }
    if (this.#size >= this.#limit) this.#giveUp();
    let devices = this.#byDialect.get(dialect);
    if (devices === undefined) this.#byDialect.set(dialect, (devices = new Map()));
    let fields = devices.get(device);
    if (fields === undefined) devices.set(device, (fields = new Map()));
    fields.set(field, { observation, at, key });
    this.#size++;
  }

  /**
   * What is kept of a device, in the order it was first seen, with the property each was filed under.
   * @param forget the device is fully known: nothing of it needs to be kept any more
   */
  of(
    dialect: string,
    device: string,
    forget: boolean,
  ): readonly (readonly [Observation, PropertyKey | undefined])[] {
    const fields = this.#byDialect.get(dialect)?.get(device);
    if (fields === undefined) return [];
    if (forget) {
      this.#byDialect.get(dialect)?.delete(device);
      this.#size -= fields.size;
    }
    return [...fields.values()].map(({ observation, at, key }) => [{ ...observation, at }, key]);
  }

  #giveUp(): void {
    for (const devices of this.#byDialect.values()) {
      for (const [device, fields] of devices) {
        devices.delete(device);
        this.#size -= fields.size;
        this.dropped += fields.size;
        return;
      }
    }
  }
}
