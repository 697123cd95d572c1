import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { DecisionStore } from '../../runtime/journal/decisions.ts';
import type { Entry } from '../../runtime/journal/decisions.ts';
import { WriteAheadLog } from '../../runtime/journal/write-ahead-log.ts';

export interface ActionRow {
  readonly id: string;
  readonly entity: string;
  readonly stage: string;
  readonly policy: string;
  readonly outcome: string | null;
}

/** The journal as a kill left it, newest action first: the database brought up to the log. Read from a copy. */
export function readRemains(data: string): ActionRow[] {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-remains-'));
  try {
    cpSync(data, folder, { recursive: true });
    const db = new Database(join(folder, 'journal.db'));
    const store = new DecisionStore(db);
    for (const logged of new WriteAheadLog(folder).recover()) {
      if (logged.type === 'entry') store.apply(JSON.parse(logged.text) as Entry);
    }
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
