import type { FastifyInstance } from 'fastify';
import { hostname } from 'node:os';
import type { RuntimeApi, Stats } from '../contract/api.ts';
import type { Log } from '../contract/log.ts';
import type { Clock } from '../contract/time.ts';
import { GanglionError, messageOf } from '../errors.ts';
import { systemClock } from '../lib/clock.ts';
import type { PastDesk } from '../replay/index.ts';
import { DEFAULT_LISTEN, isLoopback, parseAddress, urlOf } from './address.ts';
import { buildApp } from './app.ts';
import { EventHub } from './events.ts';
import { Guard } from './guard.ts';
import { Metrics } from './metrics.ts';

export interface HttpServerOptions {
  readonly api: RuntimeApi;
  /** Who answers questions about the past; without it they are not found. */
  readonly past?: Pick<PastDesk, 'replay' | 'explain'>;
  /** `host:port`; port 0 takes any free one. Default: 127.0.0.1:8420. */
  readonly listen?: string;
  /** Needed for every address but loopback; where it is set, every request but `/health` and the pages needs it. */
  readonly token?: string;
  /** Names a Host header may carry besides IP addresses, localhost and this machine's own name. */
  readonly hosts?: readonly string[];
  readonly log: Log;
  readonly clock?: Clock;
  /** Event streams at once. */
  readonly maxEventClients?: number;
}

export interface HttpServer {
  /**
   * Listens. Throws HTTP_TOKEN_MISSING, HTTP_ADDRESS_INVALID, HTTP_LISTEN_FAILED or PORT_IN_USE.
   * @returns the address to open on this machine
   */
  start(): Promise<{ readonly url: string }>;
  /** Ends event streams at once, gives answers under way a moment, then closes what is left. Idempotent. */
  stop(): Promise<void>;
  /** What the server counts about itself, to be merged into the runtime's stats. */
  stats(): Pick<Stats, 'counters' | 'gauges'>;
}

/** Shorter guesses are a matter of days on a local network. */
const MIN_TOKEN_LENGTH = 16;
/** Answers under way get this long when the server stops; the whole daemon has two seconds. */
const STOP_GRACE_MS = 500;
const MAX_CONNECTIONS = 256;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new RuntimeHttpServer(options);
}

class RuntimeHttpServer implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #events: EventHub;
  readonly #metrics: Metrics;
  readonly #stopping = new AbortController();
  #app: FastifyInstance | undefined;
  #stopped: Promise<void> | undefined;
  #requests = 0;
  #refused = 0;
  #failed = 0;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#events = new EventHub({
      api: options.api,
      clock: options.clock ?? systemClock,
      ...(options.maxEventClients !== undefined && { maxClients: options.maxEventClients }),
    });
    this.#metrics = new Metrics(options.api, () => this.stats());
  }

  async start(): Promise<{ readonly url: string }> {
    const { api, past, token, log, clock = systemClock, hosts = [] } = this.#options;
    const address = parseAddress(this.#options.listen ?? DEFAULT_LISTEN);
    const shown = this.#options.listen ?? DEFAULT_LISTEN;
    if (!isLoopback(address.host) && (token === undefined || token.length < MIN_TOKEN_LENGTH)) {
      throw new GanglionError('HTTP_TOKEN_MISSING', { address: shown });
    }
    const guard = new Guard({
      ...(token !== undefined && { token }),
      hosts: [...hosts, address.host, ...ownNames()].map((name) => name.toLowerCase()),
    });
    const app = await buildApp({
      api,
      ...(past !== undefined && { past }),
      clock,
      guard,
      log,
      events: this.#events,
      metrics: this.#metrics,
      stopping: this.#stopping.signal,
      answered: (status) => this.#count(status),
    });
    app.server.maxConnections = MAX_CONNECTIONS;
    this.#app = app;
    try {
      // localhost may mean two addresses; one listener on the one everybody has is enough.
      await app.listen({
        host: address.host === 'localhost' ? '127.0.0.1' : address.host,
        port: address.port,
      });
    } catch (error) {
      await this.stop();
      throw listenProblem(error, shown);
    }
    const bound = app.server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    return { url: urlOf({ host: address.host, port }) };
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  stats(): Pick<Stats, 'counters' | 'gauges'> {
    return {
      counters: {
        'http.requests': this.#requests,
        'http.refused': this.#refused,
        'http.failed': this.#failed,
        'http.events_dropped': this.#events.dropped,
      },
      gauges: { 'http.event_clients': this.#events.clients },
    };
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    this.#events.stop();
    await this.#metrics.stop();
    const app = this.#app;
    if (app === undefined) return;
    const force = setTimeout(() => app.server.closeAllConnections(), STOP_GRACE_MS);
    try {
      await app.close();
    } finally {
      clearTimeout(force);
    }
  }

  #count(status: number): void {
    this.#requests++;
    if (status >= 500) this.#failed++;
    else if (status >= 400) this.#refused++;
  }
}

/** This machine's names as others on the local network call it. */
function ownNames(): string[] {
  const name = hostname();
  return name.includes('.') ? [name, name.split('.', 1)[0]!] : [name, `${name}.local`];
}

function listenProblem(error: unknown, address: string): GanglionError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new GanglionError('PORT_IN_USE', { what: 'HTTP', address }, { cause: error });
  }
  const reasons: Record<string, string> = {
    EACCES: 'this user may not use the port',
    EADDRNOTAVAIL: 'this machine does not have the address',
    ENOTFOUND: 'the name cannot be resolved',
  };
  const reason = (typeof code === 'string' ? reasons[code] : undefined) ?? messageOf(error);
  return new GanglionError('HTTP_LISTEN_FAILED', { address, reason }, { cause: error });
}
