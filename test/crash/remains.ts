import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';

export interface ActionRow {
  readonly id: string;
  readonly entity: string;
  readonly stage: string;
  readonly policy: string;
  readonly outcome: string | null;
}

/** The journal as a kill left it, newest action first. Read from a copy: looking must not mend it. */
export function readRemains(data: string): ActionRow[] {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-remains-'));
  try {
    for (const name of ['journal.db', 'journal.db-wal']) {
      if (existsSync(join(data, name))) copyFileSync(join(data, name), join(folder, name));
    }
    const db = new Database(join(folder, 'journal.db'));
    const rows = db
      .prepare(
        'SELECT a.id, a.entity, a.stage, a.outcome, d.policy FROM actions a JOIN decisions d ON d.id = substr(a.id, 1, 20) ORDER BY a.id DESC LIMIT 30',
      )
      .all() as ActionRow[];
    db.close();
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
