import { transaction, transactor } from './database.ts';
import type { Sqlite } from './database.ts';

export interface PruneLimits {
  /** Wall clock, ms; what is older goes. */
  readonly beforeMs: number;
  /** Of the pages in use; above it the oldest history goes. */
  readonly maxBytes: number;
  /** Called between transactions: main gets the write lock, questions an answer. */
  readonly pause: () => Promise<void>;
}

/** Rows removed per transaction, so that main never waits long for the write lock. */
const ROWS = 100;
/** A slice of the history ends where the first property has lost so many blocks; finer where none has as many. */
const SLICES = [16, 1];
/** Slices removed per run; the next run goes on. */
const MAX_SLICES = 1000;
/** The write-ahead log of the database would grow by all that is removed. */
const SLICES_PER_CHECKPOINT = 50;
const VACUUM_PAGES = 200;
const MAX_VACUUMS = 500;
/** Free pages that stay: the next blocks go there. */
const SPARE_PAGES = 256;

/** Removes what is too old, then the oldest history until the pages in use are within the limit, and shrinks the file. */
export async function prune(db: Sqlite, limits: PruneLimits): Promise<void> {
  await removeBlocks(db, limits.beforeMs, limits.pause);
  await removeDecisions(db, limits);
  for (let slice = 1; slice <= MAX_SLICES && usedBytes(db) > limits.maxBytes; slice++) {
    const end = endOfSlice(db);
    if (end === undefined) break;
    await removeBlocks(db, end, limits.pause);
    if (slice % SLICES_PER_CHECKPOINT === 0) checkpoint(db);
  }
  const vacuum = db.prepare(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
  for (let i = 0; i < MAX_VACUUMS && pragma(db, 'freelist_count') > SPARE_PAGES; i++) {
    vacuum.all();
    await limits.pause();
  }
  checkpoint(db);
}

/** Without the free pages: they are filled again before the file grows. */
export function usedBytes(db: Sqlite): number {
  return (pragma(db, 'page_count') - pragma(db, 'freelist_count')) * pragma(db, 'page_size');
}

export function checkpoint(db: Sqlite): void {
  db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
}

function pragma(db: Sqlite, name: 'page_count' | 'freelist_count' | 'page_size'): number {
  return (db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name] ?? 0;
}

/**
 * The time before which the oldest blocks lie: no property has more than a few of them. It is found by counting, as one
 * wrong clock would make any share of the time span all or nothing of the history.
 */
function endOfSlice(db: Sqlite): number | undefined {
  const nth = db.prepare('SELECT t1 FROM blocks WHERE key_id = ? ORDER BY t1 LIMIT 1 OFFSET ?');
  for (const blocks of SLICES) {
    let end = Infinity;
    for (const id of keyIds(db)) {
      const row = nth.get(id, blocks - 1) as { t1: number } | undefined;
      if (row !== undefined && row.t1 < end) end = row.t1;
    }
    if (end < Infinity) return end + 1;
  }
  return undefined;
}

/** Blocks that end before a time, property by property along the primary key: there is no index on the time alone. */
async function removeBlocks(db: Sqlite, beforeMs: number, pause: () => Promise<void>): Promise<void> {
  const first = db.prepare('SELECT 1 FROM blocks WHERE key_id = ? AND t1 < ? LIMIT 1');
  const remove = db.prepare(
    'DELETE FROM blocks WHERE (key_id, t1, sequence) IN (SELECT key_id, t1, sequence FROM blocks WHERE key_id = ? AND t1 < ? ORDER BY t1 LIMIT ?)',
  );
  for (const id of keyIds(db)) {
    while (first.get(id, beforeMs) !== undefined) {
      remove.run(id, beforeMs, ROWS);
      await pause();
    }
  }
}

/** Decisions with their actions and feedback; an action's id begins with its decision's. The search takes no write lock. */
async function removeDecisions(db: Sqlite, { beforeMs, pause }: PruneLimits): Promise<void> {
  const old = db.prepare('SELECT id FROM decisions WHERE at < ? ORDER BY id LIMIT ?');
  const removals = [
    db.prepare("DELETE FROM actions WHERE id >= ?1 AND id < ?1 || '\u{10ffff}'"),
    db.prepare('DELETE FROM feedback WHERE decision = ?1'),
    db.prepare('DELETE FROM decisions WHERE id = ?1'),
  ];
  const statements = transactor(db);
  for (;;) {
    const rows = old.all(beforeMs, ROWS) as { id: string }[];
    if (rows.length === 0) return;
    transaction(statements, () => {
      for (const { id } of rows) for (const remove of removals) remove.run(id);
    });
    await pause();
  }
}

function keyIds(db: Sqlite): number[] {
  return (db.prepare('SELECT id FROM keys').all() as { id: number }[]).map((row) => row.id);
}
