import { mkdirSync } from 'node:fs';
import type { Action, ActionStage, Feedback, Outcome } from '../contract/action.ts';
import type { ActionRecord, HistoryPoint, HistoryQuery } from '../contract/api.ts';
import type { Decision } from '../contract/decision.ts';
import type { PropertyKey } from '../contract/ids.ts';
import type { Log } from '../contract/log.ts';
import type { Reading } from '../contract/reading.ts';
import type { Clock, Timer } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import { journalError, openDatabase, openVolatile, syncWal, transaction, transactor } from './database.ts';
import type { Sqlite, Transactor } from './database.ts';
import { DecisionStore } from './decisions.ts';
import { History } from './history.ts';
import { Keeper } from './keeper.ts';
import { takeLock } from './lock.ts';
import { ReadingLog } from './reading-log.ts';
import type { LogFiles } from './reading-log.ts';

export interface JournalOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly keepMs: number;
  readonly maxBytes: number;
  /** Told when writing stops working, with the error, and when it works again, with undefined. */
  readonly onHealth: (error: GanglionError | undefined) => void;
  readonly files?: LogFiles;
}

/** What a start finds: the latest value of every property, and the actions nobody knows the end of. */
export interface Recovered {
  readonly latest: readonly Pick<Reading, 'key' | 'value' | 'at'>[];
  readonly unfinished: readonly ActionRecord[];
}

/** Power loss costs readings of at most this time. */
const SYNC_MS = 1000;
const CHECKPOINT_MS = 15_000;
const PRUNE_MS = 3_600_000;
const RETRY_MS = 2000;
/** QoS 0 readings gather in memory up to this size or until the next sync. */
const BUFFER_BYTES = 16_384;
/** A log this large is followed by a new segment, and dropped once its readings are in blocks. */
const SEGMENT_BYTES = 8 << 20;
/** Blocks written per turn of the event loop while a segment is being retired. */
const BLOCKS_PER_TURN = 20;

/**
 * Everything that must outlive the process. Readings go to an append-only log (one write makes them kill-safe) and
 * from there to compressed blocks; decisions, actions, outcomes and feedback go to SQLite.
 *
 * open → record/accept/commit… → close. When the disk fails it says so once, keeps decisions in memory, refuses
 * acknowledgements and tries again every two seconds.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #log: ReadingLog;
  readonly #keeper: Keeper;
  readonly #latest = new Map<PropertyKey, Pick<Reading, 'key' | 'value' | 'at'>>();
  #db: Sqlite;
  #transactor: Transactor;
  #decisions: DecisionStore;
  #history: History;
  #timers: Timer[] = [];
  #unlock: () => void = () => {};
  #failure: GanglionError | undefined;
  #retired: number | undefined;
  #dirty = false;
  #closed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#log = new ReadingLog(options.folder, options.files);
    this.#keeper = new Keeper(options.folder);
    this.#db = openVolatile();
    this.#transactor = transactor(this.#db);
    this.#decisions = new DecisionStore(this.#db);
    this.#history = new History(this.#db);
  }

  /**
   * @throws GanglionError JOURNAL_LOCKED, JOURNAL_CORRUPT. A disk that cannot be written is no exception: `failure`
   * says so and the journal works in memory until it can.
   */
  open(): Recovered {
    let recovered: Recovered = { latest: [], unfinished: [] };
    try {
      recovered = this.#openDisk();
    } catch (error) {
      const failure = journalError(this.#options.folder, error);
      if (failure.code !== 'JOURNAL_UNWRITABLE') throw failure;
      this.#fail(failure);
    }
    this.#every(SYNC_MS, () => this.#sync());
    this.#every(CHECKPOINT_MS, () => this.#checkpoint());
    this.#every(PRUNE_MS, () => this.#prune());
    return recovered;
  }

  /** Why nothing can be stored at the moment; undefined while all is well. */
  get failure(): GanglionError | undefined {
    return this.#failure;
  }

  get decisions(): DecisionStore {
    return this.#decisions;
  }

  get gauges(): Record<string, number> {
    return {
      journal_log_bytes: this.#log.sizeBytes,
      journal_pending_points: this.#history.pendingPoints,
      journal_up: this.#failure === undefined ? 1 : 0,
    };
  }

  /** Notes a reading; it is safe after the next `accept`, or within a second where nobody waits for it. */
  record(reading: Reading): void {
    this.#latest.set(reading.key, reading);
    if (this.#failure !== undefined) return;
    this.#guard(() => {
      const sequence = this.#log.append(reading.key, reading.at, reading.value);
      this.#history.add(reading.key, reading.at, reading.value, sequence);
    });
  }

  /**
   * Call after a message's decisions are committed: a reading must not become durable before the decision it causes,
   * or a restart would take it for dealt with.
   * @returns false where the journal is down
   */
  settle(): boolean {
    if (this.#failure !== undefined) return false;
    return this.#log.pendingBytes <= BUFFER_BYTES || this.#guard(() => this.#flush());
  }

  /** Makes everything recorded so far survive kill −9. False: it does not, so nothing may be acknowledged. */
  accept(): boolean {
    return this.#failure === undefined && this.#guard(() => this.#flush());
  }

  /** Stores a decision and its actions in one transaction. @returns whether it is durable */
  commit(decision: Decision, stage: (action: Action) => ActionStage): boolean {
    const stored = this.#write(() => this.#decisions.insert(decision, stage));
    // In memory it can still be looked at and ended.
    if (!stored) transaction(this.#transactor, () => this.#decisions.insert(decision, stage));
    return stored;
  }

  setStage(actions: readonly string[], stage: ActionStage): boolean {
    return this.#write(() => {
      for (const id of actions) this.#decisions.setStage(id, stage);
    });
  }

  finish(outcomes: readonly Outcome[]): boolean {
    return this.#write(() => {
      for (const outcome of outcomes) this.#decisions.setOutcome(outcome);
    });
  }

  addFeedback(feedback: Feedback): boolean {
    return this.#write(() => this.#decisions.addFeedback(feedback));
  }

  saveDocument(name: string, value: unknown): boolean {
    return this.#write(() => this.#decisions.saveDocument(name, value));
  }

  /** Waits until everything committed is on the disk itself. @throws GanglionError JOURNAL_UNWRITABLE */
  async syncToDisk(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await syncWal(this.#options.folder);
    } catch (error) {
      throw this.#fail(journalError(this.#options.folder, error));
    }
  }

  /** Oldest first. */
  async history(query: HistoryQuery): Promise<readonly HistoryPoint[]> {
    const stored = this.#history.stored(query.key);
    const recent = this.#history
      .recent(query.key)
      .filter((point) => point.at >= query.fromMs && point.at <= query.toMs);
    if (stored === undefined || this.#failure !== undefined || recent.length >= query.limit)
      return recent.slice(-query.limit);
    const older = await this.#keeper.query({
      ...stored,
      fromMs: query.fromMs,
      toMs: query.toMs,
      limit: query.limit - recent.length,
    });
    return [...older, ...recent];
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    await this.#keeper.stop();
    if (this.#failure === undefined) {
      this.#guard(() => this.#log.close());
      this.#guard(() => this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
    }
    this.#db.close();
    this.#unlock();
  }

  #openDisk(): Recovered {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    const unlock = takeLock(this.#options.folder);
    try {
      const db = openDatabase(this.#options.folder);
      const history = new History(db);
      const decisions = new DecisionStore(db);
      const oldestMs = this.#replay(history);
      // A decision stored just before a kill had seen its reading, even if the log had not.
      for (const trigger of decisions.triggersSince(oldestMs)) {
        if (trigger.kind !== 'reading') continue;
        for (const reading of trigger.readings) {
          const latest = this.#latest.get(reading.key);
          if (latest === undefined || latest.at <= reading.at) this.#latest.set(reading.key, reading);
        }
      }
      const before = this.#log.begin(this.#latest.values());
      this.#db.close();
      this.#db = db;
      this.#transactor = transactor(db);
      this.#history = history;
      this.#decisions = decisions;
      this.#unlock = unlock;
      this.#retired = before;
    } catch (error) {
      unlock();
      throw error;
    }
    this.#retire();
    return { latest: [...this.#latest.values()], unfinished: this.#decisions.unfinished() };
  }

  /** Reads the log back into pending points and latest values. @returns the newest time seen, less a margin */
  #replay(history: History): number {
    const stored = history.storedSequences();
    let newest = 0;
    for (const { key, at, value, sequence, news } of this.#log.recover()) {
      this.#latest.set(key, { key, at: at as Reading['at'], value });
      newest = Math.max(newest, at);
      if (news && sequence > (stored.get(key) ?? -1)) history.add(key, at, value, sequence);
    }
    return newest - 60_000;
  }

  #flush(): void {
    this.#log.flush();
    if (this.#log.sizeBytes > SEGMENT_BYTES && this.#retired === undefined) {
      this.#retired = this.#log.begin(this.#latest.values());
      this.#retire();
    }
  }

  /** Writes out the blocks an old segment stands for, a few per turn, then drops it. */
  #retire(): void {
    const segment = this.#retired;
    if (segment === undefined) return;
    const keys = this.#history.keysUpTo((segment + 1) * 2 ** 32 - 1);
    const turn = (): void => {
      if (this.#closed || this.#failure !== undefined) return;
      const batch = keys.splice(0, BLOCKS_PER_TURN);
      if (batch.length > 0) {
        if (this.#write(() => batch.forEach((key) => this.#history.writeBlock(key)))) setImmediate(turn);
        return;
      }
      void this.#drop(segment);
    };
    setImmediate(turn);
  }

  async #drop(segment: number): Promise<void> {
    try {
      await syncWal(this.#options.folder);
      this.#retired = undefined;
      this.#log.drop(segment);
    } catch (error) {
      this.#fail(journalError(this.#options.folder, error));
    }
  }

  #write(work: () => void): boolean {
    if (this.#failure !== undefined) return false;
    this.#dirty = true;
    return this.#guard(() => transaction(this.#transactor, work));
  }

  #guard(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#fail(journalError(this.#options.folder, error));
      return false;
    }
  }

  #fail(error: GanglionError): GanglionError {
    if (this.#failure === undefined && !this.#closed) {
      this.#failure = error;
      this.#log.discard();
      this.#options.onHealth(error);
      this.#timers.push(this.#options.clock.schedule(RETRY_MS, () => this.#retry()));
    }
    return error;
  }

  #retry(): void {
    if (this.#closed) return;
    try {
      if (this.#db.memory) this.#openDisk();
      else {
        this.#log.begin(this.#latest.values());
        transaction(this.#transactor, () =>
          this.#decisions.saveDocument('probe', this.#options.clock.wall()),
        );
      }
    } catch {
      this.#timers.push(this.#options.clock.schedule(RETRY_MS, () => this.#retry()));
      return;
    }
    this.#failure = undefined;
    this.#options.onHealth(undefined);
    this.#retire();
  }

  #sync(): void {
    if (this.#failure !== undefined) return;
    const onError = (error: unknown): void => void this.#fail(journalError(this.#options.folder, error));
    this.#guard(() => this.#flush());
    this.#log.syncSoon(onError);
    if (this.#dirty) {
      this.#dirty = false;
      syncWal(this.#options.folder).catch(onError);
    }
  }

  #checkpoint(): void {
    if (this.#failure === undefined) this.#background(this.#keeper.checkpoint());
  }

  #prune(): void {
    const { clock, keepMs, maxBytes } = this.#options;
    if (this.#failure === undefined) this.#background(this.#keeper.prune(clock.wall() - keepMs, maxBytes));
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#closed)
        this.#options.log.warn(
          { err: error },
          'The journal thread could not finish its work; it tries again later.',
        );
    });
  }

  #every(ms: number, task: () => void): void {
    const index = this.#timers.length;
    const run = (): void => {
      if (this.#closed) return;
      task();
      this.#timers[index] = this.#options.clock.schedule(ms, run);
    };
    this.#timers.push(this.#options.clock.schedule(ms, run));
  }
}
