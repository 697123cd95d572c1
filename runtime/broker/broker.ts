import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Aedes, Client, PublishPacket } from 'aedes';
import type { Log } from '../contract/log.ts';
import type { Clock } from '../contract/time.ts';
import { GanglionError, messageOf } from '../errors.ts';
import { FrameMeter } from './frame-meter.ts';
import { RetainedFile, type RetainedLimits } from './retained-file.ts';
import { publishInOrder } from './in-order.ts';
import { type QueueingPersistence, SessionQueues, type SessionLimits } from './session-queues.ts';
import { Users, type BrokerUser } from './users.ts';

export interface EmbeddedBrokerOptions {
  /** `host:port`; port 0 takes a free one. An address beyond loopback needs users. */
  readonly listen: string;
  readonly users: Readonly<Record<string, BrokerUser>>;
  /** Where retained messages are kept; left out: in memory only. */
  readonly retainedFile?: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Default 10 000 messages, 16 MiB. */
  readonly retained?: RetainedLimits;
  /** Default 500 persistent sessions of 1000 unacknowledged messages. */
  readonly sessions?: SessionLimits;
  /** Default 1 MiB. */
  readonly maxPacketBytes?: number;
  /** Default 256. */
  readonly maxConnections?: number;
}

export interface BrokerStats {
  readonly connections: number;
  readonly published: number;
  readonly retained: number;
  /** Retained messages that were passed on but not kept, for want of room. */
  readonly retainedRefused: number;
  /** Messages that were not queued for a session because it has too many unacknowledged ones. */
  readonly queuedDropped: number;
  readonly connectionsRefused: number;
  readonly sessionsRefused: number;
  readonly loginsRefused: number;
  readonly packetsTooLarge: number;
  readonly publishesForbidden: number;
}

/**
 * An MQTT broker inside the daemon, for a house that has none: aedes, MQTT 3.1.1 over TCP. Retained messages survive a
 * restart; sessions and their queued messages live in memory. Shared subscriptions (`$share/…`) are refused, because
 * aedes would accept them and deliver nothing.
 */
export class EmbeddedBroker {
  readonly #options: EmbeddedBrokerOptions;
  readonly #users: Users;
  readonly #retained: RetainedFile;
  readonly #sessions: SessionQueues;
  readonly #sockets = new Set<Socket>();
  readonly #names = new WeakMap<Client, string>();
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  #stopping: Promise<void> | undefined;
  #published = 0;
  #connectionsRefused = 0;
  #loginsRefused = 0;
  #packetsTooLarge = 0;
  #publishesForbidden = 0;

  constructor(options: EmbeddedBrokerOptions) {
    this.#options = options;
    this.#users = new Users(options.users);
    this.#sessions = new SessionQueues(options.sessions ?? { maxSessions: 500, maxQueued: 1000 });
    this.#retained = new RetainedFile({
      path: options.retainedFile,
      limits: options.retained ?? { maxMessages: 10_000, maxBytes: 16 * 1024 * 1024 },
      clock: options.clock,
      log: options.log,
    });
  }

  /** A login for the daemon's own connections, whatever users there are. */
  get credentials(): { readonly username: string; readonly password: string } {
    return this.#users.own;
  }

  get stats(): BrokerStats {
    return {
      connections: this.#sockets.size,
      published: this.#published,
      retained: this.#retained.size,
      retainedRefused: this.#retained.refused,
      queuedDropped: this.#sessions.dropped,
      connectionsRefused: this.#connectionsRefused,
      sessionsRefused: this.#sessions.refused,
      loginsRefused: this.#loginsRefused,
      packetsTooLarge: this.#packetsTooLarge,
      publishesForbidden: this.#publishesForbidden,
    };
  }

  /**
   * Listens. Throws BROKER_USERS_REQUIRED, PORT_IN_USE or BROKER_LISTEN_FAILED. aedes is loaded here and not before, so
   * that daemons with a broker elsewhere do without it.
   */
  async start(): Promise<{ readonly port: number }> {
    const { listen } = this.#options;
    const { host, port } = parseListen(listen);
    if (this.#users.open && !isLoopback(host)) {
      throw new GanglionError('BROKER_USERS_REQUIRED', { address: listen });
    }
    const { Aedes } = await import('aedes');
    const aedes = await Aedes.createBroker({
      connectTimeout: 10_000,
      authenticate: (client, username, password, done) => {
        const admitted = this.#users.admit(username, password);
        if (admitted && username !== undefined) this.#names.set(client, username);
        if (!admitted) this.#loginsRefused++;
        // Return code 4 of MQTT 3.1.1: bad user name or password.
        const error = Object.assign(new GanglionError('BROKER_LOGIN_REFUSED', {}), { returnCode: 4 });
        done(admitted ? null : error, admitted);
      },
      authorizePublish: (client, packet, done) => {
        const name = client === null ? this.#users.own.username : this.#names.get(client);
        if (packet.topic.startsWith('$') || !this.#users.mayPublish(name, packet.topic)) {
          this.#publishesForbidden++;
          done(
            new GanglionError('BROKER_FORBIDDEN', { what: 'publish to', topic: packet.topic.slice(0, 200) }),
          );
          return;
        }
        if (packet.retain) packet.retain = this.#retain(packet);
        done(null);
      },
      authorizeSubscribe: (client, subscription, done) => {
        const { topic } = subscription;
        const allowed =
          !topic.startsWith('$share/') && this.#users.maySubscribe(this.#names.get(client), topic);
        done(null, allowed ? subscription : null);
      },
    });
    this.#aedes = aedes;
    publishInOrder(aedes);
    await this.#publishRetained(aedes);
    // Not in aedes' types, but how every persistence of it is used.
    this.#sessions.guard((aedes as unknown as { persistence: QueueingPersistence }).persistence);
    aedes.on('clientReady', (client) => {
      if (!this.#sessions.open(client.id, client.clean)) client.close();
    });
    aedes.on('ack', (_packet, client) => this.#sessions.acknowledged(client.id));
    aedes.on('publish', (_packet, client) => {
      if (client !== null) this.#published++;
    });
    this.#server = await this.#listen(aedes, host, port);
    return { port: (this.#server.address() as AddressInfo).port };
  }

  /** Ends every connection and writes the retained messages. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  async #shutDown(): Promise<void> {
    const server = this.#server;
    const closed = server && new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    const aedes = this.#aedes;
    if (aedes !== undefined) await new Promise<void>((resolve) => aedes.close(() => resolve()));
    await closed;
    this.#retained.flush();
  }

  /** Returns whether there was room. Kept before it is passed on, so that messages in a hurry are counted too. */
  #retain(packet: PublishPacket): boolean {
    const payload = Buffer.from(packet.payload);
    if (!this.#retained.fits(packet.topic, payload)) return false;
    this.#retained.set({ topic: packet.topic, payload, qos: packet.qos });
    return true;
  }

  async #publishRetained(aedes: Aedes): Promise<void> {
    for (const { topic, payload, qos } of this.#retained.load()) {
      await new Promise<void>((resolve) => {
        aedes.publish({ cmd: 'publish', topic, payload, qos, retain: true, dup: false }, () => resolve());
      });
    }
  }

  #listen(aedes: Aedes, host: string, port: number): Promise<Server> {
    const { listen, log } = this.#options;
    const server = createServer({ noDelay: true }, (socket) => this.#accept(aedes, socket));
    server.maxConnections = this.#options.maxConnections ?? 256;
    server.on('drop', () => this.#connectionsRefused++);
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        aedes.close();
        if (error.code === 'EADDRINUSE') {
          reject(
            new GanglionError(
              'PORT_IN_USE',
              { what: 'the embedded broker', address: listen },
              { cause: error },
            ),
          );
        } else {
          const reason = messageOf(error);
          reject(new GanglionError('BROKER_LISTEN_FAILED', { address: listen, reason }, { cause: error }));
        }
      });
      server.listen(port, host, () => {
        server.removeAllListeners('error');
        server.on('error', (error) => log.warn({ listen }, `embedded broker: ${messageOf(error)}`));
        resolve(server);
      });
    });
  }

  #accept(aedes: Aedes, socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const meter = new FrameMeter(this.#options.maxPacketBytes ?? 1024 * 1024);
    const read = socket.read.bind(socket);
    // aedes reads its connections through this method alone.
    socket.read = (size?: number): unknown => {
      const bytes = read(size) as Buffer | null;
      if (bytes === null || meter.accept(bytes)) return bytes;
      this.#packetsTooLarge++;
      socket.destroy();
      return null;
    };
    aedes.handle(socket);
  }
}

/** `host:port`, `[v6]:port`. Throws BROKER_LISTEN_FAILED. */
function parseListen(listen: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port > 65_535) {
    throw new GanglionError('BROKER_LISTEN_FAILED', { address: listen, reason: 'it is not host:port' });
  }
  return { host, port };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
