import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { GanglionError, messageOf } from '../runtime/errors.ts';

/**
 * Reads a file forward through one window, checking every length against what is left of the file, so that a
 * hostile length field costs nothing. Blocking reads: headers are small and this never runs in the main loop.
 */
export class FileCursor {
  readonly file: string;
  readonly size: number;
  #fd: number;
  #window: Buffer;
  #start = 0;
  #length = 0;
  #at = 0;

  private constructor(file: string, fd: number, size: number, windowBytes: number) {
    this.file = file;
    this.#fd = fd;
    this.size = size;
    this.#window = Buffer.allocUnsafe(windowBytes);
  }

  /** Throws MODEL_FILE_UNREADABLE for anything that is not a readable regular file. */
  static open(file: string, windowBytes = 1 << 18): FileCursor {
    let fd: number | undefined;
    try {
      // Opening a named pipe would wait for a writer for ever, so look before opening.
      const found = statSync(file);
      if (!found.isFile()) {
        throw unreadable(file, found.isDirectory() ? 'it is a directory' : 'it is not a regular file');
      }
      fd = openSync(file, 'r');
      const cursor = new FileCursor(file, fd, fstatSync(fd).size, windowBytes);
      fd = undefined;
      return cursor;
    } catch (error) {
      if (error instanceof GanglionError) throw error;
      throw unreadable(file, reasonOf(error), error);
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.size - this.#at;
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** `length` bytes from here on, valid until the next call. Throws MODEL_FILE_INVALID past the end. */
  bytes(length: number, what: string): Buffer {
    if (length > this.remaining) throw this.truncated(length, what);
    if (length > this.#window.length) {
      // A rare long string; its length has been checked against the file and the caller's limit.
      const whole = Buffer.allocUnsafe(length);
      this.#readAt(whole, length, this.#at);
      this.#at += length;
      return whole;
    }
    const from = this.#at - this.#start;
    if (from < 0 || from + length > this.#length) this.#fill();
    const offset = this.#at - this.#start;
    this.#at += length;
    return this.#window.subarray(offset, offset + length);
  }

  /** Throws MODEL_FILE_INVALID past the end. */
  skip(length: number, what: string): void {
    if (length > this.remaining) throw this.truncated(length, what);
    this.#at += length;
  }

  invalid(expected: string, received: string): GanglionError<'MODEL_FILE_INVALID'> {
    return new GanglionError('MODEL_FILE_INVALID', { file: this.file, expected, received });
  }

  truncated(length: number, what: string): GanglionError<'MODEL_FILE_INVALID'> {
    return this.invalid(
      `${length} bytes of ${what} at byte ${this.#at}`,
      `the end of the file after ${this.remaining} bytes (it is cut short or damaged)`,
    );
  }

  #fill(): void {
    const length = Math.min(this.#window.length, this.remaining);
    this.#readAt(this.#window, length, this.#at);
    this.#start = this.#at;
    this.#length = length;
  }

  #readAt(target: Buffer, length: number, position: number): void {
    let done = 0;
    while (done < length) {
      let count: number;
      try {
        count = readSync(this.#fd, target, done, length - done, position + done);
      } catch (error) {
        throw unreadable(this.file, reasonOf(error), error);
      }
      if (count === 0) throw unreadable(this.file, 'it became shorter while it was read');
      done += count;
    }
  }
}

function unreadable(file: string, reason: string, cause?: unknown): GanglionError<'MODEL_FILE_UNREADABLE'> {
  return new GanglionError('MODEL_FILE_UNREADABLE', { file, reason }, { cause });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EISDIR: 'it is a directory',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'the path goes round in circles through symbolic links',
};

/** A file system error in words. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return (code === undefined ? undefined : REASONS[code]) ?? messageOf(error);
}
