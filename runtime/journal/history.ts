import type { HistoryPoint } from '../contract/api.ts';
import type { PropertyKey } from '../contract/ids.ts';
import type { Value } from '../contract/reading.ts';
import { encodeBlock } from './block.ts';
import type { Sqlite, Statement } from './database.ts';

/** Points of one property that are in the log but not yet in a block. */
interface Pending {
  readonly keyId: number;
  readonly times: number[];
  readonly values: Value[];
  /** Of the last point. */
  sequence: number;
}

/** A block is written when so many points have come together; two bytes each, it fills a small part of a page. */
const BLOCK_POINTS = 256;

/**
 * The younger end of the history: points gather per property until a block is full, the log holding them meanwhile.
 * The older end is read by the journal thread.
 */
export class History {
  #db: Sqlite;
  #insertKey: Statement;
  #insertBlock: Statement;
  readonly #keys = new Map<PropertyKey, number>();
  /** By key id: the sequence of the last reading in a block. */
  readonly #stored = new Map<number, number>();
  readonly #pending = new Map<PropertyKey, Pending>();

  constructor(db: Sqlite) {
    this.#db = db;
    this.#insertKey = db.prepare(
      'INSERT INTO keys (key) VALUES (?) ON CONFLICT (key) DO UPDATE SET key = key RETURNING id',
    );
    this.#insertBlock = db.prepare(
      'INSERT OR REPLACE INTO blocks (key_id, t1, t0, sequence, data) VALUES (?, ?, ?, ?, ?)',
    );
  }

  /** The sequence up to which each property's readings are in blocks; log records at or before it are not news. */
  storedSequences(): Map<PropertyKey, number> {
    const rows = this.#db
      .prepare(
        'SELECT k.id, k.key, max(b.sequence) AS sequence FROM keys k LEFT JOIN blocks b ON b.key_id = k.id GROUP BY k.id',
      )
      .all() as {
      id: number;
      key: PropertyKey;
      sequence: number | null;
    }[];
    for (const row of rows) {
      this.#keys.set(row.key, row.id);
      this.#stored.set(row.id, row.sequence ?? -1);
    }
    return new Map(rows.map((row) => [row.key, row.sequence ?? -1]));
  }

  /** Takes one logged point. Writes a block when it is full; throws what SQLite throws, keeping the points. */
  add(key: PropertyKey, at: number, value: Value, sequence: number): void {
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      pending = { keyId: this.#keyId(key), times: [], values: [], sequence };
      this.#pending.set(key, pending);
    }
    pending.times.push(at);
    pending.values.push(value);
    pending.sequence = sequence;
    if (pending.times.length >= BLOCK_POINTS) this.#write(pending);
  }

  /** Properties with pending points at or before a sequence: what must be written before older log segments can go. */
  keysUpTo(sequence: number): PropertyKey[] {
    return [...this.#pending]
      .filter(([, pending]) => pending.times.length > 0 && pending.sequence <= sequence)
      .map(([key]) => key);
  }

  /** Writes the block of one property, full or not. */
  writeBlock(key: PropertyKey): void {
    const pending = this.#pending.get(key);
    if (pending !== undefined && pending.times.length > 0) this.#write(pending);
  }

  /** What is not in a block yet, for queries. */
  recent(key: PropertyKey): HistoryPoint[] {
    const pending = this.#pending.get(key);
    return pending === undefined ? [] : pending.times.map((at, i) => ({ at, value: pending.values[i]! }));
  }

  /** Which blocks to add to `recent` for the whole history: those up to this sequence, as later ones hold the same points. */
  stored(key: PropertyKey): { keyId: number; upTo: number } | undefined {
    const keyId = this.#keys.get(key);
    return keyId === undefined ? undefined : { keyId, upTo: this.#stored.get(keyId) ?? -1 };
  }

  get pendingPoints(): number {
    let points = 0;
    for (const pending of this.#pending.values()) points += pending.times.length;
    return points;
  }

  #write(pending: Pending): void {
    const points = pending.times.map((at, i) => ({ at: Math.round(at), value: pending.values[i]! }));
    let first = points[0]!.at;
    let last = first;
    for (const { at } of points) {
      if (at < first) first = at;
      if (at > last) last = at;
    }
    this.#insertBlock.run(pending.keyId, last, first, pending.sequence, encodeBlock(points));
    this.#stored.set(pending.keyId, pending.sequence);
    pending.times.length = 0;
    pending.values.length = 0;
  }

  #keyId(key: PropertyKey): number {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const row = this.#insertKey.get(key) as { id: number };
    this.#keys.set(key, row.id);
    return row.id;
  }
}
