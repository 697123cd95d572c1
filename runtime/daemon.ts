import { join } from 'node:path';
import { MqttSource } from '../sensors/index.ts';
import { assemble } from './assembly.ts';
import type { Assembly } from './assembly.ts';
import { EmbeddedBroker } from './broker/broker.ts';
import { brokerSettings } from './broker-settings.ts';
import type { OwnBroker } from './broker-settings.ts';
import { subscriptionQos } from './connect.ts';
import type { Config } from './config/load.ts';
import type { RuntimeApi, RuntimeEvent } from './contract/api.ts';
import type { Log } from './contract/log.ts';
import type { Clock, Timer } from './contract/time.ts';
import { GanglionError, isGanglionError } from './errors.ts';
import { systemClock } from './lib/clock.ts';
import { EventBus } from './lib/event-bus.ts';
import { Teardown, within } from './lib/teardown.ts';
import { baseTopic, faceTopics, MqttFace } from './mqtt-face.ts';
import { mqttGauges, openSource, ownSources } from './open-sources.ts';

export interface RuntimeOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** From 0 up to 1; for back-offs. */
  readonly random?: () => number;
}

/** A daemon in this process. Construct → start → stop. */
export interface Runtime extends AsyncDisposable {
  /** Throws NOT_STARTED before `start` has resolved. */
  readonly api: RuntimeApi;
  /** As `api.subscribe`, and possible before `start`: nothing is missed. */
  readonly subscribe: RuntimeApi['subscribe'];
  /** Address of the HTTP server once started. */
  readonly url: string | undefined;
  /** Address of the broker once started, the embedded one's or the configured one's, without a login. */
  readonly brokerUrl: string | undefined;
  /**
   * Resolves when everything runs that can run; a broker that is away is waited for in the background.
   * @param signal stops the runtime when it is aborted, also while it starts
   * A port for HTTP that is taken is tried again later.
   * @throws GanglionError JOURNAL_LOCKED, JOURNAL_CORRUPT and the like, PORT_IN_USE of the embedded broker: nothing is
   * left running then
   */
  start(signal?: AbortSignal): Promise<void>;
  /** Stops within two seconds, leaving nothing behind. Idempotent. */
  stop(): Promise<void>;
}

/** The composition root of the main process. */
export function createRuntime(config: Config, options: RuntimeOptions): Runtime {
  return new Daemon(config, options);
}

/** Between attempts to listen for HTTP where another program has the port. */
const LISTEN_RETRY_MS = 10_000;
const RETRIED: ReadonlySet<string> = new Set(['PORT_IN_USE', 'HTTP_LISTEN_FAILED']);
/** A stop waits so long for a start that is under way. */
const STARTING_MS = 500;
/** Between looks at what has grown stale. */
const AGE_MS = 1000;
/** After connecting, the broker hands over retained and queued messages; then it is known what a crash interrupted. */
const SETTLE_MS = 750;

class Daemon implements Runtime {
  readonly #config: Config;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #ownTopics: string;
  readonly #events: EventBus<RuntimeEvent>;
  readonly #teardown = new Teardown();
  readonly #abort = new AbortController();
  #assembly: Assembly | undefined;
  #source: MqttSource | undefined;
  #face: MqttFace | undefined;
  #url: string | undefined;
  #brokerUrl: string | undefined;
  #recovered = false;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #listenRetry: Timer | undefined;

  constructor(config: Config, options: RuntimeOptions) {
    this.#config = config;
    this.#ownTopics = `${baseTopic(config.node)}/`;
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#events = new EventBus((error) =>
      this.#log.error({ err: error }, 'A listener failed and was dropped.'),
    );
  }

  get api(): RuntimeApi {
    if (this.#assembly === undefined) throw new GanglionError('NOT_STARTED', {});
    return this.#assembly.api;
  }

  subscribe(listener: (event: RuntimeEvent) => void, types?: readonly RuntimeEvent['type'][]): () => void {
    return this.#events.subscribe(listener, types);
  }

  get url(): string | undefined {
    return this.#url;
  }

  get brokerUrl(): string | undefined {
    return this.#brokerUrl;
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return this.stop();
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
    this.#starting = this.#start();
    try {
      await this.#starting;
    } catch (error) {
      // What fails because everything around it is being stopped is no failure to start.
      const { aborted } = this.#abort.signal;
      await this.#undo();
      if (!aborted) throw error;
    }
    if (this.#abort.signal.aborted) await this.#undo();
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  async #shutDown(): Promise<void> {
    this.#assembly?.health.phase('stopping');
    this.#abort.abort();
    // What is being started now is undone too; should that hang, `start` undoes the rest when it goes on.
    const starting = this.#starting?.catch(() => {});
    if (starting !== undefined) await within(starting, STARTING_MS);
    await this.#tearDown();
  }

  /** Stops, and undoes what came to be after an earlier stop was through. */
  async #undo(): Promise<void> {
    await this.stop();
    await this.#tearDown();
  }

  async #tearDown(): Promise<void> {
    await this.#teardown.run((name, error) =>
      this.#log.error({ err: error }, `${name} did not stop cleanly.`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(): Promise<void> {
    const { signal } = this.#abort;
    const broker = brokerSettings(this.#config, await this.#startBroker());
    if (signal.aborted) return;
    this.#brokerUrl = broker.url;
    const assembly = await assemble({
      config: this.#config,
      broker,
      clock: this.#clock,
      random: this.#random,
      log: this.#log,
      events: this.#events,
      teardown: this.#teardown,
      isOurs: (message) => message.topic.startsWith(this.#ownTopics) && (this.#face?.handle(message) ?? true),
      onJournalBack: () => this.#source?.redeliver(),
      onSource: (source, connected) => {
        if (source === 'mqtt' && connected) this.#recoverSoon();
      },
    });
    this.#assembly = assembly;
    if (signal.aborted) return;
    await this.#listen(assembly, broker);
    if (signal.aborted) return;
    this.#teardown.add('http retry', () => this.#listenRetry?.cancel());
    await this.#serve(assembly);
    if (signal.aborted) return;
    this.#keepAging(assembly);
    assembly.health.phase('running');
  }

  async #startBroker(): Promise<OwnBroker | undefined> {
    const { broker, data } = this.#config;
    if (typeof broker === 'string' || !('embedded' in broker)) return undefined;
    const { listen, users } = broker.embedded;
    const embedded = new EmbeddedBroker({
      listen,
      users: Object.fromEntries(
        Object.entries(users).map(([name, { password, publish }]) => [
          name,
          publish === undefined ? { password } : { password, publish },
        ]),
      ),
      retainedFile: join(data, 'retained.json'),
      clock: this.#clock,
      log: this.#log,
    });
    this.#teardown.add('embedded broker', async () => embedded.stop());
    const { port } = await embedded.start();
    return { port, ...embedded.credentials };
  }

  /** Opens the sources, last of all: from here on messages walk. */
  async #listen(assembly: Assembly, broker: ReturnType<typeof brokerSettings>): Promise<void> {
    const { node } = this.#config;
    const status = `${baseTopic(node)}/status`;
    const source = new MqttSource({
      name: 'mqtt',
      broker,
      filters: [...assembly.topics(), ...faceTopics(node)],
      qos: subscriptionQos(this.#config),
      clock: this.#clock,
      random: this.#random,
      ...(this.#shareGroup() === undefined ? {} : { shareGroup: this.#shareGroup()! }),
      will: { topic: status, payload: 'offline', qos: 1, retain: true },
      birth: { topic: status, payload: 'online', qos: 1, retain: true },
      onError: (error) => assembly.problems.caught('A message', error),
    });
    this.#source = source;
    // A house that grows may want topics that nobody has asked the broker for yet.
    const asked = new Set(assembly.topics());
    assembly.house.onChange(() => {
      const wanted = assembly.topics().filter((topic) => !asked.has(topic));
      for (const topic of wanted) asked.add(topic);
      if (wanted.length > 0) source.subscribe(wanted);
    });
    this.#startFace(assembly, source);
    const { pipeline: sink, stats, health, problems } = assembly;
    stats.watch(() => ({ ...mqttGauges(source), house_dropped: assembly.house.dropped }));
    const own = ownSources(this.#config, { clock: this.#clock, stats, problems });
    const { signal } = this.#abort;
    for (const one of [source, ...own, ...assembly.extensions.sources]) {
      await openSource(one, { sink, signal, teardown: this.#teardown, health, problems });
      if (signal.aborted) return;
    }
  }

  #startFace(assembly: Assembly, source: MqttSource): void {
    const { mqtt } = this.#config;
    const face = new MqttFace({
      api: assembly.api,
      approveWithCode: (id, verdict, code) => assembly.executor.approve(id, verdict, code),
      publisher: { publish: (topic, payload, how) => void source.publish(topic, payload, how) },
      clock: this.#clock,
      askAllow: mqtt.ask.allow,
      feedbackAllow: mqtt.feedback.allow,
      feedbackTeach: mqtt.feedback.teach,
      approve: mqtt.approve,
      announce: mqtt.announce,
      onProblem: (code, topic, message) => assembly.problems.say(code, topic, message),
    });
    this.#face = face;
    face.start();
    assembly.stats.watch(() => face.gauges);
    this.#teardown.add('mqtt face', () => face.stop());
  }

  /** A port that is taken is no reason to leave the house alone: it is tried again. */
  async #serve(assembly: Assembly): Promise<void> {
    const { listen, token, hosts } = this.#config.http;
    // Loaded when needed: a daemon that serves nobody need not carry it.
    const { createHttpServer } = await import('./http/server.ts');
    if (this.#abort.signal.aborted) return;
    const server = createHttpServer({
      api: assembly.api,
      past: assembly.past,
      listen,
      hosts,
      ...(token === undefined ? {} : { token }),
      log: this.#log,
      clock: this.#clock,
    });
    try {
      this.#url = (await server.start()).url;
    } catch (error) {
      if (!isGanglionError(error) || !RETRIED.has(error.code)) throw error;
      assembly.health.set('http', 'fail', error.message);
      assembly.problems.report(error);
      this.#listenRetry = this.#clock.schedule(LISTEN_RETRY_MS, () => {
        this.#serve(assembly).catch((failure: unknown) =>
          this.#log.error({ err: failure }, 'The HTTP server could not be started.'),
        );
      });
      return;
    }
    if (this.#abort.signal.aborted) {
      await server.stop();
      return;
    }
    this.#teardown.add('http', async () => server.stop());
    assembly.health.set('http', 'ok', this.#url);
    assembly.stats.watch(() => ({ ...server.stats().gauges, ...server.stats().counters }));
  }

  /** Goes on with what the last run left unfinished, once the broker has said what it kept for us. */
  #recoverSoon(): void {
    const assembly = this.#assembly;
    if (this.#recovered || assembly === undefined) return;
    this.#recovered = true;
    const timer = this.#clock.schedule(SETTLE_MS, () => {
      try {
        assembly.executor.recover(assembly.recovered.unfinished, (key) =>
          assembly.state.current(assembly.state.slot(key)),
        );
      } catch (error) {
        assembly.problems.caught('Recovery', error);
      }
      assembly.onSettled();
    });
    this.#teardown.add('recovery', () => timer.cancel());
  }

  #keepAging(assembly: Assembly): void {
    let timer = this.#clock.schedule(AGE_MS, age.bind(this));
    this.#teardown.add('aging', () => timer.cancel());
    function age(this: Daemon): void {
      // First of all: one look that fails is no reason never to look again.
      timer = this.#clock.schedule(AGE_MS, age.bind(this));
      try {
        assembly.pipeline.age();
      } catch (error) {
        assembly.problems.caught('Aging', error);
      }
    }
  }

  #shareGroup(): string | undefined {
    const { broker } = this.#config;
    return typeof broker === 'object' && 'url' in broker ? broker.share : undefined;
  }
}
