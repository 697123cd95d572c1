import { closeSync, fdatasync, fdatasyncSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { GanglionError, messageOf } from '../errors.ts';

export type Sqlite = Database.Database;
export type Statement = Database.Statement;

/**
 * Blocks hold the history of one property: (key_id, first time, last time, sequence of the last reading, points).
 * An action's id begins with its decision's, so that a range of ids is a decision's actions: every index is a page more
 * to write per decision. `actions.stage` has a partial one, because what is unfinished is asked at every start.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS keys (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS blocks (
    key_id INTEGER NOT NULL, t1 INTEGER NOT NULL, t0 INTEGER NOT NULL, sequence INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (key_id, t1, sequence)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS decisions (id TEXT PRIMARY KEY, policy TEXT, at INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS decisions_policy ON decisions (policy, id);
  CREATE TABLE IF NOT EXISTS actions (
    id TEXT PRIMARY KEY, entity TEXT NOT NULL, stage TEXT NOT NULL, json TEXT NOT NULL, outcome TEXT) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS actions_entity ON actions (entity, id);
  CREATE INDEX IF NOT EXISTS actions_unfinished ON actions (stage) WHERE stage <> 'done';
  CREATE TABLE IF NOT EXISTS feedback (id TEXT PRIMARY KEY, decision TEXT NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS feedback_decision ON feedback (decision);
  CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS policy_versions (
    policy TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, origin TEXT NOT NULL, text TEXT, note TEXT,
    file TEXT NOT NULL, begun INTEGER NOT NULL, PRIMARY KEY (policy, version)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS policy_versions_begun ON policy_versions (policy) WHERE begun = 1;
  CREATE TABLE IF NOT EXISTS policy_files (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
`;

const VERSION = 1;

export const DATABASE_FILE = 'journal.db';

/**
 * Opens the journal's database, creating it where there is none. Commits reach the operating system (kill −9 safe);
 * the disk follows at `syncWal` and at checkpoints, which the journal thread makes.
 * @throws GanglionError JOURNAL_UNWRITABLE, JOURNAL_CORRUPT
 */
export function openDatabase(folder: string): Sqlite {
  const path = join(folder, DATABASE_FILE);
  try {
    makeFolder(folder);
    const db = new Database(path, { timeout: 1000 });
    db.exec(
      'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -2000',
    );
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > VERSION) {
      db.close();
      throw new GanglionError('JOURNAL_CORRUPT', {
        path,
        reason: `it was written by a newer version (format ${version}, this one knows ${VERSION})`,
      });
    }
    db.exec(SCHEMA);
    db.exec(`PRAGMA user_version = ${VERSION}`);
    return db;
  } catch (error) {
    throw journalError(path, error);
  }
}

/** Stands in while the disk cannot be used, so that decisions can still be looked at. Nothing in it survives. */
export function openVolatile(): Sqlite {
  const db = new Database(':memory:');
  db.exec(SCHEMA);
  return db;
}

/** What the database or file system threw, as an error people can act on. */
export function journalError(path: string, error: unknown): GanglionError {
  if (error instanceof GanglionError) return error;
  const code = (error as { code?: string }).code ?? '';
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return new GanglionError('JOURNAL_CORRUPT', { path, reason: messageOf(error) }, { cause: error });
  }
  const known: Readonly<Record<string, string>> = {
    SQLITE_FULL: 'the disk is full',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EROFS: 'the disk is read-only',
    SQLITE_READONLY: 'the disk is read-only',
    EACCES: 'its permissions forbid it',
    EPERM: 'its permissions forbid it',
    SQLITE_BUSY: 'another process holds it',
  };
  const reason = known[code] ?? known[code.split('_').slice(0, 2).join('_')] ?? messageOf(error);
  return new GanglionError('JOURNAL_UNWRITABLE', { path, reason }, { cause: error });
}

/** Someone else is writing just now: a matter of time, not a fault of the disk. */
export function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown } | null)?.code).startsWith('SQLITE_BUSY');
}

/** The three statements of a transaction, prepared once: `exec` would parse them each time. */
export interface Transactor {
  readonly begin: Statement;
  readonly commit: Statement;
  readonly rollback: Statement;
}

export function transactor(db: Sqlite): Transactor {
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
  };
}

/** Runs `work` in one transaction; on a throw nothing of it happened. */
export function transaction<T>({ begin, commit, rollback }: Transactor, work: () => T): T {
  begin.run();
  try {
    const result = work();
    commit.run();
    return result;
  } catch (error) {
    try {
      rollback.run();
    } catch {
      // SQLite rolls back by itself when the disk is full; the first error is the one that matters.
    }
    throw error;
  }
}

/** Makes everything committed so far survive a power cut. */
export async function syncWal(folder: string): Promise<void> {
  // Syncing through a descriptor of our own is safe: SQLite's POSIX locks are on the -shm and main files.
  const fd = openSync(join(folder, `${DATABASE_FILE}-wal`), 'r+');
  try {
    await new Promise<void>((resolve, reject) => {
      fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    closeSync(fd);
  }
}

/** The same for what is rare and waited for: it holds up the thread until the disk has it. */
export function syncWalNow(folder: string): void {
  const fd = openSync(join(folder, `${DATABASE_FILE}-wal`), 'r+');
  try {
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** `mkdir -p`; a read-only disk says so, where Node's recursive one says that the parent is missing. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    mkdirSync(folder, { mode: 0o700 });
  }
}
