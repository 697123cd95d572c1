import type { ActionStage, Feedback, Outcome } from '../contract/action.ts';
import type { HistoryPoint, HistoryQuery } from '../contract/api.ts';
import type { Decision } from '../contract/decision.ts';
import type { Reading } from '../contract/reading.ts';
import type { Timer } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import {
  isBusy,
  journalError,
  makeFolder,
  openDatabase,
  openVolatile,
  syncWal,
  transaction,
  transactor,
} from './database.ts';
import type { Sqlite, Transactor } from './database.ts';
import { DecisionStore } from './decisions.ts';
import type { Entry } from './decisions.ts';
import { History, pendingPoints } from './history.ts';
import { Keeper } from './keeper.ts';
import { replay } from './replay.ts';
import { Tracks } from './tracks.ts';
import { takeLock } from './lock.ts';
import { WriteAheadLog } from './write-ahead-log.ts';
import type { JournalOptions, Recovered } from './options.ts';

export type { JournalOptions, Recovered } from './options.ts';

/** Power loss costs readings of at most this time. */
const SYNC_MS = 1000;
/** The log is enough to lose nothing; the database follows with every so many syncs, as a page costs 4 KiB each time. */
const STORE_EVERY = 10;
const CHECKPOINT_MS = 30_000;
const PRUNE_MS = 3_600_000;
const RETRY_MS = 2000;
/** Readings nobody waits for gather up to this number or until the next sync. */
const INCOMING = 500;
/** Entries kept for the database while it cannot be written. */
const MAX_PENDING = 10_000;
/** From half of that on the database is tried once per so many entries. */
const ENTRIES_PER_TRY = 500;
/** A log this large is followed by a new segment, and dropped once its readings are in blocks. */
const SEGMENT_BYTES = 8 << 20;
/** And at least so many times larger than the copies it starts with, or a house of many properties would copy all the time. */
const SEGMENT_PER_COPIES = 4;
/** Blocks written per turn of the event loop while a segment is being retired. */
const BLOCKS_PER_TURN = 20;

/**
 * Everything that must outlive the process. Readings, decisions, actions, outcomes and feedback go to an append-only log,
 * one write making them kill-safe, and from there to SQLite within ten seconds: readings as compressed blocks.
 *
 * open → record/accept/commit… → close. When the disk fails it says so once, keeps decisions in memory, refuses
 * acknowledgements and tries again every two seconds.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #log: WriteAheadLog;
  readonly #keeper: Keeper;
  #tracks = new Tracks();
  /** Entries that are in the log and not yet in the database. */
  #pending: Entry[] = [];
  /** So many of them can be read from the database in memory; they stay until the one on the disk has them. */
  #shown = 0;
  #untried = 0;
  #syncs = 0;
  #dropped = 0;
  #db: Sqlite;
  #transactor: Transactor;
  #decisions: DecisionStore;
  #history: History;
  #timers: Timer[] = [];
  #retryTimer: Timer | undefined;
  #retireTimer: Timer | undefined;
  #unlock: () => void = () => {};
  #failure: GanglionError | undefined;
  #retired: number | undefined;
  #dirty = false;
  #closed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#log = new WriteAheadLog(options.folder, options.files);
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
      this.#retire();
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

  /** Whether the disk has not been opened yet: nothing is known of earlier runs, and nothing of this one survives. */
  get volatile(): boolean {
    return this.#db.memory;
  }

  /** What is stored, and what only the log has so far. */
  get decisions(): DecisionStore {
    this.#tryStore();
    return this.#decisions;
  }

  /** For tables with a keeper of their own; another one after the disk was found late. */
  get database(): Sqlite {
    return this.#db;
  }

  get gauges(): Record<string, number> {
    return {
      journal_log_bytes: this.#log.sizeBytes,
      journal_pending_points: this.#tracks.pendingPoints,
      journal_entries_dropped: this.#dropped,
      journal_up: this.#failure === undefined ? 1 : 0,
    };
  }

  /**
   * Notes readings; they are safe after the next `accept`, or within a second where nobody waits for them. Every change
   * is kept, an unchanged value once a minute: cards wear out.
   */
  record(readings: readonly Reading[]): void {
    this.#tracks.note(readings);
  }

  /** Notes that a message was dealt with; it counts once `accept` has returned true. */
  deliver(packetId: number, sum: number): void {
    if (this.#failure === undefined) this.#log.deliver(packetId, sum);
  }

  /** Whether everything a message brought is stored, by this process or one before. */
  delivered(packetId: number, sum: number): boolean {
    return this.#log.delivered(packetId, sum);
  }

  /**
   * Call after a message's decisions are committed: a reading must not become durable before the decision it causes,
   * or a restart would take it for dealt with. Readings nobody waits for are taken in many at a time, which costs a
   * fraction of one by one.
   * @returns false where the journal is down
   */
  settle(): boolean {
    if (this.#tracks.waiting >= INCOMING) return this.accept();
    return this.#failure === undefined;
  }

  /** Makes everything recorded so far survive kill −9. False: it does not, so nothing may be acknowledged. */
  accept(): boolean {
    return this.#guard(() => {
      this.#tracks.takeIn(this.#failure === undefined ? this.#log : undefined);
      if (this.#failure === undefined) this.#flush();
    });
  }

  /**
   * Stores decisions and their actions, all or none: what one message sets off belongs together, as a kill between two of
   * its decisions would leave its reading dealt with and the second never made.
   * @param waiting ids of the actions that wait for approval; the others are pending
   * @returns whether they will survive kill −9
   */
  commit(decisions: readonly Decision[], waiting: readonly string[]): boolean {
    return this.#enter({ op: 'decisions', decisions, waiting });
  }

  setStage(actions: readonly string[], stage: ActionStage): boolean {
    return this.#enter({ op: 'stage', actions, stage });
  }

  /** A person approved an action: it is pending, with a new deadline (wall clock, ms). */
  approve(action: string, deadline: number): boolean {
    return this.#enter({ op: 'approved', action, deadline });
  }

  finish(outcomes: readonly Outcome[]): boolean {
    return this.#enter({ op: 'outcomes', outcomes });
  }

  addFeedback(feedback: Feedback): boolean {
    return this.#enter({ op: 'feedback', feedback });
  }

  saveDocument(name: string, value: unknown): boolean {
    return this.#attempt(() => {
      transaction(this.#transactor, () => this.#decisions.saveDocument(name, value));
      this.#dirty = true;
      return true;
    });
  }

  /** Waits until everything committed is on the disk itself. @throws GanglionError JOURNAL_UNWRITABLE */
  async syncToDisk(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#log.sync();
    } catch (error) {
      throw this.#fail(journalError(this.#options.folder, error));
    }
  }

  /** Oldest first. */
  async history(query: HistoryQuery): Promise<readonly HistoryPoint[]> {
    this.accept();
    const track = this.#tracks.find(query.key);
    if (track === undefined) return [];
    const { fromMs, toMs, limit } = query;
    const recent = pendingPoints(track).filter((point) => point.at >= fromMs && point.at <= toMs);
    if (track.keyId === 0 || this.#failure !== undefined || recent.length >= limit)
      return recent.slice(-limit);
    // Up to what is stored now: blocks written while the thread reads hold the same points as `recent`.
    const { keyId, stored: upTo } = track;
    const older = await this.#keeper.query({ keyId, upTo, fromMs, toMs, limit: limit - recent.length });
    return [...older, ...recent];
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#retryTimer?.cancel();
    this.#retireTimer?.cancel();
    await this.#keeper.stop();
    if (this.#failure === undefined) {
      this.#guard(() => {
        this.#tracks.takeIn(this.#failure === undefined ? this.#log : undefined);
        this.#log.close();
        this.#store();
      });
      this.#guard(() => this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
    }
    this.#db.close();
    this.#unlock();
  }

  #openDisk(): Recovered {
    makeFolder(this.#options.folder);
    const unlock = takeLock(this.#options.folder);
    let db: Sqlite | undefined;
    try {
      db = openDatabase(this.#options.folder);
      const history = new History(db);
      const decisions = new DecisionStore(db);
      const again = transactor(db);
      // Tracks of their own: if this fails half-way, it is begun anew.
      const tracks = new Tracks();
      transaction(again, () => replay(this.#log, tracks, history, decisions));
      this.#tracks.takeIn(undefined);
      const latest = tracks.unknownTo(this.#tracks);
      tracks.adopt(this.#tracks);
      // What this run has decided since is under way and not among them.
      const recovered = { latest, unfinished: decisions.unfinished() };
      const before = this.#log.begin(tracks.latest());
      this.#db.close();
      this.#db = db;
      this.#transactor = again;
      this.#tracks = tracks;
      this.#history = history;
      this.#decisions = decisions;
      this.#unlock = unlock;
      this.#retired = before;
      this.#shown = 0;
      return recovered;
    } catch (error) {
      db?.close();
      unlock();
      throw error;
    }
  }

  /** One write to the log makes an entry safe; the database follows within a second. */
  #enter(entry: Entry): boolean {
    this.#keep(entry);
    if (this.#failure !== undefined) return false;
    return this.#guard(() => {
      this.#tracks.takeIn(this.#failure === undefined ? this.#log : undefined);
      this.#log.appendEntry(JSON.stringify(entry));
      this.#flush();
    });
  }

  #keep(entry: Entry): void {
    if (this.#pending.length >= MAX_PENDING / 2 && ++this.#untried >= ENTRIES_PER_TRY) {
      this.#untried = 0;
      this.#tryStore();
    }
    if (this.#pending.length < MAX_PENDING) this.#pending.push(entry);
    else this.#dropped++;
  }

  /** While the log cannot be written the database may still be, or stand in memory: then decisions can be looked at. */
  #tryStore(): void {
    if (this.#failure === undefined) {
      this.#guard(() => this.#store());
      return;
    }
    try {
      this.#store();
    } catch {
      // The failure is known and being retried.
    }
  }

  /** Brings the database up to the log. @returns false where it is busy: the next sync tries again */
  #store(): boolean {
    const tracks = this.#tracks.full;
    const entries = this.#pending.slice(this.#shown);
    if (entries.length === 0 && tracks.size === 0) return true;
    try {
      const written = transaction(this.#transactor, () => {
        for (const entry of entries) this.#decisions.apply(entry);
        return [...tracks].map((track) => this.#history.writeBlock(track));
      });
      written.forEach((settle) => settle());
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
    this.#tracks.clearFull();
    if (this.#db.memory) {
      this.#shown = this.#pending.length;
      return true;
    }
    this.#dirty = true;
    this.#pending = [];
    return true;
  }

  #flush(): void {
    this.#log.flush();
    const limit = Math.max(SEGMENT_BYTES, SEGMENT_PER_COPIES * this.#log.copiesBytes);
    if (this.#log.sizeBytes > limit && this.#retired === undefined) {
      this.#retired = this.#log.begin(this.#tracks.latest());
      this.#retire();
    }
  }

  /** Writes out the blocks an old segment stands for, a few per turn, then drops it. */
  #retire(): void {
    const segment = this.#retired;
    if (segment === undefined) return;
    const upTo = (segment + 1) * 2 ** 32 - 1;
    const tracks = this.#tracks.pendingUpTo(upTo);
    const turn = (): void => {
      if (this.#closed || this.#failure !== undefined) return;
      const batch = tracks.splice(0, BLOCKS_PER_TURN);
      const written = this.#attempt(() => {
        if (batch.length === 0) return this.#store();
        const blocks = () => batch.map((track) => this.#history.writeBlock(track));
        transaction(this.#transactor, blocks).forEach((settle) => settle());
        this.#dirty = true;
        return true;
      });
      if (this.#failure !== undefined) return;
      if (!written) {
        tracks.push(...batch);
        this.#retireTimer = this.#options.clock.schedule(SYNC_MS, turn);
      } else if (batch.length > 0) {
        setImmediate(turn);
      } else {
        void this.#drop(segment);
      }
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

  /** @returns false where the disk failed or the database is busy, which is no failure */
  #attempt(work: () => boolean): boolean {
    if (this.#failure !== undefined) return false;
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) this.#fail(journalError(this.#options.folder, error));
      return false;
    }
  }

  #guard(work: () => void): boolean {
    try {
      work();
      return this.#failure === undefined;
    } catch (error) {
      this.#fail(journalError(this.#options.folder, error));
      return false;
    }
  }

  #fail(error: GanglionError): GanglionError {
    if (this.#failure === undefined && !this.#closed) {
      this.#failure = error;
      this.#log.discard();
      this.#tracks.logAnew();
      this.#options.onHealth(error);
      this.#retryTimer = this.#options.clock.schedule(RETRY_MS, () => this.#retry());
    }
    return error;
  }

  #retry(): void {
    if (this.#closed) return;
    let recovered: Recovered | undefined;
    try {
      if (this.#db.memory) recovered = this.#openDisk();
      else {
        this.#log.begin(this.#tracks.latest());
        transaction(this.#transactor, () =>
          this.#decisions.saveDocument('probe', this.#options.clock.wall()),
        );
      }
    } catch {
      this.#retryTimer = this.#options.clock.schedule(RETRY_MS, () => this.#retry());
      return;
    }
    this.#failure = undefined;
    this.#tryStore();
    if (recovered !== undefined) this.#options.onRecovered?.(recovered);
    this.#retire();
    if (this.#failure === undefined) this.#options.onHealth(undefined);
  }

  #sync(): void {
    if (this.#failure !== undefined) return;
    const onError = (error: unknown): void => void this.#fail(journalError(this.#options.folder, error));
    this.accept();
    this.#syncs = (this.#syncs + 1) % STORE_EVERY;
    if (this.#syncs === 0) this.#guard(() => this.#store());
    if (this.#failure !== undefined) return;
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
