import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import type { HistoryPoint } from '../contract/api.ts';
import type { Decision } from '../contract/decision.ts';
import type { PropertyKey } from '../contract/ids.ts';
import { GanglionError } from '../errors.ts';
import { BlockCursor } from './block.ts';
import { DATABASE_FILE, journalError } from './database.ts';
import type { Sqlite, Statement } from './database.ts';
import type { Entry } from './decisions.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

/** What the log holds of one property that no block has yet. */
interface Recent {
  readonly times: number[];
  readonly values: HistoryPoint['value'][];
}

const EMPTY: Recent = { times: [], values: [] };

/**
 * A data folder as it is, read only; a daemon may be writing it meanwhile. What is in the log and not yet in the database is
 * read at the opening, so later readings are not seen.
 */
export class Archive {
  readonly #db: Sqlite;
  readonly #ids = new Map<PropertyKey, number>();
  readonly #recent = new Map<PropertyKey, Recent>();
  /** Decisions that are in the log alone, by id. */
  readonly #logged = new Map<string, Decision>();
  readonly #nextBlock: Statement;
  readonly #blockBefore: Statement;

  /** @throws GanglionError JOURNAL_ABSENT, JOURNAL_UNREADABLE, JOURNAL_CORRUPT */
  constructor(folder: string) {
    const path = join(folder, DATABASE_FILE);
    if (!existsSync(path)) throw new GanglionError('JOURNAL_ABSENT', { path: folder });
    try {
      // The log first: what leaves it while we look is in the database then.
      const logged = [...new WriteAheadLog(folder).look()];
      this.#db = new Database(`${pathToFileURL(path).href}?mode=ro`, { timeout: 2000 });
      this.#db.exec('PRAGMA query_only = ON; PRAGMA cache_size = -8000; BEGIN');
      const stored = new Map<PropertyKey, number>();
      const keys = this.#db
        .prepare(
          'SELECT k.id, k.key, max(b.sequence) AS sequence FROM keys k LEFT JOIN blocks b ON b.key_id = k.id GROUP BY k.id',
        )
        .all() as { id: number; key: PropertyKey; sequence: number | null }[];
      for (const { id, key, sequence } of keys) {
        this.#ids.set(key, id);
        stored.set(key, sequence ?? -1);
      }
      for (const entry of logged) {
        if (entry.type === 'entry') this.#takeEntry(JSON.parse(entry.text) as Entry);
        else if (entry.news && entry.sequence > (stored.get(entry.key) ?? -1)) this.#takeReading(entry);
      }
      this.#nextBlock = this.#db.prepare(
        'SELECT t0, t1, sequence, data FROM blocks WHERE key_id = ? AND (t1, sequence) > (?, ?) ORDER BY t1, sequence LIMIT 1',
      );
      this.#blockBefore = this.#db.prepare(
        'SELECT data FROM blocks WHERE key_id = ? AND t0 <= ? ORDER BY t1 DESC, sequence DESC LIMIT 1',
      );
    } catch (error) {
      const failure = journalError(path, error);
      throw failure.code === 'JOURNAL_CORRUPT'
        ? failure
        : new GanglionError('JOURNAL_UNREADABLE', { path, reason: failure.message }, { cause: error });
    }
  }

  /** Properties with a history. */
  keys(): PropertyKey[] {
    return [...new Set([...this.#ids.keys(), ...this.#recent.keys()])];
  }

  /** When the first point of all was made; undefined where there is none. */
  oldestMs(): number | undefined {
    const { t0 } = this.#db.prepare('SELECT min(t0) AS t0 FROM blocks').get() as { t0: number | null };
    let oldest = t0 ?? Infinity;
    for (const { times } of this.#recent.values()) for (const at of times) oldest = Math.min(oldest, at);
    return oldest === Infinity ? undefined : oldest;
  }

  /** The latest point of a property at or before a moment. */
  latest(key: PropertyKey, atMs: number): HistoryPoint | undefined {
    let found: HistoryPoint | undefined;
    const take = (at: number, value: HistoryPoint['value']): void => {
      if (at <= atMs && (found === undefined || at >= found.at)) found = { at, value };
    };
    const id = this.#ids.get(key);
    const row =
      id === undefined ? undefined : (this.#blockBefore.get(id, atMs) as { data: ArrayBuffer } | undefined);
    if (row !== undefined) {
      const cursor = new BlockCursor(Buffer.from(row.data));
      while (cursor.next()) take(cursor.at, cursor.value);
    }
    const { times, values } = this.#recent.get(key) ?? EMPTY;
    for (let i = 0; i < times.length; i++) take(times[i]!, values[i]!);
    return found;
  }

  /** Points of a property after `fromMs` and up to `toMs`, in the order they came in. */
  points(key: PropertyKey, fromMs: number, toMs: number): PointCursor {
    return new PointCursor(
      key,
      (t1, sequence) => {
        const id = this.#ids.get(key);
        return id === undefined ? undefined : (this.#nextBlock.get(id, t1, sequence) as BlockRow | undefined);
      },
      this.#recent.get(key) ?? EMPTY,
      fromMs,
      toMs,
    );
  }

  /** Decisions of policies made in that time, oldest first. */
  *decisions(fromMs: number, toMs: number): Generator<Decision> {
    const rows = this.#db
      .prepare('SELECT json FROM decisions WHERE at >= ? AND at <= ? AND policy IS NOT NULL ORDER BY id')
      .iterate(fromMs, toMs) as Iterable<{ json: string }>;
    const stored = new Set<string>();
    for (const { json } of rows) {
      const decision = JSON.parse(json) as Decision;
      if (this.#logged.has(decision.id)) stored.add(decision.id);
      yield decision;
    }
    for (const decision of this.#logged.values()) {
      const inTime = decision.at >= fromMs && decision.at <= toMs && decision.policy !== undefined;
      if (inTime && !stored.has(decision.id)) yield decision;
    }
  }

  /** A small named document, such as the mapping of the house. */
  document(name: string): unknown {
    const row = this.#db.prepare('SELECT json FROM documents WHERE name = ?').get(name) as
      | { json: string }
      | undefined;
    return row === undefined ? undefined : JSON.parse(row.json);
  }

  close(): void {
    this.#db.exec('ROLLBACK');
    this.#db.close();
  }

  #takeEntry(entry: Entry): void {
    if (entry.op === 'decisions')
      for (const decision of entry.decisions) this.#logged.set(decision.id, decision);
  }

  #takeReading({ key, at, value }: { key: PropertyKey; at: number; value: HistoryPoint['value'] }): void {
    let recent = this.#recent.get(key);
    if (recent === undefined) this.#recent.set(key, (recent = { times: [], values: [] }));
    recent.times.push(at);
    recent.values.push(value);
  }
}

interface BlockRow {
  readonly t0: number;
  readonly t1: number;
  readonly sequence: number;
  readonly data: ArrayBuffer;
}

/** Walks through the history of one property, holding one packed block at a time. */
export class PointCursor {
  readonly key: PropertyKey;
  at = 0;
  value: HistoryPoint['value'] = 0;
  readonly #next: (t1: number, sequence: number) => BlockRow | undefined;
  readonly #recent: Recent;
  readonly #fromMs: number;
  readonly #toMs: number;
  #block: BlockCursor | undefined;
  #t1: number;
  #sequence = Number.MAX_SAFE_INTEGER;
  #ended = false;
  #i = 0;

  constructor(
    key: PropertyKey,
    next: (t1: number, sequence: number) => BlockRow | undefined,
    recent: Recent,
    fromMs: number,
    toMs: number,
  ) {
    this.key = key;
    this.#next = next;
    this.#recent = recent;
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#t1 = fromMs;
  }

  /** Goes on to the next point; false if there is none. */
  next(): boolean {
    while (this.#step()) if (this.at > this.#fromMs && this.at <= this.#toMs) return true;
    return false;
  }

  #step(): boolean {
    for (;;) {
      if (this.#block?.next() === true) {
        this.at = this.#block.at;
        this.value = this.#block.value;
        return true;
      }
      if (this.#ended) break;
      const row = this.#next(this.#t1, this.#sequence);
      if (row === undefined || row.t0 > this.#toMs) {
        this.#ended = true;
        this.#block = undefined;
        break;
      }
      this.#t1 = row.t1;
      this.#sequence = row.sequence;
      this.#block = new BlockCursor(Buffer.from(row.data));
    }
    const { times, values } = this.#recent;
    if (this.#i >= times.length) return false;
    this.at = times[this.#i]!;
    this.value = values[this.#i++]!;
    return true;
  }
}
