import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSimulator, SimulatedHouse } from '../devices/index.ts';
import { checkConfig } from './config/load.ts';
import type { Config } from './config/load.ts';
import type { RuntimeApi } from './contract/api.ts';
import { createRuntime } from './daemon.ts';
import type { Runtime, RuntimeOptions } from './daemon.ts';
import { systemClock } from './lib/clock.ts';
import { packageRoot } from './lib/package-root.ts';
import { Teardown } from './lib/teardown.ts';

/** The runtime limits its own steps; all of them together get this. */
const RUNTIME_MS = 5000;
/** Names the demo is known by on the broker and in the readings of this machine's own sensors. */
const NODE = 'demo';

/**
 * A daemon to try things on: a broker of its own, this machine's own sensors, and a simulated house (labelled as such)
 * that speaks like Zigbee2MQTT. Ports that are taken are replaced by free ones; what it records goes when it stops.
 */
export async function createDemo(options: RuntimeOptions): Promise<Runtime & { readonly config: Config }> {
  const examples = join(packageRoot(import.meta.url), 'examples', 'demo');
  const data = mkdtempSync(join(tmpdir(), 'ganglion-demo-'));
  const input = {
    node: NODE,
    broker: { embedded: { listen: `127.0.0.1:${await freePort(1883)}` } },
    house: join(examples, 'house.yaml'),
    policies: join(examples, 'policies'),
    sources: [{ dialect: 'zigbee2mqtt' }, { host: {} }],
    http: { listen: `127.0.0.1:${await freePort(8420)}` },
    mqtt: { ask: { allow: ['light.*', 'fan.*', 'cover.*', 'switch.*', 'climate.*'] } },
    data,
  };
  // Written down, so that the other commands find this demo whatever its ports are. JSON is YAML.
  const file = join(data, 'ganglion.yaml');
  writeFileSync(file, JSON.stringify(input, undefined, 2));
  const config = checkConfig(input, { file });
  return new Demo(config, data, options);
}

class Demo implements Runtime {
  readonly config: Config;
  readonly #runtime: Runtime;
  readonly #options: RuntimeOptions;
  readonly #teardown = new Teardown();
  readonly #abort = new AbortController();
  #stopping: Promise<void> | undefined;

  constructor(config: Config, data: string, options: RuntimeOptions) {
    this.config = config;
    this.#options = options;
    this.#runtime = createRuntime(config, options);
    this.#teardown.add('demo data', () => rmSync(data, { recursive: true, force: true }));
    this.#teardown.add('runtime', async () => this.#runtime.stop(), RUNTIME_MS);
  }

  get api(): RuntimeApi {
    return this.#runtime.api;
  }

  subscribe(...args: Parameters<Runtime['subscribe']>): () => void {
    return this.#runtime.subscribe(...args);
  }

  get url(): string | undefined {
    return this.#runtime.url;
  }

  get brokerUrl(): string | undefined {
    return this.#runtime.brokerUrl;
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return this.stop();
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
    try {
      await this.#runtime.start();
      if (!this.#abort.signal.aborted) await this.#startHouse();
    } catch (error) {
      const { aborted } = this.#abort.signal;
      await this.#undo();
      if (!aborted) throw error;
    }
    if (this.#abort.signal.aborted) await this.#undo();
  }

  async #startHouse(): Promise<void> {
    const { connectAsync } = await import('mqtt');
    const client = await connectAsync(this.#runtime.brokerUrl ?? '', {
      clientId: 'simulated-house',
      clean: true,
    });
    this.#teardown.add('simulated house connection', async () => client.endAsync(true));
    if (this.#abort.signal.aborted) return;
    client.on('error', (error) =>
      this.#options.log.warn({ err: error }, 'The simulated house lost its broker.'),
    );
    const simulator = runSimulator({
      house: new SimulatedHouse(),
      clock: this.#options.clock ?? systemClock,
      client: {
        publish: (topic, payload, { retain }) => void client.publish(topic, payload, { retain, qos: 0 }),
        subscribe: (filter) => void client.subscribe(filter),
        onMessage: (listener) => void client.on('message', listener),
      },
    });
    this.#teardown.add('simulated house', () => simulator.stop());
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#stopping ??= this.#tearDown();
    return this.#stopping;
  }

  /** Stops, and undoes what came to be while that went on. */
  async #undo(): Promise<void> {
    await this.stop();
    await this.#tearDown();
  }

  async #tearDown(): Promise<void> {
    await this.#teardown.run((name, error) =>
      this.#options.log.error({ err: error }, `${name} did not stop cleanly.`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The port wished for if nobody has it, else any. */
async function freePort(wished: number): Promise<number> {
  const listens = async (port: number): Promise<number | undefined> =>
    new Promise((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(undefined));
      server.listen(port, '127.0.0.1', () => {
        const address = server.address();
        server.close(() =>
          resolve(typeof address === 'object' && address !== null ? address.port : undefined),
        );
      });
    });
  return (await listens(wished)) ?? (await listens(0)) ?? wished;
}
