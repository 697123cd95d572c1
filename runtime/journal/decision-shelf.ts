import type { Action, ActionStage, Outcome } from '../contract/action.ts';
import type { ActionRecord, DecisionQuery, DecisionRecord } from '../contract/api.ts';
import type { Decision } from '../contract/decision.ts';
import { openVolatile } from './database.ts';
import type { Sqlite } from './database.ts';
import { DecisionStore } from './decisions.ts';

/** Decisions kept in memory while the disk fails; beyond them all of them make room. */
const KEPT = 2000;
/** Outcomes of stored actions that wait for the disk. */
const MISSED = 4096;

/**
 * The decisions on the disk and, while it cannot be written, those made meanwhile in memory: one list to whoever reads.
 * `moveTo` stores what was made meanwhile once that works again.
 */
export class DecisionShelf {
  #stored: DecisionStore;
  #spare: { readonly db: Sqlite; readonly store: DecisionStore } | undefined;
  #count = 0;
  #missed: Outcome[] = [];

  constructor(stored: DecisionStore) {
    this.#stored = stored;
  }

  /** Keeps decisions in memory. */
  keep(decisions: readonly Decision[], stage: (action: Action) => ActionStage): void {
    if (this.#count >= KEPT) this.#drop();
    this.#spare ??= openSpare();
    for (const decision of decisions) this.#spare.store.insert(decision, stage);
    this.#count += decisions.length;
  }

  keepStage(actions: readonly string[], stage: ActionStage): void {
    for (const id of actions) this.#spare?.store.setStage(id, stage);
  }

  keepOutcomes(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) this.#spare?.store.setOutcome(outcome);
    this.#missed = [...this.#missed, ...outcomes].slice(-MISSED);
  }

  /** Writes what was kept in memory. Call it in a transaction, and `moved` when that has worked. */
  moveTo(store: DecisionStore): void {
    const records = this.#spare?.store.list({ limit: KEPT + 1 }) ?? [];
    for (const { decision, actions } of records.toReversed()) {
      const stages = new Map(actions.map(({ action, stage }) => [action.id, stage]));
      store.insert(decision, (action) => stages.get(action.id) ?? 'pending');
    }
    for (const outcome of this.#missed) store.setOutcome(outcome);
  }

  moved(store: DecisionStore): void {
    this.#stored = store;
    this.#missed = [];
    this.#drop();
  }

  get(id: string): DecisionRecord | undefined {
    return this.#spare?.store.get(id) ?? this.#stored.get(id);
  }

  list(query: DecisionQuery): readonly DecisionRecord[] {
    const stored = this.#stored.list(query);
    if (this.#spare === undefined) return stored;
    return [...this.#spare.store.list(query), ...stored].slice(0, query.limit);
  }

  actions(query: DecisionQuery): readonly ActionRecord[] {
    const stored = this.#stored.actions(query);
    if (this.#spare === undefined) return stored;
    return [...this.#spare.store.actions(query), ...stored].slice(0, query.limit);
  }

  unfinished(): readonly ActionRecord[] {
    return this.#stored.unfinished();
  }

  lastFired(): Map<string, number> {
    return this.#stored.lastFired();
  }

  document(name: string): unknown {
    return this.#stored.document(name);
  }

  #drop(): void {
    this.#spare?.db.close();
    this.#spare = undefined;
    this.#count = 0;
  }
}

function openSpare(): { db: Sqlite; store: DecisionStore } {
  const db = openVolatile();
  return { db, store: new DecisionStore(db) };
}
