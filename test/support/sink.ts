import type { Message } from '../../runtime/contract/message.ts';
import type { Reading } from '../../runtime/contract/reading.ts';
import type { Acceptance, Sink } from '../../runtime/contract/source.ts';

export interface SeenMessage extends Message {
  readonly text: string;
}

/** A sink that remembers what it was given and lets tests wait for it. */
export class RecordingSink implements Sink {
  acceptance: Acceptance | (() => Acceptance) = 'durable';
  readonly messages: SeenMessage[] = [];
  readonly readingsSeen: Reading[] = [];
  readonly statuses: { source: string; connected: boolean; detail: string }[] = [];
  #waiting: { done: () => boolean; resolve: () => void }[] = [];

  message(message: Message): Acceptance {
    this.messages.push({ ...message, text: Buffer.from(message.payload).toString('utf8') });
    return this.#settle();
  }

  readings(readings: readonly Reading[]): Acceptance {
    this.readingsSeen.push(...readings);
    return this.#settle();
  }

  status(source: string, connected: boolean, detail: string): void {
    this.statuses.push({ source, connected, detail });
    this.#wake();
  }

  get texts(): string[] {
    return this.messages.map((message) => message.text);
  }

  get deliveries(): number {
    return this.messages.length + this.readingsSeen.length;
  }

  /** Resolves as soon as `done` holds after a delivery or status; the test's timeout bounds it. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ done, resolve }));
  }

  untilConnected(): Promise<void> {
    return this.until(() => this.statuses.at(-1)?.connected === true);
  }

  untilLost(): Promise<void> {
    return this.until(() => this.statuses.at(-1)?.connected === false);
  }

  #settle(): Acceptance {
    try {
      return typeof this.acceptance === 'function' ? this.acceptance() : this.acceptance;
    } finally {
      this.#wake();
    }
  }

  #wake(): void {
    const ready = this.#waiting.filter(({ done }) => done());
    this.#waiting = this.#waiting.filter((entry) => !ready.includes(entry));
    for (const { resolve } of ready) resolve();
  }
}
