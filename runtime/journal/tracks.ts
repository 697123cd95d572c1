import type { PropertyKey } from '../contract/ids.ts';
import type { Reading, Value } from '../contract/reading.ts';
import { addPoint, newTrack } from './history.ts';
import type { Track } from './history.ts';
import type { WriteAheadLog } from './write-ahead-log.ts';

/** An unchanged value is stored again after this time. */
const REPEAT_MS = 60_000;

/** What the journal keeps in memory of every property, and the readings on their way into the log. */
export class Tracks {
  readonly #byKey = new Map<PropertyKey, Track>();
  /** Readings noted and not yet in the log. */
  #incoming: (readonly Reading[])[] = [];
  #incomingCount = 0;
  /** Those whose block is full, until it is written. */
  #full = new Set<Track>();

  find(key: PropertyKey): Track | undefined {
    return this.#byKey.get(key);
  }

  of(key: PropertyKey): Track {
    let track = this.#byKey.get(key);
    if (track === undefined) {
      track = newTrack(key);
      this.#byKey.set(key, track);
    }
    return track;
  }

  latest(): { readonly track: Track; readonly at: number; readonly value: Value }[] {
    const latest = [];
    for (const track of this.#byKey.values()) {
      if (track.value !== undefined) latest.push({ track, at: track.at, value: track.value });
    }
    return latest;
  }

  /** The latest readings of properties that `present` has not heard of. */
  unknownTo(present: Tracks): Pick<Reading, 'key' | 'value' | 'at'>[] {
    return this.latest()
      .filter(({ track }) => present.find(track.key) === undefined)
      .map(({ track, at, value }) => ({ key: track.key, at: at as Reading['at'], value }));
  }

  note(readings: readonly Reading[]): void {
    this.#incoming.push(readings);
    this.#incomingCount += readings.length;
  }

  /** Noted readings that are not in the log. */
  get waiting(): number {
    return this.#incomingCount;
  }

  /**
   * Takes noted readings into the log's buffer and the pending points: many in one warm loop cost a fraction of one by
   * one. Every change is kept, an unchanged value once a minute: cards wear out.
   * @param log undefined while it cannot be written: only the latest values are kept then
   */
  takeIn(log: WriteAheadLog | undefined): void {
    const incoming = this.#incoming;
    this.#incoming = [];
    this.#incomingCount = 0;
    for (const readings of incoming) {
      for (const { key, value, at, received } of readings) {
        const track = this.of(key);
        const repeated = track.value === value && received - track.loggedAt < REPEAT_MS;
        track.value = value;
        track.at = at;
        if (log === undefined) {
          // It comes again, as nothing was acknowledged: it must not look like a repetition then.
          track.loggedAt = -Infinity;
          continue;
        }
        if (repeated) continue;
        track.loggedAt = received;
        if (addPoint(track, at, value, log.append(track, at, value))) this.#full.add(track);
      }
    }
  }

  /** What was buffered is lost: whatever comes again is to be logged. */
  logAnew(): void {
    for (const track of this.#byKey.values()) track.loggedAt = -Infinity;
  }

  /** Takes over what is known of the present: it is newer than what a log tells of an earlier run. */
  adopt(present: Tracks): void {
    for (const { track, at, value } of present.latest()) Object.assign(this.of(track.key), { at, value });
  }

  get full(): ReadonlySet<Track> {
    return this.#full;
  }

  clearFull(): void {
    this.#full = new Set();
  }

  /** Those with pending points that a log segment up to this sequence stands for. */
  pendingUpTo(sequence: number): Track[] {
    return [...this.#byKey.values()].filter((track) => track.times.length > 0 && track.sequence <= sequence);
  }

  get pendingPoints(): number {
    let points = 0;
    for (const track of this.#byKey.values()) points += track.times.length;
    return points;
  }
}
