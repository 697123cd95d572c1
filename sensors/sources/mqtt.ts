import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Sink, Source, Acceptance } from '../../runtime/contract/source.ts';
import type { Clock, Timer } from '../../runtime/contract/time.ts';
import { backoffMs, type BackoffOptions } from '../../runtime/lib/backoff.ts';
import { connectOptions, sendAtOnce, type BrokerSettings } from '../../runtime/lib/mqtt-options.ts';
import { brokerAddress, describeFailure } from './mqtt-failure.ts';
import { isTopicFilter } from './mqtt-filter.ts';
import { MqttOutbox, type Publication } from './mqtt-outbox.ts';

export interface MqttSourceOptions {
  /** What statuses call it. Default `mqtt`. */
  readonly name?: string;
  /** `clientId` must stay the same over restarts: the broker keeps the session under it. */
  readonly broker: BrokerSettings & { readonly clientId: string };
  /** Topic filters to begin with. */
  readonly filters: readonly string[];
  readonly clock: Clock;
  /** Of subscriptions. Default 1. */
  readonly qos?: 0 | 1 | 2;
  /** Share the messages with other clients of this group (`$share/<group>/<filter>`); retained ones do not come then. */
  readonly shareGroup?: string;
  /** Published by the broker when this client is lost, and by this client when it stops. */
  readonly will?: Publication;
  /** Published after every connect. */
  readonly birth?: Publication;
  /** Between attempts to connect. Default 1 s to 30 s; one that cannot mend itself is retried at `maxMs`. */
  readonly backoff?: BackoffOptions;
  /** Publications that wait for the broker. Default 1000. */
  readonly maxQueued?: number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** The sink threw, at a message of this topic. */
  readonly onError?: (error: unknown, topic: string) => void;
}

export interface MqttCounters {
  received: number;
  /** Messages of QoS ≥ 1 that were not acknowledged because the sink refused them. */
  refused: number;
  /** Calls of the sink that threw. */
  sinkErrors: number;
  /** Messages that made the sink throw twice and were acknowledged to be rid of them. */
  givenUp: number;
  connects: number;
}

/** A connection that lasted so long counts as a good one: the next attempt is quick again. */
const STEADY_MS = 10_000;
/** For what waits to go out, and again for the goodbye. */
const STOP_MS = 400;

/** Marks a message that is not to be acknowledged; never shown. */
const NOT_ACKNOWLEDGED: Error & { code?: number } = Object.assign(new RangeError('not acknowledged'));

/**
 * Messages of a broker, MQTT 3.1.1, in a persistent session.
 *
 * **Acknowledgement.** The sink is called before PUBACK (QoS 1) and before PUBREC (QoS 2). If it refuses, neither is
 * sent and the next packet is handled; the broker keeps the message and sends it again after `redeliver()` or any other
 * reconnect. A broker stops sending QoS ≥ 1 when as many as its window (Mosquitto: 20) are unacknowledged, and queues.
 * QoS 2 is exactly once while this process lives and at least once across its end.
 *
 * **Connection.** Every attempt is a client of its own: the session lives in the broker and in this object, so that
 * nothing hangs on how a client recovers. Filters are subscribed anew on every connect, session or not, because
 * retained messages that changed while it was away come only so.
 */
export class MqttSource implements Source {
  readonly name: string;
  readonly counters: MqttCounters = { received: 0, refused: 0, sinkErrors: 0, givenUp: 0, connects: 0 };
  readonly #options: MqttSourceOptions;
  readonly #clock: Clock;
  readonly #address: string;
  readonly #backoff: BackoffOptions;
  readonly #outbox: MqttOutbox;
  readonly #filters: Set<string>;
  /** Packet ids of QoS 2 messages that were delivered and not yet released. */
  readonly #delivered = new Set<number>();
  #sink: Sink | undefined;
  #client: MqttClient | undefined;
  #connectedAt: number | undefined;
  #failure: unknown;
  #attempt = 0;
  #retry: Timer | undefined;
  #unacknowledged = 0;
  #reconnectAtOnce = false;
  #stopping: Promise<void> | undefined;

  constructor(options: MqttSourceOptions) {
    this.name = options.name ?? 'mqtt';
    this.#options = options;
    this.#clock = options.clock;
    this.#address = brokerAddress(options.broker.url);
    this.#backoff = options.backoff ?? { minMs: 1000, maxMs: 30_000 };
    this.#outbox = new MqttOutbox({ limit: options.maxQueued ?? 1000, window: 64 });
    this.#filters = new Set(options.filters);
  }

  get connected(): boolean {
    return this.#connectedAt !== undefined;
  }

  /** Messages the broker still holds because the sink refused them on this connection. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Publications that wait or are on their way, and those that were dropped. */
  get outbox(): { readonly size: number; readonly dropped: number } {
    return this.#outbox;
  }

  start(sink: Sink, signal: AbortSignal): Promise<void> {
    this.#sink = sink;
    if (signal.aborted) return this.stop();
    signal.addEventListener('abort', () => void this.stop(), { once: true });
    this.#connect();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  /** Adds filters, also while connected. */
  subscribe(filters: readonly string[]): void {
    const added = filters.filter((filter) => !this.#filters.has(filter));
    for (const filter of added) this.#filters.add(filter);
    if (this.connected) this.#subscribe(added);
  }

  unsubscribe(filters: readonly string[]): void {
    const gone = filters.filter((filter) => this.#filters.delete(filter) && isTopicFilter(filter));
    if (this.connected && gone.length > 0) {
      this.#client?.unsubscribe(
        gone.map((filter) => this.#shared(filter)),
        () => {},
      );
    }
  }

  /** Queues a publication. Returns false if the queue was full and its oldest made room. */
  publish(topic: string, payload: string | Uint8Array, how: Partial<Publication> = {}): boolean {
    return this.#outbox.push({ topic, payload, qos: how.qos ?? 0, retain: how.retain ?? false });
  }

  /** Reconnects, so that the broker sends again what was refused. Nothing happens if nothing was. */
  redeliver(): void {
    const client = this.#client;
    if (!this.connected || client === undefined || this.#unacknowledged === 0) return;
    this.#reconnectAtOnce = true;
    void this.#disconnect(client);
  }

  #connect(): void {
    const { broker, will } = this.#options;
    this.#retry = undefined;
    this.#failure = undefined;
    // Here and not when connected: queued messages may come before mqtt.js says so.
    this.#unacknowledged = 0;
    let client: MqttClient;
    try {
      client = sendAtOnce(
        connect(broker.url, {
          ...connectOptions(broker),
          clean: false,
          reconnectPeriod: 0,
          resubscribe: false,
          ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload) } }),
        }),
      );
    } catch (error) {
      this.#failure = error;
      this.#lost();
      return;
    }
    this.#client = client;
    // mqtt.js keeps its own no-op here unless it speaks MQTT 5; the handler reads the option at every packet.
    client.options.customHandleAcks = (_topic, _payload, packet, done) => this.#beforeAck(packet, done);
    client.handleMessage = (packet, done) => {
      // QoS 2 gets here when it is released; it was delivered before PUBREC.
      const refused = packet.qos < 2 && this.#deliver(packet) === 'refused';
      if (refused && packet.qos === 1) done(NOT_ACKNOWLEDGED);
      else done();
    };
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'pubrel' && packet.messageId !== undefined) this.#delivered.delete(packet.messageId);
    });
    client.on('error', (error) => {
      if (error !== NOT_ACKNOWLEDGED) this.#failure ??= error;
    });
    client.on('connect', (connack) => this.#connected(client, connack.sessionPresent));
    client.on('close', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.end(true);
      this.#lost();
    });
  }

  #connected(client: MqttClient, sessionPresent: boolean): void {
    if (this.#client !== client || this.#stopping !== undefined) return;
    if (!sessionPresent) this.#delivered.clear();
    this.counters.connects++;
    this.#connectedAt = this.#clock.mono();
    const { birth } = this.#options;
    if (birth !== undefined) this.#send(client, birth, () => {});
    this.#outbox.open((publication, done) => this.#send(client, publication, done));
    this.#subscribe([...this.#filters]);
  }

  #subscribe(filters: readonly string[]): void {
    const client = this.#client;
    const usable = filters.filter(isTopicFilter);
    const bad = filters.filter((filter) => !isTopicFilter(filter));
    if (client === undefined) return;
    if (usable.length === 0) {
      this.#reportConnected(bad);
      return;
    }
    client.subscribe(
      usable.map((filter) => this.#shared(filter)),
      { qos: this.#options.qos ?? 1 },
      (error, granted) => {
        if (this.#client !== client || !this.connected) return;
        const refused = (granted ?? [])
          .filter((grant) => (grant.qos as number) >= 128)
          .map((grant) => grant.topic);
        if (error !== null && refused.length === 0) refused.push(...usable);
        this.#reportConnected([...bad, ...refused]);
      },
    );
  }

  #reportConnected(refused: readonly string[]): void {
    const but = refused.length === 0 ? '' : `; cannot subscribe to ${refused.slice(0, 5).join(', ')}`;
    this.#status(true, `connected to ${this.#address}, ${this.#filters.size} topic filters${but}`);
  }

  #shared(filter: string): string {
    const group = this.#options.shareGroup;
    return group === undefined || filter.startsWith('$share/') ? filter : `$share/${group}/${filter}`;
  }

  #send(client: MqttClient, publication: Publication, done: (error?: unknown) => void): void {
    const { topic, payload, qos, retain } = publication;
    client.publish(
      topic,
      typeof payload === 'string' ? payload : Buffer.from(payload),
      { qos, retain },
      (error) => done(error),
    );
  }

  #beforeAck(packet: IPublishPacket, done: (error: Error | number) => void): void {
    const id = packet.messageId;
    if (packet.qos === 2 && id !== undefined && !(packet.dup && this.#delivered.has(id))) {
      if (this.#deliver(packet) === 'refused') {
        done(NOT_ACKNOWLEDGED);
        return;
      }
      this.#delivered.add(id);
    }
    done(0);
  }

  #deliver(packet: IPublishPacket): Acceptance {
    if (this.#sink === undefined || this.#stopping !== undefined) return 'refused';
    this.counters.received++;
    let acceptance: Acceptance;
    try {
      acceptance = this.#sink.message({
        topic: packet.topic,
        payload: packet.payload as Buffer,
        qos: packet.qos,
        retained: packet.retain,
        duplicate: packet.dup,
        ...(packet.messageId === undefined ? {} : { packetId: packet.messageId }),
        at: this.#clock.wall(),
        received: this.#clock.mono(),
      });
    } catch (error) {
      this.counters.sinkErrors++;
      this.#options.onError?.(error, packet.topic);
      // A message nobody can digest must not block the session's window for ever.
      acceptance = packet.dup ? 'volatile' : 'refused';
      if (packet.dup) this.counters.givenUp++;
    }
    if (acceptance === 'refused' && packet.qos > 0) {
      this.counters.refused++;
      this.#unacknowledged++;
    }
    return acceptance;
  }

  #lost(): void {
    const lastedMs = this.#connectedAt === undefined ? 0 : this.#clock.mono() - this.#connectedAt;
    this.#connectedAt = undefined;
    this.#outbox.close();
    if (this.#stopping !== undefined) return;
    if (this.#reconnectAtOnce) {
      this.#reconnectAtOnce = false;
      this.#connect();
      return;
    }
    const { detail, lasting } = describeFailure(this.#address, this.#failure);
    if (lastedMs >= STEADY_MS) this.#attempt = 0;
    const random = this.#options.random ?? Math.random;
    const delayMs = backoffMs(lasting ? 30 : this.#attempt++, this.#backoff, random);
    this.#retry = this.#clock.schedule(delayMs, () => this.#connect());
    this.#status(false, `${detail} Next attempt in ${Math.ceil(delayMs / 1000)} s.`);
  }

  #status(connected: boolean, detail: string): void {
    try {
      this.#sink?.status(this.name, connected, detail);
    } catch {
      this.counters.sinkErrors++;
    }
  }

  async #shutDown(): Promise<void> {
    this.#retry?.cancel();
    const client = this.#client;
    if (client !== undefined) {
      if (this.connected) {
        if (this.#options.will !== undefined) this.#outbox.push(this.#options.will);
        await this.#atMost(STOP_MS, this.#outbox.drained());
      }
      await this.#disconnect(client);
    }
    this.#outbox.close();
    if (this.#sink !== undefined) this.#status(false, 'stopped');
  }

  /** Says goodbye, so that the broker does not publish the will; cuts the connection if that takes long. */
  async #disconnect(client: MqttClient): Promise<void> {
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.end(!this.connected);
    await this.#atMost(STOP_MS, closed);
    client.stream.destroy();
  }

  async #atMost(ms: number, done: Promise<void>): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#clock.schedule(ms, resolve);
    });
    await Promise.race([done, late]);
    timer?.cancel();
  }
}
