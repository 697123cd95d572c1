/** What aedes asks its persistence to queue: one entry for each session with a matching subscription. */
interface Subscriber {
  readonly clientId: string;
}

export interface SessionLimits {
  /** Persistent sessions (clean session false) at a time. */
  readonly maxSessions: number;
  /** Messages of QoS ≥ 1 that one session has not acknowledged. */
  readonly maxQueued: number;
}

/** The part of aedes' persistence through which every queued message passes. */
export interface QueueingPersistence {
  outgoingEnqueueCombi(subscribers: Subscriber[], packet: unknown): Promise<void>;
}

/**
 * Bounds what the embedded broker keeps in memory for clients that are away or do not acknowledge: aedes itself would
 * queue without end. Further messages of a full session are dropped and counted.
 */
export class SessionQueues {
  dropped = 0;
  refused = 0;
  readonly #limits: SessionLimits;
  /** Unacknowledged messages of each persistent session. */
  readonly #queued = new Map<string, number>();

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  /** Puts itself between aedes and its persistence. */
  guard(persistence: QueueingPersistence): void {
    const enqueue = persistence.outgoingEnqueueCombi.bind(persistence);
    persistence.outgoingEnqueueCombi = (subscribers, packet) =>
      enqueue(
        // A session with several matching subscriptions gets the message, and acknowledges it, once.
        [...new Map(subscribers.map((one) => [one.clientId, one])).values()].filter(({ clientId }) =>
          this.#admit(clientId),
        ),
        packet,
      );
  }

  /** A client is there. False: there are too many sessions for another persistent one. */
  open(clientId: string, clean: boolean): boolean {
    if (clean) {
      this.#queued.delete(clientId);
      return true;
    }
    if (this.#queued.has(clientId)) return true;
    if (this.#queued.size >= this.#limits.maxSessions) {
      this.refused++;
      return false;
    }
    this.#queued.set(clientId, 0);
    return true;
  }

  acknowledged(clientId: string): void {
    const queued = this.#queued.get(clientId);
    if (queued !== undefined && queued > 0) this.#queued.set(clientId, queued - 1);
  }

  #admit(clientId: string): boolean {
    const queued = this.#queued.get(clientId);
    if (queued === undefined) return true;
    if (queued >= this.#limits.maxQueued) {
      this.dropped++;
      return false;
    }
    this.#queued.set(clientId, queued + 1);
    return true;
  }
}
