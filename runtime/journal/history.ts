import type { HistoryPoint } from '../contract/api.ts';
import type { PropertyKey } from '../contract/ids.ts';
import type { Value } from '../contract/reading.ts';
import { encodeBlock } from './block.ts';
import type { Sqlite, Statement } from './database.ts';
import type { LogKey } from './write-ahead-log.ts';

/** Everything the journal keeps in memory about one property, so that a reading costs one look-up. */
export interface Track extends LogKey {
  /** The latest reading. */
  value: Value | undefined;
  at: number;
  /** Monotonic, of the last point that was stored. */
  loggedAt: number;
  /** Row of the property; 0 until its first block. */
  keyId: number;
  /** Points that are in the log but not yet in a block. */
  readonly times: number[];
  readonly values: Value[];
  /** Of the last of them. */
  sequence: number;
  /** Of the last reading in a block. */
  stored: number;
}

export function newTrack(key: PropertyKey): Track {
  return {
    key,
    segment: -1,
    id: 0,
    value: undefined,
    at: 0,
    loggedAt: -Infinity,
    keyId: 0,
    times: [],
    values: [],
    sequence: -1,
    stored: -1,
  };
}

/** A block is written when so many points have come together; two bytes each, it fills a small part of a page. */
const BLOCK_POINTS = 512;

/**
 * The younger end of the history: points gather per property until a block is full, the log holding them meanwhile.
 * The older end is read by the journal thread.
 */
export class History {
  readonly #db: Sqlite;
  readonly #insertKey: Statement;
  readonly #insertBlock: Statement;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#insertKey = db.prepare(
      'INSERT INTO keys (key) VALUES (?) ON CONFLICT (key) DO UPDATE SET key = key RETURNING id',
    );
    this.#insertBlock = db.prepare(
      'INSERT OR REPLACE INTO blocks (key_id, t1, t0, sequence, data) VALUES (?, ?, ?, ?, ?)',
    );
  }

  /** Tells every track which row it has and up to which sequence its readings are in blocks: the log's are not news then. */
  load(trackOf: (key: PropertyKey) => Track): void {
    const rows = this.#db
      .prepare(
        'SELECT k.id, k.key, max(b.sequence) AS sequence FROM keys k LEFT JOIN blocks b ON b.key_id = k.id GROUP BY k.id',
      )
      .all() as { id: number; key: PropertyKey; sequence: number | null }[];
    for (const row of rows) {
      const track = trackOf(row.key);
      track.keyId = row.id;
      track.stored = row.sequence ?? -1;
    }
  }

  /**
   * Writes the block of one property, full or not.
   * @returns what to call when the transaction is committed: only then are its points stored
   */
  writeBlock(track: Track): () => void {
    const count = track.times.length;
    if (count === 0) return () => {};
    const points = pendingPoints(track).map(({ at, value }) => ({ at: Math.round(at), value }));
    let first = points[0]!.at;
    let last = first;
    for (const { at } of points) {
      if (at < first) first = at;
      if (at > last) last = at;
    }
    const keyId = track.keyId === 0 ? (this.#insertKey.get(track.key) as { id: number }).id : track.keyId;
    const { sequence } = track;
    this.#insertBlock.run(keyId, last, first, sequence, encodeBlock(points));
    return () => {
      track.keyId = keyId;
      track.stored = sequence;
      track.times.splice(0, count);
      track.values.splice(0, count);
    };
  }
}

/** Takes one logged point. @returns true when a block has come together */
export function addPoint(track: Track, at: number, value: Value, sequence: number): boolean {
  track.times.push(at);
  track.values.push(value);
  track.sequence = sequence;
  return track.times.length === BLOCK_POINTS;
}

/** What is not in a block yet. */
export function pendingPoints(track: Track): HistoryPoint[] {
  return track.times.map((at, i) => ({ at, value: track.values[i]! }));
}
