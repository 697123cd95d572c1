import type { Writable } from 'node:stream';
import type { RuntimeApi, RuntimeEvent } from '../contract/api.ts';
import type { Clock, Timer } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import { EVENT_TYPES, type EventType } from './query.ts';

export interface EventHubOptions {
  readonly api: Pick<RuntimeApi, 'subscribe'>;
  readonly clock: Clock;
  /** Streams open at once. */
  readonly maxClients?: number;
  /** Bytes that may wait for one client; events beyond are dropped and counted. */
  readonly maxPendingBytes?: number;
  /** A comment this often, so that both ends notice a dead connection. */
  readonly heartbeatMs?: number;
}

interface Client {
  readonly stream: Writable;
  readonly types: ReadonlySet<EventType>;
  dropped: number;
}

/**
 * Server-sent events: one subscription to the runtime, written to every open stream.
 *
 * A client that reads too slowly loses events, never memory of ours: once `maxPendingBytes` wait for it, events are
 * dropped, and when it has caught up it is told how many (`event: dropped`), so that it can fetch the present state.
 */
export class EventHub {
  readonly #options: Required<EventHubOptions>;
  readonly #clients = new Set<Client>();
  #wanted: readonly EventType[] = [];
  #unsubscribe: (() => void) | undefined;
  #heartbeat: Timer | undefined;
  #sequence = 0;
  #dropped = 0;

  constructor(options: EventHubOptions) {
    this.#options = { maxClients: 32, maxPendingBytes: 262_144, heartbeatMs: 15_000, ...options };
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Events not delivered since the start, over all clients. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Throws HTTP_BUSY if no stream more may be opened. */
  checkRoom(): void {
    const { maxClients } = this.#options;
    if (this.#clients.size >= maxClients) {
      throw new GanglionError('HTTP_BUSY', { what: 'an event stream', limit: maxClients });
    }
  }

  /** Writes events of these types to the stream until it closes or the hub stops. */
  add(stream: Writable, types: readonly EventType[]): void {
    const client: Client = { stream, types: new Set(types), dropped: 0 };
    this.#clients.add(client);
    stream.on('close', () => this.#remove(client));
    stream.on('error', () => this.#remove(client));
    stream.on('drain', () => this.#tellDropped(client));
    // The first bytes make proxies and browsers open the stream; `retry` is their pause before a new attempt, ms.
    stream.write('retry: 2000\n\n');
    this.#subscribe();
    this.#beatLater();
  }

  /** Ends every stream at once. */
  stop(): void {
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
    for (const client of this.#clients) {
      this.#remove(client);
      client.stream.end();
    }
  }

  #publish(event: RuntimeEvent): void {
    this.#sequence++;
    let text: string | undefined;
    for (const client of this.#clients) {
      if (!client.types.has(event.type)) continue;
      // Serialized once for all clients, and only if one wants it.
      text ??= `id: ${this.#sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
      if (client.stream.writableLength + text.length > this.#options.maxPendingBytes) {
        client.dropped++;
        this.#dropped++;
        continue;
      }
      this.#tellDropped(client);
      client.stream.write(text);
    }
  }

  #tellDropped(client: Client): void {
    if (client.dropped === 0 || client.stream.writableLength > this.#options.maxPendingBytes / 2) return;
    const count = client.dropped;
    client.dropped = 0;
    client.stream.write(`event: dropped\ndata: {"count":${count}}\n\n`);
  }

  /** Asks the runtime for what the present clients want, no more: readings come by the hundred a second. */
  #subscribe(): void {
    const wanted = EVENT_TYPES.filter((type) => [...this.#clients].some((client) => client.types.has(type)));
    if (wanted.join() === this.#wanted.join()) return;
    this.#unsubscribe?.();
    this.#wanted = wanted;
    this.#unsubscribe =
      wanted.length === 0 ? undefined : this.#options.api.subscribe((event) => this.#publish(event), wanted);
  }

  #remove(client: Client): void {
    this.#clients.delete(client);
    this.#subscribe();
    if (this.#clients.size > 0) return;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
  }

  #beatLater(): void {
    if (this.#heartbeat !== undefined) return;
    this.#heartbeat = this.#options.clock.schedule(this.#options.heartbeatMs, () => {
      this.#heartbeat = undefined;
      for (const client of this.#clients) {
        if (client.stream.writableLength < this.#options.maxPendingBytes) client.stream.write(': beat\n\n');
      }
      if (this.#clients.size > 0) this.#beatLater();
    });
  }
}
