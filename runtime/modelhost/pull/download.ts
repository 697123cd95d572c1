import { dirname } from 'node:path';
import { GanglionError, isGanglionError, messageOf } from '../../errors.ts';
import { backoffMs } from '../../lib/backoff.ts';
import { formatBytes } from '../../lib/units.ts';
import { failure, open, opaqueTag, type Failure, type HttpOptions, type Opened } from './http.ts';
import { Part, type PartOrigin } from './part.ts';

/** One file to be fetched. */
export interface Download {
  /** For people, in errors. */
  readonly name: string;
  readonly url: string;
  /** Where it goes; its folder exists. */
  readonly file: string;
  readonly sizeBytes?: number;
  /** Lower-case hexadecimal. */
  readonly sha256?: string;
}

export interface Downloaded {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Whether a checksum was known and agreed. */
  readonly verified: boolean;
}

export interface DownloadTools extends HttpOptions {
  /** 0–1 */
  readonly random: () => number;
  /** Waits, or rejects when `signal` is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Bytes this user may still write into a folder. */
  readonly freeBytes: (folder: string) => Promise<number>;
  /** Failures in a row, without `PROGRESS_BYTES` between, after which it is given up. */
  readonly attempts: number;
}

/** What is left free on the disk for everything else, bytes. */
const RESERVE_BYTES = 64e6;
/** Between two failures: so much is progress, and the attempts are counted anew. */
const PROGRESS_BYTES = 1e6;
const BACKOFF = { minMs: 500, maxMs: 30_000 };
/** A server that wants to be left alone for longer is not waited for. */
const MAX_RETRY_AFTER_MS = 120_000;

/**
 * Fetches one file into `<file>.part`, goes on where an earlier try was cut, checks size and sha256, and renames it.
 * Throws MODEL_PULL_REFUSED, …_FAILED, …_CHECKSUM, …_SPACE, …_STOPPED.
 * @param onBytes told how many bytes of the file are there
 */
export async function download(
  what: Download,
  tools: DownloadTools,
  signal: AbortSignal,
  onBytes: (received: number, total: number | undefined) => void,
): Promise<Downloaded> {
  let part: Part | undefined;
  try {
    const url = new URL(what.url);
    part = await Part.open(what.file, originOf(what, `${url.origin}${url.pathname}`), signal);
    return await new Fetching(what, tools, part, onBytes).run(signal);
  } catch (error) {
    if (isGanglionError(error)) throw error;
    if (signal.aborted) {
      const received = formatBytes(part?.sizeBytes ?? 0);
      throw new GanglionError('MODEL_PULL_STOPPED', { reference: what.name, received });
    }
    throw new GanglionError(
      'MODEL_PULL_FAILED',
      { reference: what.name, reason: writeReason(error, what.file) },
      { cause: error },
    );
  } finally {
    await part?.close();
  }
}

class Fetching {
  readonly #what: Download;
  readonly #tools: DownloadTools;
  readonly #part: Part;
  readonly #onBytes: (received: number, total: number | undefined) => void;
  /** What the server says it is, where nobody said so before. */
  #sha256: string | undefined;

  constructor(
    what: Download,
    tools: DownloadTools,
    part: Part,
    onBytes: (received: number, total: number | undefined) => void,
  ) {
    this.#what = what;
    this.#tools = tools;
    this.#part = part;
    this.#onBytes = onBytes;
    this.#sha256 = what.sha256;
  }

  async run(signal: AbortSignal): Promise<Downloaded> {
    const { attempts, random, wait } = this.#tools;
    let failures = 0;
    for (;;) {
      const before = this.#part.sizeBytes;
      const problem = await this.#once(signal);
      if (problem === undefined) return this.#finish();
      if (!problem.again) throw this.#refused(problem.reason);
      failures = this.#part.sizeBytes - before >= PROGRESS_BYTES ? 1 : failures + 1;
      if (failures >= attempts || (problem.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) {
        const { name: reference } = this.#what;
        throw new GanglionError('MODEL_PULL_FAILED', { reference, reason: problem.reason });
      }
      await wait(problem.retryAfterMs ?? backoffMs(failures - 1, BACKOFF, random), signal);
    }
  }

  /** One connection. Undefined: all of it is there. */
  async #once(signal: AbortSignal): Promise<Failure | undefined> {
    const { url, sizeBytes } = this.#what;
    const part = this.#part;
    if (sizeBytes !== undefined && part.sizeBytes === sizeBytes) return undefined;
    const answer = await open(url, this.#rangeHeaders(), this.#tools, signal);
    if (answer.kind === 'failure') return answer;
    try {
      return await this.#take(answer);
    } finally {
      answer.close();
    }
  }

  #rangeHeaders(): Record<string, string> {
    const { sizeBytes, origin } = this.#part;
    if (sizeBytes === 0) return {};
    return {
      range: `bytes=${sizeBytes}-`,
      ...(origin?.etag === undefined ? {} : { 'if-range': origin.etag }),
    };
  }

  async #take(answer: Opened): Promise<Failure | undefined> {
    const part = this.#part;
    const { status, headers } = answer.response;
    if (headers.has('content-encoding') && headers.get('content-encoding') !== 'identity')
      return failure('the server sends the file packed, though it was asked not to', false);
    this.#sha256 ??= sha256Tag(answer.linkedEtag);
    const range = contentRange(headers.get('content-range'));
    if (status === 416) {
      // All of it is there already, or what is there is of another file.
      if (range?.total !== undefined && range.total === part.sizeBytes) return undefined;
      await part.reset();
      return failure('what had arrived before does not fit the file any more', true);
    }
    if (status === 206 && range?.start !== part.sizeBytes) {
      await part.reset();
      return failure('it sent another piece than it was asked for', true);
    }
    if (status === 200 && part.sizeBytes > 0) await part.reset();
    if (this.#what.sha256 === undefined && this.#what.sizeBytes === undefined && isPage(headers))
      return failure('what lies there is a web page, not a model', false);
    const total = range?.total ?? bodyLength(headers, status === 206 ? part.sizeBytes : 0);
    const expected = this.#what.sizeBytes;
    if (total !== undefined && expected !== undefined && total !== expected)
      return failure(`the server has ${total} bytes of it where ${expected} were announced`, false);
    if (total !== undefined) await this.#refuseFullDisk(total - part.sizeBytes);
    await this.#describe(headers, total);
    return this.#copy(answer, expected ?? total);
  }

  async #describe(headers: Headers, total: number | undefined): Promise<void> {
    const { url } = this.#what;
    const { origin, pathname } = new URL(url);
    const etag = headers.get('etag');
    const known = originOf(
      { ...this.#what, ...(total === undefined ? {} : { sizeBytes: total }) },
      origin + pathname,
    );
    // A weak tag does not promise the same bytes, and If-Range must not hold one (RFC 9110, 13.1.5).
    await this.#part.describe({ ...known, ...(etag === null || etag.startsWith('W/') ? {} : { etag }) });
  }

  async #copy(answer: Opened, total: number | undefined): Promise<Failure | undefined> {
    const part = this.#part;
    this.#onBytes(part.sizeBytes, total);
    for (;;) {
      const chunk = await answer.read();
      if (chunk === 'end') break;
      if ('kind' in chunk) return chunk;
      if (total !== undefined && part.sizeBytes + chunk.bytes.length > total) {
        await part.reset();
        return failure(`it sent more than the ${total} bytes of the file`, true);
      }
      await part.append(chunk.bytes);
      this.#onBytes(part.sizeBytes, total);
    }
    if (total === undefined || part.sizeBytes === total) return undefined;
    return failure(`the connection ended after ${part.sizeBytes} of ${total} bytes`, true);
  }

  async #refuseFullDisk(neededBytes: number): Promise<void> {
    const folder = dirname(this.#what.file);
    await refuseFullDisk(this.#what.name, folder, neededBytes, this.#tools);
  }

  async #finish(): Promise<Downloaded> {
    const part = this.#part;
    const received = part.sha256();
    const expected = this.#sha256;
    if (expected !== undefined && received !== expected) {
      await part.discard();
      throw new GanglionError('MODEL_PULL_CHECKSUM', { reference: this.#what.name, expected, received });
    }
    const { sizeBytes } = part;
    await part.commit();
    return { sizeBytes, sha256: received, verified: expected !== undefined };
  }

  #refused(reason: string): GanglionError {
    return new GanglionError('MODEL_PULL_REFUSED', { reference: this.#what.name, reason });
  }
}

/** Throws MODEL_PULL_SPACE. */
export async function refuseFullDisk(
  reference: string,
  folder: string,
  neededBytes: number,
  { freeBytes }: Pick<DownloadTools, 'freeBytes'>,
): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= neededBytes + RESERVE_BYTES) return;
  throw new GanglionError('MODEL_PULL_SPACE', {
    reference,
    folder,
    needed: formatBytes(neededBytes + RESERVE_BYTES),
    free: formatBytes(free),
  });
}

function originOf(what: Pick<Download, 'sizeBytes' | 'sha256'>, url: string): PartOrigin {
  return {
    url,
    ...(what.sizeBytes === undefined ? {} : { sizeBytes: what.sizeBytes }),
    ...(what.sha256 === undefined ? {} : { sha256: what.sha256 }),
  };
}

// `bytes 5-9/10`, `bytes 5-9/*`, `bytes */10` (RFC 9110, 14.4).
function contentRange(header: string | null): { start?: number; total?: number } | undefined {
  const match = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(header ?? '');
  if (match === null) return undefined;
  return {
    ...(match[1] === undefined ? {} : { start: Number(match[1]) }),
    ...(match[2] === '*' ? {} : { total: Number(match[2]) }),
  };
}

function bodyLength(headers: Headers, before: number): number | undefined {
  const length = headers.get('content-length');
  return length !== null && /^\d+$/.test(length) ? Number(length) + before : undefined;
}

function isPage(headers: Headers): boolean {
  return /^text\/html\b/i.test(headers.get('content-type') ?? '');
}

function sha256Tag(etag: string | undefined): string | undefined {
  const tag = opaqueTag(etag ?? null)?.toLowerCase();
  return tag !== undefined && /^[0-9a-f]{64}$/.test(tag) ? tag : undefined;
}

function writeReason(error: unknown, file: string): string {
  const code = (error as { code?: string }).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return `the disk of ${dirname(file)} is full`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `${dirname(file)} cannot be written to`;
  return messageOf(error);
}
