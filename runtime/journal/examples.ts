import type { Sqlite, Statement } from './database.ts';

/** One decision that taught something. Plain data. */
export interface Example {
  /** Made of the decision's: the same one teaches the same thing once. */
  readonly id: string;
  /** What it is learned for: a policy with its features and choices. */
  readonly subject: string;
  /** Wall clock, ms. */
  readonly at: number;
  /** In the order of the features; null: missing. */
  readonly values: readonly (number | null)[];
  /** As the policy lists it. */
  readonly choice: string;
  /** A slower rung, or a person. */
  readonly source: 'model' | 'human';
}

/** Examples kept of one subject; more than are learned from at a time. */
const MOST = 8192;
/** Those of a subject are counted with its first in each run, and then once in so many of its own. */
const PRUNE_EVERY = 256;

/** The examples of each subject in the order they came; the oldest go. They outlive the history: learning takes months. */
export class ExampleTable {
  readonly #db: Sqlite;
  readonly #insert: Statement;
  readonly #prune: Statement;
  /** By subject, of this run. */
  readonly #added = new Map<string, number>();

  constructor(db: Sqlite) {
    this.#db = db;
    this.#insert = db.prepare('INSERT OR IGNORE INTO examples (id, subject, json) VALUES (?, ?, ?)');
    this.#prune = db.prepare(
      `DELETE FROM examples WHERE subject = ?1 AND seq <= (SELECT seq FROM examples WHERE subject = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ${MOST})`,
    );
  }

  add(example: Example): void {
    this.#insert.run(example.id, example.subject, JSON.stringify(example));
    const added = this.#added.get(example.subject) ?? 0;
    this.#added.set(example.subject, added + 1);
    if (added % PRUNE_EVERY === 0) this.#prune.run(example.subject);
  }

  has(id: string): boolean {
    return this.#db.prepare('SELECT 1 FROM examples WHERE id = ?').get(id) !== undefined;
  }

  /** The latest so many, oldest first, without such as cannot be read: one of thousands is no loss. */
  list(subject: string, limit = MOST): Example[] {
    const rows = this.#db
      .prepare('SELECT json FROM examples WHERE subject = ? AND json_valid(json) ORDER BY seq DESC LIMIT ?')
      .all(subject, limit) as { json: string }[];
    return rows.map((row) => JSON.parse(row.json) as Example).toReversed();
  }

  remove(subject: string): void {
    this.#added.delete(subject);
    this.#db.prepare('DELETE FROM examples WHERE subject = ?').run(subject);
  }
}
