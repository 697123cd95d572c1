import type { Action, ActionStage, Feedback, Outcome } from '../contract/action.ts';
import type { ActionRecord, DecisionQuery, DecisionRecord } from '../contract/api.ts';
import type { Decision } from '../contract/decision.ts';
import { ID_LENGTH } from '../lib/id.ts';
import type { Sqlite, Statement } from './database.ts';
import { ExampleTable } from './examples.ts';
import type { Example } from './examples.ts';

interface ActionRow {
  readonly json: string;
  readonly stage: ActionStage;
  readonly outcome: string | null;
}

/** What happened, as the write-ahead log keeps it until it is in the database. */
export type Entry =
  | { readonly op: 'decisions'; readonly decisions: readonly Decision[]; readonly waiting: readonly string[] }
  | { readonly op: 'stage'; readonly stage: ActionStage; readonly actions: readonly string[] }
  | { readonly op: 'approved'; readonly action: string; readonly deadline: number }
  | { readonly op: 'outcomes'; readonly outcomes: readonly Outcome[] }
  | { readonly op: 'feedback'; readonly feedback: Feedback }
  | { readonly op: 'example'; readonly example: Example };

/** Feedback kept of one decision, the first of it: whoever sends a million gains nothing and harms nobody. */
export const MAX_FEEDBACK = 100;

/** Decisions with their actions, outcomes and feedback. Synchronous; every write is one statement of a transaction. */
export class DecisionStore {
  readonly #db: Sqlite;
  readonly #insertDecision: Statement;
  readonly #insertAction: Statement;
  readonly #setStage: Statement;
  readonly #approve: Statement;
  readonly #setOutcome: Statement;
  readonly #insertFeedback: Statement;
  readonly #countFeedback: Statement;
  readonly #find: Statement;
  /** What decisions taught. */
  readonly examples: ExampleTable;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#insertDecision = db.prepare(
      'INSERT OR IGNORE INTO decisions (id, policy, at, json) VALUES (?, ?, ?, ?)',
    );
    this.#insertAction = db.prepare(
      'INSERT OR IGNORE INTO actions (id, entity, stage, json) VALUES (?, ?, ?, ?)',
    );
    this.#setStage = db.prepare("UPDATE actions SET stage = ? WHERE id = ? AND stage <> 'done'");
    this.#approve = db.prepare(
      "UPDATE actions SET stage = 'pending', json = json_set(json, '$.deadline', ?) WHERE id = ? AND stage = 'awaiting-approval'",
    );
    this.#setOutcome = db.prepare("UPDATE actions SET stage = 'done', outcome = ? WHERE id = ?");
    this.#insertFeedback = db.prepare(
      `INSERT OR IGNORE INTO feedback (id, decision, json) SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM feedback WHERE decision = ?2) < ${MAX_FEEDBACK}`,
    );
    this.#countFeedback = db.prepare('SELECT count(*) AS count FROM feedback WHERE decision = ?');
    this.#find = db.prepare('SELECT json FROM decisions WHERE id >= ? AND id < ? LIMIT 2');
    this.examples = new ExampleTable(db);
  }

  /** Entries are applied again after a crash: each leaves what it finds already there. */
  apply(entry: Entry): void {
    switch (entry.op) {
      case 'decisions': {
        const waiting = new Set(entry.waiting);
        for (const decision of entry.decisions) this.#insert(decision, waiting);
        break;
      }
      case 'stage':
        for (const id of entry.actions) this.#setStage.run(entry.stage, id);
        break;
      case 'approved':
        this.#approve.run(entry.deadline, entry.action);
        break;
      case 'outcomes':
        for (const outcome of entry.outcomes) this.#setOutcome.run(JSON.stringify(outcome), outcome.action);
        break;
      case 'feedback': {
        const { feedback } = entry;
        this.#insertFeedback.run(feedback.id, feedback.decision, JSON.stringify(feedback));
        break;
      }
      case 'example':
        this.examples.add(entry.example);
        break;
    }
  }

  unfinished(): ActionRecord[] {
    const rows = this.#db
      .prepare("SELECT json, stage, outcome FROM actions WHERE stage <> 'done' ORDER BY id")
      .all() as ActionRow[];
    return rows.map(toActionRecord);
  }

  /** When each policy decided last, so that cooldowns outlive a restart. */
  lastFired(): Map<string, number> {
    const rows = this.#db
      .prepare('SELECT policy, max(at) AS at FROM decisions WHERE policy IS NOT NULL GROUP BY policy')
      .all() as { policy: string; at: number }[];
    return new Map(rows.map((row) => [row.policy, row.at]));
  }

  /** How often a decision was judged; counted up to `MAX_FEEDBACK`. */
  feedbackCount(decision: string): number {
    const row = this.#countFeedback.get(decision) as { count: number };
    return row.count;
  }

  /** By id or an unambiguous start of it. */
  get(id: string): DecisionRecord | undefined {
    const found = this.find(id);
    return found === undefined ? undefined : this.#complete(found);
  }

  /** The same without what came of it. */
  find(id: string): Decision | undefined {
    const rows = this.#find.all(id, `${id}\u{10ffff}`) as { json: string }[];
    const exact = rows.map((row) => JSON.parse(row.json) as Decision);
    return exact.find((decision) => decision.id === id) ?? (exact.length === 1 ? exact[0] : undefined);
  }

  list(query: DecisionQuery): DecisionRecord[] {
    const where = ['id < ?'];
    const values: unknown[] = [query.before ?? '\u{10ffff}'];
    if (query.policy !== undefined) {
      where.push('policy = ?');
      values.push(query.policy);
    }
    if (query.entity !== undefined) {
      where.push(`id IN (SELECT substr(id, 1, ${ID_LENGTH}) FROM actions WHERE entity = ?)`);
      values.push(query.entity);
    }
    const rows = this.#db
      .prepare(`SELECT json FROM decisions WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`)
      .all(...values, query.limit) as { json: string }[];
    return rows.map((row) => this.#complete(JSON.parse(row.json) as Decision));
  }

  actions(query: DecisionQuery): ActionRecord[] {
    const where = ['id < ?'];
    const values: unknown[] = [query.before ?? '\u{10ffff}'];
    if (query.entity !== undefined) {
      where.push('entity = ?');
      values.push(query.entity);
    }
    if (query.policy !== undefined) {
      where.push(`substr(id, 1, ${ID_LENGTH}) IN (SELECT id FROM decisions WHERE policy = ?)`);
      values.push(query.policy);
    }
    const rows = this.#db
      .prepare(
        `SELECT json, stage, outcome FROM actions WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`,
      )
      .all(...values, query.limit) as ActionRow[];
    return rows.map(toActionRecord);
  }

  action(id: string): ActionRecord | undefined {
    const rows = this.#db
      .prepare('SELECT json, stage, outcome FROM actions WHERE id >= ? AND id < ? LIMIT 2')
      .all(id, `${id}\u{10ffff}`) as ActionRow[];
    return rows.length === 1 ? toActionRecord(rows[0]!) : undefined;
  }

  /** Small named documents: the house mapping, rule cooldowns. */
  document(name: string): unknown {
    const row = this.#db.prepare('SELECT json FROM documents WHERE name = ?').get(name) as
      | { json: string }
      | undefined;
    return row === undefined ? undefined : JSON.parse(row.json);
  }

  /** Names of all documents that begin so. */
  documentsOf(prefix: string): string[] {
    const rows = this.#db
      .prepare('SELECT name FROM documents WHERE name >= ? AND name < ? ORDER BY name')
      .all(prefix, `${prefix}\u{10ffff}`) as { name: string }[];
    return rows.map(({ name }) => name);
  }

  /** @param value undefined removes it */
  saveDocument(name: string, value: unknown): void {
    if (value === undefined) this.#db.prepare('DELETE FROM documents WHERE name = ?').run(name);
    else
      this.#db
        .prepare('INSERT OR REPLACE INTO documents (name, json) VALUES (?, ?)')
        .run(name, JSON.stringify(value));
  }

  saveDocuments(documents: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(documents)) this.saveDocument(name, value);
  }

  #insert(decision: Decision, waiting: ReadonlySet<string>): void {
    this.#insertDecision.run(decision.id, decision.policy ?? null, decision.at, JSON.stringify(decision));
    for (const action of decision.actions) {
      const stage: ActionStage = waiting.has(action.id) ? 'awaiting-approval' : 'pending';
      this.#insertAction.run(action.id, action.entity, stage, JSON.stringify(action));
    }
  }

  #complete(stored: Decision): DecisionRecord {
    const rows = this.#db
      .prepare('SELECT json, stage, outcome FROM actions WHERE id >= ? AND id < ? ORDER BY id')
      .all(stored.id, `${stored.id}\u{10ffff}`) as ActionRow[];
    const feedback = this.#db
      .prepare('SELECT json FROM feedback WHERE decision = ? ORDER BY id')
      .all(stored.id) as { json: string }[];
    const actions = rows.map(toActionRecord);
    return {
      decision: { ...stored, actions: actions.map((record) => record.action) },
      actions,
      feedback: feedback.map((row) => JSON.parse(row.json) as Feedback),
    };
  }
}

function toActionRecord(row: ActionRow): ActionRecord {
  return {
    action: JSON.parse(row.json) as Action,
    stage: row.stage,
    ...(row.outcome === null ? {} : { outcome: JSON.parse(row.outcome) as Outcome }),
  };
}
