import { createReadStream } from 'node:fs';
import type { Acceptance, Sink, Source } from '../../runtime/contract/source.ts';
import type { Clock, WallMs } from '../../runtime/contract/time.ts';
import { messageOf } from '../../runtime/errors.ts';
import { readRecord, type Recorded } from './replay-record.ts';

export interface ReplaySourceOptions {
  readonly file: string;
  /** Recorded time passes so many times as fast; 0: as fast as the sink takes it. Default 1. */
  readonly speed?: number;
  readonly clock: Clock;
  /** `recorded`: messages bear the time they were recorded at; `now` (default): the time they are delivered. */
  readonly times?: 'recorded' | 'now';
  /** A line that cannot be read, with its number from 1 and what is wrong with it. */
  readonly onBadLine?: (line: number, reason: string) => void;
}

export interface ReplayCounters {
  lines: number;
  delivered: number;
  /** Lines that could not be read. */
  bad: number;
  /** Calls of the sink that threw. */
  sinkErrors: number;
}

/** A line may not be longer than this: a broken file must not fill the memory. */
const MAX_LINE = 2 * 1024 * 1024;
/** Delivered without a pause at speed 0, so that the rest of the daemon gets its turn. */
const BATCH = 256;
const NEWLINE = 0x0a;

/**
 * A recorded file, delivered again: JSON lines `{"t": ms, "topic": "…", "payload": "…" | object, "retained"?: bool}`
 * or CSV `time,key,value` with a first line that says so (times in ms or ISO 8601). Lines that cannot be read are
 * counted and named. It ends with the status `finished`; what goes backwards in time is delivered at once.
 */
export class ReplaySource implements Source {
  readonly name = 'replay';
  readonly counters: ReplayCounters = { lines: 0, delivered: 0, bad: 0, sinkErrors: 0 };
  readonly #options: ReplaySourceOptions;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  #sink: Sink | undefined;
  #running: Promise<void> | undefined;
  #csv = false;
  /** The recorded time of the first record, and when it was delivered. */
  #origin: { readonly recorded: number; readonly mono: number } | undefined;
  #finished = false;

  constructor(options: ReplaySourceOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Resolves when the whole file has been delivered, or the source was stopped. */
  get done(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  start(sink: Sink, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#ending.signal.aborted) return this.stop();
    this.#sink = sink;
    signal.addEventListener('abort', () => void this.stop(), { once: true });
    this.#running = this.#replay();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    if (!this.#ending.signal.aborted) {
      this.#ending.abort();
      if (!this.#finished) this.#status(false, 'stopped');
    }
    await this.#running;
  }

  async #replay(): Promise<void> {
    const { file } = this.#options;
    const { signal } = this.#ending;
    try {
      let first = true;
      for await (const line of this.#lines(signal)) {
        if (first) this.#status(true, `replaying ${file}`);
        first = false;
        await this.#play(line, signal);
        if (signal.aborted) return;
      }
      this.#finished = true;
      const { delivered, bad } = this.counters;
      this.#status(false, `finished ${file}: ${delivered} delivered, ${bad} lines unreadable`);
    } catch (error) {
      if (signal.aborted) return;
      this.#finished = true;
      this.#status(false, `Expected a recording at ${file} but ${messageOf(error)}.`);
    }
  }

  /** The file's lines; one that is too long comes as undefined. Holds one chunk and one line. */
  async *#lines(signal: AbortSignal): AsyncGenerator<string | undefined> {
    let parts: Buffer[] = [];
    let length = 0;
    const take = (): string | undefined => {
      const line = length > MAX_LINE ? undefined : Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
      return line;
    };
    for await (const chunk of createReadStream(this.#options.file, { signal }) as AsyncIterable<Buffer>) {
      let at = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, at)) {
        if (length + end - at <= MAX_LINE) parts.push(chunk.subarray(at, end));
        length += end - at;
        at = end + 1;
        yield take();
      }
      if (length + chunk.length - at <= MAX_LINE) parts.push(chunk.subarray(at));
      length += chunk.length - at;
    }
    if (length > 0) yield take();
  }

  async #play(line: string | undefined, signal: AbortSignal): Promise<void> {
    const number = ++this.counters.lines;
    if (line?.trim() === '') return;
    if (number === 1 && line !== undefined && /^\s*time\s*,\s*key\s*,\s*value\s*$/i.test(line)) {
      this.#csv = true;
      return;
    }
    const record = line === undefined ? `it is longer than ${MAX_LINE} bytes` : readRecord(line, this.#csv);
    if (typeof record === 'string') {
      this.counters.bad++;
      this.#options.onBadLine?.(number, record);
      return;
    }
    await this.#wait(record.at, signal);
    if (signal.aborted) return;
    this.#deliver(record);
  }

  async #wait(recorded: number, signal: AbortSignal): Promise<void> {
    const speed = this.#options.speed ?? 1;
    if (speed === 0) {
      if (this.counters.delivered % BATCH === BATCH - 1) await new Promise(setImmediate);
      return;
    }
    this.#origin ??= { recorded, mono: this.#clock.mono() };
    const due = this.#origin.mono + (recorded - this.#origin.recorded) / speed;
    const delayMs = due - this.#clock.mono();
    if (delayMs <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.schedule(delayMs, () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      const stop = () => {
        timer.cancel();
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  #deliver(record: Recorded): void {
    const at = this.#options.times === 'recorded' ? (record.at as WallMs) : this.#clock.wall();
    const received = this.#clock.mono();
    this.counters.delivered++;
    this.#safely((sink) => {
      if (record.kind === 'reading') {
        return sink.readings([{ key: record.key, value: record.value, at, received, retained: false }]);
      }
      const { topic, payload, retained } = record;
      return sink.message({ topic, payload, qos: 0, retained, duplicate: false, at, received });
    });
  }

  #status(connected: boolean, detail: string): void {
    this.#safely((sink) => sink.status(this.name, connected, detail));
  }

  #safely(call: (sink: Sink) => Acceptance | void): void {
    if (this.#sink === undefined) return;
    try {
      call(this.#sink);
    } catch {
      this.counters.sinkErrors++;
    }
  }
}
