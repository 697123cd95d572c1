import { mkdirSync } from 'node:fs';
import type { Action, ActionStage, Feedback, Outcome } from '../contract/action.ts';
import type { ActionRecord, HistoryPoint, HistoryQuery } from '../contract/api.ts';
import type { Decision } from '../contract/decision.ts';
import type { PropertyKey } from '../contract/ids.ts';
import type { Log } from '../contract/log.ts';
import type { Reading, Value } from '../contract/reading.ts';
import type { Clock, Timer } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import { journalError, openDatabase, openVolatile, syncWal, transaction, transactor } from './database.ts';
import type { Sqlite, Transactor } from './database.ts';
import { DecisionShelf } from './decision-shelf.ts';
import { DecisionStore } from './decisions.ts';
import { History, newTrack, pendingPoints } from './history.ts';
import type { Track } from './history.ts';
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
/** An unchanged value is stored again after this time. */
const REPEAT_MS = 60_000;
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
  readonly #tracks = new Map<PropertyKey, Track>();
  #db: Sqlite;
  #transactor: Transactor;
  #decisions: DecisionStore;
  readonly #shelf: DecisionShelf;
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
    this.#shelf = new DecisionShelf(this.#decisions);
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

  get decisions(): DecisionShelf {
    return this.#shelf;
  }

  get gauges(): Record<string, number> {
    let points = 0;
    for (const track of this.#tracks.values()) points += track.times.length;
    return {
      journal_log_bytes: this.#log.sizeBytes,
      journal_pending_points: points,
      journal_up: this.#failure === undefined ? 1 : 0,
    };
  }

  /**
   * Notes readings; they are safe after the next `accept`, or within a second where nobody waits for them. Every change
   * is kept, an unchanged value once a minute: cards wear out.
   */
  record(readings: readonly Reading[]): void {
    const up = this.#failure === undefined;
    try {
      for (const { key, value, at, received } of readings) {
        const track = this.#track(key);
        const repeated = track.value === value && received - track.loggedAt < REPEAT_MS;
        track.value = value;
        track.at = at;
        if (repeated || !up) continue;
        track.loggedAt = received;
        this.#history.add(track, at, value, this.#log.append(track, at, value));
      }
    } catch (error) {
      this.#fail(journalError(this.#options.folder, error));
    }
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

  /**
   * Stores decisions and their actions in one transaction. What one message sets off belongs together: a kill between
   * two of its decisions would leave its reading dealt with and the second never made.
   * @returns whether they are durable
   */
  commit(decisions: readonly Decision[], stage: (action: Action) => ActionStage): boolean {
    const insert = (): void => {
      for (const decision of decisions) this.#decisions.insert(decision, stage);
    };
    const stored = this.#write(insert);
    // In memory they can still be looked at and ended.
    if (!stored) this.#shelf.keep(decisions, stage);
    return stored;
  }

  setStage(actions: readonly string[], stage: ActionStage): boolean {
    const stored = this.#write(() => {
      for (const id of actions) this.#decisions.setStage(id, stage);
    });
    if (!stored) this.#shelf.keepStage(actions, stage);
    return stored;
  }

  finish(outcomes: readonly Outcome[]): boolean {
    const stored = this.#write(() => {
      for (const outcome of outcomes) this.#decisions.setOutcome(outcome);
    });
    if (!stored) this.#shelf.keepOutcomes(outcomes);
    return stored;
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
    const track = this.#tracks.get(query.key);
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
    await this.#keeper.stop();
    if (this.#failure === undefined) {
      this.#guard(() => this.#log.close());
      this.#guard(() => this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
    }
    this.#db.close();
    this.#unlock();
  }

  #openDisk(): Recovered {
    makeFolder(this.#options.folder);
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
          const track = this.#track(reading.key);
          if (track.value === undefined || track.at <= reading.at) {
            track.value = reading.value;
            track.at = reading.at;
          }
        }
      }
      const before = this.#log.begin(this.#latest());
      this.#db.close();
      this.#db = db;
      this.#transactor = transactor(db);
      this.#history = history;
      this.#decisions = decisions;
      if (this.#failure === undefined) this.#shelf.moved(decisions);
      this.#unlock = unlock;
      this.#retired = before;
    } catch (error) {
      unlock();
      throw error;
    }
    this.#retire();
    const latest = this.#latest().map(({ track, at, value }) => ({
      key: track.key,
      at: at as Reading['at'],
      value,
    }));
    return { latest, unfinished: this.#decisions.unfinished() };
  }

  /** Reads the log back into pending points and latest values. @returns the newest time seen, less a margin */
  #replay(history: History): number {
    history.load((key) => this.#track(key));
    let newest = 0;
    for (const { key, at, value, sequence, news } of this.#log.recover()) {
      const track = this.#track(key);
      track.value = value;
      track.at = at;
      newest = Math.max(newest, at);
      if (news && sequence > track.stored) history.add(track, at, value, sequence);
    }
    return newest - 60_000;
  }

  #track(key: PropertyKey): Track {
    let track = this.#tracks.get(key);
    if (track === undefined) {
      track = newTrack(key);
      this.#tracks.set(key, track);
    }
    return track;
  }

  #latest(): { track: Track; at: number; value: Value }[] {
    const latest: { track: Track; at: number; value: Value }[] = [];
    for (const track of this.#tracks.values()) {
      if (track.value !== undefined) latest.push({ track, at: track.at, value: track.value });
    }
    return latest;
  }

  #flush(): void {
    this.#log.flush();
    if (this.#log.sizeBytes > SEGMENT_BYTES && this.#retired === undefined) {
      this.#retired = this.#log.begin(this.#latest());
      this.#retire();
    }
  }

  /** Writes out the blocks an old segment stands for, a few per turn, then drops it. */
  #retire(): void {
    const segment = this.#retired;
    if (segment === undefined) return;
    const upTo = (segment + 1) * 2 ** 32 - 1;
    const tracks = [...this.#tracks.values()].filter(
      (track) => track.times.length > 0 && track.sequence <= upTo,
    );
    const turn = (): void => {
      if (this.#closed || this.#failure !== undefined) return;
      const batch = tracks.splice(0, BLOCKS_PER_TURN);
      if (batch.length > 0) {
        if (this.#write(() => batch.forEach((track) => this.#history.writeBlock(track)))) setImmediate(turn);
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
      else this.#log.begin(this.#latest());
      transaction(this.#transactor, () => {
        this.#shelf.moveTo(this.#decisions);
        this.#decisions.saveDocument('probe', this.#options.clock.wall());
      });
      this.#shelf.moved(this.#decisions);
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

/** `mkdir -p`; a read-only disk says so, where Node's recursive one says that the parent is missing. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    mkdirSync(folder, { mode: 0o700 });
  }
}
