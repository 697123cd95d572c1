import type { PolicyOrigin, PolicyVersion } from '../contract/policy-shelf.ts';
import type { WallMs } from '../contract/time.ts';
import {
  journalError,
  syncWalNow,
  transaction,
  transactor,
  type Sqlite,
  type Statement,
} from '../journal/database.ts';
import type { Journal } from '../journal/journal.ts';

/** A version to be kept; its number is the next one. */
export interface NewVersion {
  readonly policy: string;
  readonly at: WallMs;
  readonly origin: PolicyOrigin;
  readonly text: string | undefined;
  readonly note: string | undefined;
  /** The file it stands in. */
  readonly file: string;
}

/** The present version of a policy, as far as it is kept. */
export interface LatestVersion extends PolicyVersion {
  readonly file: string;
}

interface Row {
  readonly policy: string;
  readonly version: number;
  readonly at: number;
  readonly origin: PolicyOrigin;
  readonly text: string | null;
  readonly note: string | null;
  readonly file: string;
}

interface Statements {
  readonly db: Sqlite;
  readonly latest: Statement;
  readonly insert: Statement;
  readonly prune: Statement;
}

/** Versions of one policy that are kept; older ones go. */
const KEPT = 200;

/** What policies said, in the journal's database. A version is there before its file is changed. */
export class PolicyVersions {
  readonly #journal: Pick<Journal, 'database' | 'failure' | 'volatile'>;
  readonly #folder: string;
  readonly #kept: number;
  #prepared: Statements | undefined;

  /** @param folder the journal's */
  constructor(
    journal: Pick<Journal, 'database' | 'failure' | 'volatile'>,
    folder: string,
    kept: number = KEPT,
  ) {
    this.#journal = journal;
    this.#folder = folder;
    this.#kept = kept;
  }

  /** Whether versions can be kept just now. */
  get ready(): boolean {
    return this.#journal.failure === undefined && !this.#journal.volatile;
  }

  /** Oldest first. */
  list(policy: string): PolicyVersion[] {
    return this.#rows('SELECT * FROM policy_versions WHERE policy = ? ORDER BY version', policy).map(plain);
  }

  latest(policy: string): LatestVersion | undefined {
    const row = this.#statements(this.#journal.database).latest.get(policy) as Row | undefined;
    return row === undefined ? undefined : withFile(row);
  }

  /** Versions whose files were to be changed, and it is not known whether that happened. */
  begun(): PolicyVersion[] {
    return this.#rows('SELECT * FROM policy_versions WHERE begun = 1').map(plain);
  }

  /**
   * Keeps a version whose file is about to be changed; on the disk when this returns.
   * @throws GanglionError JOURNAL_UNWRITABLE
   */
  begin(version: NewVersion): PolicyVersion {
    const made = this.#write((db) => this.#insert(db, version, true));
    try {
      if (!this.#journal.volatile) syncWalNow(this.#folder);
      return made;
    } catch (error) {
      throw journalError(this.#folder, error);
    }
  }

  /** The file says so now. */
  finish({ policy, version }: PolicyVersion): void {
    this.#write((db) =>
      db
        .prepare('UPDATE policy_versions SET begun = 0 WHERE policy = ? AND version = ?')
        .run(policy, version),
    );
  }

  /** It never came to be. */
  abandon({ policy, version }: PolicyVersion): void {
    this.#write((db) =>
      db.prepare('DELETE FROM policy_versions WHERE policy = ? AND version = ?').run(policy, version),
    );
  }

  /** The texts of the files when they could last be read, by name. */
  files(): Map<string, string> {
    const rows = this.#journal.database.prepare('SELECT name, text FROM policy_files').all() as {
      name: string;
      text: string;
    }[];
    return new Map(rows.map(({ name, text }) => [name, text]));
  }

  /**
   * Keeps what was found to have been changed by hand, and the files it was found in.
   * @throws GanglionError JOURNAL_UNWRITABLE
   */
  note(versions: readonly NewVersion[], files: ReadonlyMap<string, string | undefined>): PolicyVersion[] {
    return this.#write((db) => {
      const keep = db.prepare('INSERT OR REPLACE INTO policy_files (name, text) VALUES (?, ?)');
      const drop = db.prepare('DELETE FROM policy_files WHERE name = ?');
      for (const [name, text] of files) {
        if (text === undefined) drop.run(name);
        else keep.run(name, text);
      }
      return versions.map((version) => this.#insert(db, version, false));
    });
  }

  #rows(sql: string, ...values: unknown[]): Row[] {
    return this.#journal.database.prepare(sql).all(...values) as Row[];
  }

  #insert(db: Sqlite, made: NewVersion, begun: boolean): PolicyVersion {
    const { policy, at, origin, text, note, file } = made;
    const { latest, insert, prune } = this.#statements(db);
    const version = ((latest.get(policy) as Row | undefined)?.version ?? 0) + 1;
    insert.run(policy, version, at, origin, text ?? null, note ?? null, file, Number(begun));
    prune.run(policy, version - this.#kept);
    return { policy, version, at, origin, text, note };
  }

  /** Prepared once: a first start may keep a hundred thousand policies. */
  #statements(db: Sqlite): Statements {
    if (this.#prepared?.db === db) return this.#prepared;
    return (this.#prepared = {
      db,
      latest: db.prepare('SELECT * FROM policy_versions WHERE policy = ? ORDER BY version DESC LIMIT 1'),
      insert: db.prepare(
        'INSERT INTO policy_versions (policy, version, at, origin, text, note, file, begun) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ),
      prune: db.prepare('DELETE FROM policy_versions WHERE policy = ? AND version <= ?'),
    });
  }

  /** Survives a kill at once and a power cut within half a minute; the next start finds out again what was lost. */
  #write<T>(work: (db: Sqlite) => T): T {
    const { failure, database } = this.#journal;
    if (failure !== undefined) throw failure;
    try {
      return transaction(transactor(database), () => work(database));
    } catch (error) {
      throw journalError(this.#folder, error);
    }
  }
}

function plain({ policy, version, at, origin, text, note }: Row): PolicyVersion {
  return { policy, version, at: at as WallMs, origin, text: text ?? undefined, note: note ?? undefined };
}

function withFile(row: Row): LatestVersion {
  return { ...plain(row), file: row.file };
}
