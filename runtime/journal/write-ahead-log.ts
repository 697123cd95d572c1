import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { PropertyKey } from '../contract/ids.ts';
import type { Value } from '../contract/reading.ts';
import { ByteReader, ByteWriter } from '../lib/bytes.ts';
import { Deliveries, PLACES } from './deliveries.ts';

/** One logged reading. `sequence` orders all readings ever logged; `news` is false for the copies a segment starts with. */
export interface LoggedReading {
  readonly type: 'reading';
  readonly sequence: number;
  readonly key: PropertyKey;
  readonly at: number;
  readonly value: Value;
  readonly news: boolean;
}

/** Anything else the journal must not lose, as text. */
export interface LoggedEntry {
  readonly type: 'entry';
  readonly text: string;
}

/** A property as the log knows it; the caller keeps it, so that a reading costs no look-up here. */
export interface LogKey {
  readonly key: PropertyKey;
  /** The segment in which `id` was given; ids start anew with every segment. */
  segment: number;
  id: number;
}

/** The file operations the log needs; tests pass ones that fail. */
export interface LogFiles {
  write(fd: number, bytes: Buffer): void;
}

const systemFiles: LogFiles = {
  write(fd, bytes) {
    let written = 0;
    while (written < bytes.length) written += writeSync(fd, bytes, written);
  },
};

const DEFINE = 1;
const NUMBER = 2;
const TEXT = 3;
const TRUE = 4;
const FALSE = 5;
const ENTRY = 6;
const DELIVERY = 7;
const LATEST = 128;

/** Readings per segment are counted below this; a segment's number is the upper part of a sequence. */
const SEGMENT = 2 ** 32;
/** Frame header: payload length, CRC-32 of the payload. */
const HEADER_BYTES = 8;

/**
 * The write-ahead log: what makes a reading safe before its message is acknowledged, and a decision before it is acted on.
 *
 *     journal-7.log = frame*         frame = u32 length, u32 crc32, record*
 *     record = DEFINE id text | (NUMBER id dt f64 | TEXT id dt text | TRUE id dt | FALSE id dt), + LATEST for copies
 *            | ENTRY text | DELIVERY packet u32
 *
 * An append is one write(2): kill −9 after it loses nothing. A torn frame at the end (power loss) is cut off when the
 * log is read again. Each segment starts with the latest value of every property and the last deliveries, so that older
 * segments can go as soon as what they hold is stored in the database.
 */
export class WriteAheadLog {
  readonly #folder: string;
  readonly #files: LogFiles;
  readonly #writer = new ByteWriter(1 << 16);
  #fd = -1;
  #segment = 0;
  #count = 0;
  #sizeBytes = 0;
  #copiesBytes = 0;
  #lastAt = 0;
  #nextId = 0;
  readonly #deliveries = new Deliveries();
  /** Packet ids that are not in the file yet, oldest first. */
  #unwritten: number[] = [];
  #syncing = false;
  #unsynced = false;

  constructor(folder: string, files: LogFiles = systemFiles) {
    this.#folder = folder;
    this.#files = files;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Of the copies the segment starts with. */
  get copiesBytes(): number {
    return this.#copiesBytes;
  }

  get pendingBytes(): number {
    return this.#writer.length;
  }

  get segment(): number {
    return this.#segment;
  }

  /** Reads all segments in order, mending a torn end. Call before `begin`. */
  *recover(): Generator<LoggedReading | LoggedEntry> {
    for (const segment of this.#segments()) {
      this.#segment = segment;
      yield* this.#read(segment, true);
    }
  }

  /**
   * The same for a log that another process may be writing: nothing is mended, and a segment that is dropped meanwhile is
   * passed over, as the database has what was in it.
   */
  *look(): Generator<LoggedReading | LoggedEntry> {
    for (const segment of this.#segments()) {
      try {
        yield* this.#read(segment, false);
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOENT') throw error;
      }
    }
  }

  /**
   * Opens the next segment, starting with copies of the latest values.
   * @returns the number of the segment before; remove it with `drop` when its readings are stored elsewhere
   */
  begin(latest: Iterable<{ readonly track: LogKey; readonly at: number; readonly value: Value }>): number {
    this.flush();
    const fd = openSync(join(this.#folder, fileName(this.#segment + 1)), 'a');
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = fd;
    this.#segment++;
    this.#count = 0;
    this.#sizeBytes = 0;
    this.#lastAt = 0;
    this.#nextId = 0;
    for (const { track, at, value } of latest) this.#record(track, at, value, LATEST);
    this.#unwritten = [];
    for (const [packetId, sum] of this.#deliveries.entries()) this.#delivery(packetId, sum);
    this.flush();
    this.#copiesBytes = this.#sizeBytes;
    return this.#segment - 1;
  }

  /** Buffers one reading. It is safe once `flush` has returned. @returns its sequence */
  append(key: LogKey, at: number, value: Value): number {
    this.#record(key, at, value, 0);
    return this.#segment * SEGMENT + this.#count++;
  }

  /** Buffers an entry. It is safe once `flush` has returned. */
  appendEntry(text: string): void {
    const out = this.#open();
    out.u8(ENTRY);
    out.text(text);
  }

  /**
   * Notes that a message was dealt with. It is written with the next reading: as long as no value changes, dealing with
   * it again would change nothing either.
   */
  deliver(packetId: number, sum: number): void {
    this.#deliveries.add(packetId, sum);
    this.#unwritten.push(packetId);
    if (this.#unwritten.length >= 2 * PLACES) this.#unwritten.splice(0, PLACES);
  }

  /** Whether a message was dealt with, by this process or one before. */
  delivered(packetId: number, sum: number): boolean {
    return this.#deliveries.has(packetId, sum);
  }

  /** Hands what is buffered to the operating system. Throws what the file system throws; they stay buffered then. */
  flush(): void {
    const frame = this.#writer;
    if (frame.length === 0) return;
    for (const packetId of this.#unwritten) {
      const sum = this.#deliveries.sumOf(packetId);
      if (sum !== undefined) this.#delivery(packetId, sum);
    }
    const payload = frame.bytes.subarray(HEADER_BYTES);
    frame.patchU32(payload.length, 0);
    frame.patchU32(crc32(payload), 4);
    this.#files.write(this.#fd, frame.bytes);
    this.#sizeBytes += frame.length;
    this.#unsynced = true;
    frame.clear();
    if (this.#unwritten.length > 0) this.#unwritten = [];
  }

  /**
   * Forgets what is buffered: it could not be written and was not acknowledged. The file is cut back to its last whole
   * frame. Go on with `begin`: ids, times and sequences of this segment counted what was lost.
   */
  discard(): void {
    this.#writer.clear();
    for (const packetId of this.#unwritten) this.#deliveries.remove(packetId);
    this.#unwritten = [];
    try {
      if (this.#fd >= 0) truncateSync(join(this.#folder, fileName(this.#segment)), this.#sizeBytes);
    } catch {
      // A read-only disk cannot be cut back; the checksum marks the torn frame instead.
    }
  }

  /** Waits until the disk itself has what was written so far. Throws what the file system throws. */
  async sync(): Promise<void> {
    if (this.#fd < 0) return;
    await new Promise<void>((resolve, reject) => {
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** Asks the disk to keep what was written so far, without waiting. */
  syncSoon(onError: (error: Error) => void): void {
    if (!this.#unsynced || this.#syncing || this.#fd < 0) return;
    this.#unsynced = false;
    this.#syncing = true;
    fdatasync(this.#fd, (error) => {
      this.#syncing = false;
      // EBADF: the segment was closed meanwhile; closing follows a sync.
      if (error !== null && error.code !== 'EBADF') onError(error);
    });
  }

  /** Removes all segments up to and including `segment`. */
  drop(segment: number): void {
    for (const old of this.#segments()) {
      if (old <= segment) rmSync(join(this.#folder, fileName(old)), { force: true });
    }
  }

  close(): void {
    if (this.#fd < 0) return;
    try {
      this.flush();
      fdatasyncSync(this.#fd);
    } finally {
      closeSync(this.#fd);
      this.#fd = -1;
    }
  }

  /** The frame under construction; its header is filled in when it is written. */
  #open(): ByteWriter {
    const out = this.#writer;
    if (out.length === 0) {
      out.u32(0);
      out.u32(0);
    }
    return out;
  }

  #delivery(packetId: number, sum: number): void {
    const out = this.#open();
    out.u8(DELIVERY);
    out.varint(packetId);
    out.u32(sum);
  }

  #record(key: LogKey, at: number, value: Value, flag: number): void {
    const out = this.#open();
    if (key.segment !== this.#segment) {
      key.segment = this.#segment;
      key.id = this.#nextId++;
      out.u8(DEFINE);
      out.varint(key.id);
      out.text(key.key);
    }
    const time = Math.round(at);
    const type = typeof value === 'number' ? NUMBER : typeof value === 'string' ? TEXT : value ? TRUE : FALSE;
    out.u8(type | flag);
    out.varint(key.id);
    out.signed(time - this.#lastAt);
    this.#lastAt = time;
    if (typeof value === 'number') out.f64(value);
    else if (typeof value === 'string') out.text(value);
  }

  *#read(segment: number, mend: boolean): Generator<LoggedReading | LoggedEntry> {
    const path = join(this.#folder, fileName(segment));
    const bytes = readFileSync(path);
    const keys: PropertyKey[] = [];
    let offset = 0;
    let count = 0;
    let at = 0;
    while (offset + HEADER_BYTES <= bytes.length) {
      const end = offset + HEADER_BYTES + bytes.readUInt32LE(offset);
      const payload = bytes.subarray(offset + HEADER_BYTES, end);
      if (end > bytes.length || crc32(payload) !== bytes.readUInt32LE(offset + 4)) break;
      offset = end;
      const reader = new ByteReader(payload);
      while (!reader.done) {
        const type = reader.u8();
        if (type === ENTRY) {
          const text = reader.text();
          if (!reader.failed) yield { type: 'entry', text };
          continue;
        }
        const id = reader.varint();
        if (type === DEFINE) {
          keys[id] = reader.text() as PropertyKey;
          continue;
        }
        if (type === DELIVERY) {
          const sum = reader.u32();
          if (reader.failed) break;
          this.#deliveries.add(id, sum);
          continue;
        }
        at += reader.signed();
        const news = (type & LATEST) === 0;
        const value = readValue(reader, type & ~LATEST);
        const key = keys[id];
        if (reader.failed || key === undefined) break;
        yield { type: 'reading', sequence: segment * SEGMENT + (news ? count++ : 0), key, at, value, news };
      }
    }
    if (mend && offset < bytes.length) truncateSync(path, offset);
  }

  #segments(): number[] {
    return readdirSync(this.#folder)
      .map((name) => /^journal-(\d+)\.log$/.exec(name)?.[1])
      .filter((text) => text !== undefined)
      .map(Number)
      .toSorted((a, b) => a - b);
  }
}

function readValue(reader: ByteReader, type: number): Value {
  if (type === NUMBER) return reader.f64();
  if (type === TEXT) return reader.text();
  return type === TRUE;
}

function fileName(segment: number): string {
  return `journal-${segment}.log`;
}
