export interface Publication {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** Hands one publication to a connection; `done` is called when it is written (QoS 0) or acknowledged. */
export type Send = (publication: Publication, done: (error?: unknown) => void) => void;

/**
 * What is to be published, while the broker is there and while it is away. Bounded: the oldest makes room. Publications
 * of QoS ≥ 1 that were on their way when the connection broke are sent again.
 */
export class MqttOutbox {
  /** Publications that made room for newer ones, and those of QoS 0 that failed. */
  dropped = 0;
  readonly #limit: number;
  readonly #window: number;
  #waiting: Publication[] = [];
  readonly #sent = new Set<Publication>();
  #send: Send | undefined;
  #drained: (() => void)[] = [];

  constructor(options: { readonly limit: number; readonly window: number }) {
    this.#limit = options.limit;
    this.#window = options.window;
  }

  get size(): number {
    return this.#waiting.length + this.#sent.size;
  }

  /** Returns false if an older publication was dropped for it. */
  push(publication: Publication): boolean {
    const fits = this.#waiting.length < this.#limit;
    if (!fits) {
      this.#waiting.shift();
      this.dropped++;
    }
    this.#waiting.push(publication);
    this.#pump();
    return fits;
  }

  /** A connection is there. */
  open(send: Send): void {
    this.#send = send;
    this.#pump();
  }

  /** It is gone. */
  close(): void {
    this.#send = undefined;
    const again = [...this.#sent].filter((publication) => publication.qos > 0);
    this.dropped += this.#sent.size - again.length;
    this.#sent.clear();
    this.#waiting = [...again, ...this.#waiting];
    while (this.#waiting.length > this.#limit) {
      this.#waiting.shift();
      this.dropped++;
    }
    this.#settle();
  }

  /** Resolves when everything is sent, or there is no connection to send it on. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#settle();
    });
  }

  #pump(): void {
    while (this.#send !== undefined && this.#sent.size < this.#window) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#sent.add(next);
      this.#send(next, (error) => {
        // After `close` it is no longer ours: it waits again or is counted.
        if (!this.#sent.delete(next)) return;
        if (error !== undefined && error !== null) this.dropped++;
        this.#pump();
        this.#settle();
      });
    }
  }

  #settle(): void {
    if (this.size > 0 && this.#send !== undefined) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
