import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, transaction, transactor } from '../../../runtime/journal/database.ts';
import type { Sqlite } from '../../../runtime/journal/database.ts';
import { DecisionStore } from '../../../runtime/journal/decisions.ts';
import { prune, usedBytes } from '../../../runtime/journal/prune.ts';
import { action, decision } from '../../support/samples.ts';

const pause = async (): Promise<void> => {};
let db: Sqlite;

beforeEach(() => {
  db = openDatabase(mkdtempSync(join(tmpdir(), 'ganglion-prune-')));
});
afterEach(() => db.close());

/** One block of 1 kB per property and second. */
function fill(properties: number, seconds: number): void {
  const key = db.prepare('INSERT INTO keys (id, key) VALUES (?, ?)');
  const block = db.prepare('INSERT INTO blocks (key_id, t1, t0, sequence, data) VALUES (?, ?, ?, ?, ?)');
  transaction(transactor(db), () => {
    for (let id = 1; id <= properties; id++) {
      key.run(id, `sensor.s${id}.x`);
      for (let t = 1; t <= seconds; t++) block.run(id, t * 1000, t * 1000 - 999, t, Buffer.alloc(1000, t));
    }
  });
}

function times(): { first: number; last: number; count: number } {
  const { first, last, count } = db
    .prepare('SELECT min(t1) AS first, max(t1) AS last, count(*) AS count FROM blocks')
    .get() as { first: number; last: number; count: number };
  return { first, last, count };
}

function pragma(name: string): number {
  return (db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name]!;
}

describe('prune', () => {
  it('removes the oldest history down to the maximum once, not again in every run, and shrinks the file', async () => {
    fill(5, 1000);
    // A wrong clock: the time span says nothing about where the points are.
    db.prepare("INSERT INTO blocks VALUES (1, ?, ?, 5000, x'00')").run(4e12, 4e12);
    const pages = pragma('page_count');
    const maxBytes = Math.round(usedBytes(db) * 0.6);
    await prune(db, { beforeMs: 0, maxBytes, pause });
    const once = times();
    expect(usedBytes(db)).toBeLessThanOrEqual(maxBytes);
    expect(usedBytes(db)).toBeGreaterThan(maxBytes * 0.9);
    expect(once).toMatchObject({ last: 4e12 });
    expect(once.first).toBeGreaterThan(300_000);
    expect(pragma('page_count')).toBeLessThan(pages * 0.8);
    expect(pragma('freelist_count')).toBeLessThanOrEqual(256);
    await prune(db, { beforeMs: 0, maxBytes, pause });
    expect(times()).toEqual(once);
  });

  it('removes what is older than the time given, of the history and of decisions with all that hangs on them', async () => {
    fill(2, 300);
    const store = new DecisionStore(db);
    const id = (n: number): string => String(n).padStart(20, '0');
    for (let n = 1; n <= 300; n++) {
      const actions = [action(`${id(n)}00`), action(`${id(n)}01`)];
      store.apply({
        op: 'decisions',
        decisions: [decision(id(n), { at: n * 1000, actions } as never)],
        waiting: [],
      });
      store.apply({
        op: 'feedback',
        feedback: { id: `f${id(n)}`, decision: id(n), at: n, reward: 1, source: 'user' } as never,
      });
    }
    const count = (table: string): number =>
      (db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
    await prune(db, { beforeMs: 251_000, maxBytes: 1e9, pause });
    expect(times()).toEqual({ first: 251_000, last: 300_000, count: 100 });
    expect([count('decisions'), count('actions'), count('feedback')]).toEqual([50, 100, 50]);
    expect(store.get(id(251))).toMatchObject({ actions: [{}, {}], feedback: [{ decision: id(251) }] });
  });

  it('ends where no history is left to remove', async () => {
    fill(1, 3);
    await prune(db, { beforeMs: 0, maxBytes: 1, pause });
    expect(times().count).toBe(0);
  });
});
