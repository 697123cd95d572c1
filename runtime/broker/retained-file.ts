import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from '../contract/log.ts';
import type { Clock, Timer } from '../contract/time.ts';
import { messageOf } from '../errors.ts';

export interface RetainedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
}

export interface RetainedLimits {
  readonly maxMessages: number;
  /** Of all payloads and topics together. */
  readonly maxBytes: number;
}

/** Changes are written so long after the first of them, ms: a storm of them costs one write. */
const WRITE_DELAY_MS = 2000;

/** The retained messages of the embedded broker, bounded, and their copy on disk. */
export class RetainedFile {
  /** Retained messages that were passed on but not kept, for want of room. */
  refused = 0;
  readonly #path: string | undefined;
  readonly #limits: RetainedLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #messages = new Map<string, RetainedMessage>();
  #bytes = 0;
  #timer: Timer | undefined;

  constructor(options: {
    readonly path: string | undefined;
    readonly limits: RetainedLimits;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#path = options.path;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  get size(): number {
    return this.#messages.size;
  }

  /** Reads the file. One that cannot be read is logged, and the broker begins without retained messages. */
  load(): readonly RetainedMessage[] {
    if (this.#path === undefined) return [];
    try {
      const stored = JSON.parse(readFileSync(this.#path, 'utf8')) as unknown;
      for (const entry of Array.isArray(stored) ? stored : []) {
        const message = messageOfEntry(entry);
        if (message !== undefined && this.fits(message.topic, message.payload)) this.#put(message);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#log.warn({ path: this.#path }, `retained messages cannot be read: ${messageOf(error)}`);
      }
    }
    return [...this.#messages.values()];
  }

  /** Whether a message can be kept; counts it if not. */
  fits(topic: string, payload: Uint8Array): boolean {
    const old = this.#messages.get(topic);
    const bytes = this.#bytes - (old === undefined ? 0 : sizeOf(old)) + topic.length + payload.length;
    const count = this.#messages.size + (old === undefined ? 1 : 0);
    const fits =
      payload.length === 0 || (count <= this.#limits.maxMessages && bytes <= this.#limits.maxBytes);
    if (!fits) this.refused++;
    return fits;
  }

  /** Keeps a message; an empty one deletes that of its topic. */
  set(message: RetainedMessage): void {
    this.#put(message);
    if (this.#path !== undefined) this.#timer ??= this.#clock.schedule(WRITE_DELAY_MS, () => this.flush());
  }

  /** Writes what has changed: to a new file that then takes the old one's place. */
  flush(): void {
    if (this.#timer === undefined || this.#path === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    const entries = [...this.#messages.values()].map(({ topic, payload, qos }) => ({
      topic,
      qos,
      payload: payload.toString('base64'),
    }));
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(`${this.#path}.new`, JSON.stringify(entries), { mode: 0o600, flush: true });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#log.warn({ path: this.#path }, `retained messages cannot be written: ${messageOf(error)}`);
    }
  }

  #put(message: RetainedMessage): void {
    const old = this.#messages.get(message.topic);
    if (old !== undefined) this.#bytes -= sizeOf(old);
    if (message.payload.length === 0) {
      this.#messages.delete(message.topic);
      return;
    }
    this.#messages.set(message.topic, message);
    this.#bytes += sizeOf(message);
  }
}

function sizeOf(message: RetainedMessage): number {
  return message.topic.length + message.payload.length;
}

function messageOfEntry(entry: unknown): RetainedMessage | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { topic, payload, qos } = entry as Record<string, unknown>;
  if (typeof topic !== 'string' || typeof payload !== 'string') return undefined;
  return { topic, payload: Buffer.from(payload, 'base64'), qos: qos === 1 || qos === 2 ? qos : 0 };
}
