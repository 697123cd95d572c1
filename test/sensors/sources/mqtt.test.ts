import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../runtime/lib/clock.ts';
import { MqttSource, type MqttSourceOptions } from '../../../sensors/sources/mqtt.ts';
import { describeSource } from '../../conformance/source.ts';
import {
  freePort,
  type Mosquitto,
  type MosquittoOptions,
  mosquittoPath,
  NO_MOSQUITTO,
  startMosquitto,
} from '../../support/mosquitto.ts';
import { RecordingSink } from '../../support/sink.ts';

const missing = mosquittoPath === undefined ? `: ${NO_MOSQUITTO}` : '';

/** Undone in reverse after each test. */
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUps.splice(0).toReversed()) await undo();
});

async function broker(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const mosquitto = await startMosquitto(options);
  cleanUps.push(() => mosquitto.stop());
  return mosquitto;
}

async function client(url: string): Promise<MqttClient> {
  const connected = await connectAsync(url);
  cleanUps.push(() => connected.endAsync(true));
  return connected;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mqtt-test-'));
  cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function sourceOf(url: string, more: Partial<MqttSourceOptions> = {}): MqttSource {
  return new MqttSource({
    broker: { url, clientId: 'ganglion-test' },
    filters: ['house/#'],
    clock: systemClock,
    backoff: { minMs: 20, maxMs: 60 },
    ...more,
  });
}

async function running(source: MqttSource, sink = new RecordingSink()): Promise<RecordingSink> {
  cleanUps.push(() => source.stop());
  await source.start(sink, new AbortController().signal);
  return sink;
}

describe.skipIf(mosquittoPath === undefined)(`MqttSource with Mosquitto${missing}`, () => {
  describeSource('mqtt', async () => {
    const mosquitto = await startMosquitto();
    const publisher = await connectAsync(mosquitto.url);
    let told = 0;
    return {
      source: sourceOf(mosquitto.url),
      stir: async () => {
        await publisher.publishAsync('house/hall', `${told++}`, { qos: 1 });
      },
      dispose: async () => {
        await publisher.endAsync(true);
        await mosquitto.stop();
      },
    };
  });

  it.each([0, 1, 2] as const)('delivers QoS %i in order, with the retained flag', async (qos) => {
    const { url } = await broker();
    const publisher = await client(url);
    await publisher.publishAsync('house/old', 'old', { qos, retain: true });
    const sink = await running(sourceOf(url, { qos }));
    await sink.until(() => sink.messages.length === 1);
    await sink.untilConnected();
    // Mosquitto 2.0.11 sends no more QoS 2 messages once more than its window of 20 were queued: no burst here.
    for (let i = 0; i < 50; i++) await publisher.publishAsync('house/new', `${i}`, { qos });
    await sink.until(() => sink.messages.length === 51);
    expect(sink.texts).toEqual(['old', ...Array.from({ length: 50 }, (_, i) => `${i}`)]);
    expect(sink.messages.map((message) => message.retained)).toEqual([
      true,
      ...Array.from({ length: 50 }, () => false),
    ]);
    expect(sink.messages.every((message) => message.qos === qos)).toBe(true);
  });

  it.each([1, 2] as const)(
    'does not acknowledge what the sink refused (QoS %i) until it is redelivered',
    async (qos) => {
      const { url } = await broker();
      const publisher = await client(url);
      const source = sourceOf(url, { qos });
      const sink = await running(source);
      await sink.untilConnected();
      sink.acceptance = () => (sink.texts.at(-1) === 'b' ? 'refused' : 'durable');
      for (const text of ['a', 'b', 'c']) await publisher.publishAsync('house/x', text, { qos });
      await sink.until(() => sink.messages.length === 3);
      expect(source.unacknowledged).toBe(1);
      sink.acceptance = 'durable';
      source.redeliver();
      await sink.until(() => sink.messages.length === 4);
      expect(sink.texts).toEqual(['a', 'b', 'c', 'b']);
      expect(sink.messages[3]?.duplicate).toBe(true);
      expect(source.unacknowledged).toBe(0);
      source.redeliver();
      await publisher.publishAsync('house/x', 'd', { qos });
      await sink.until(() => sink.messages.length === 5);
      expect(sink.texts.at(-1)).toBe('d');
      expect(source.counters).toMatchObject({ refused: 1, connects: 2 });
    },
  );

  it('gives up a message that makes the sink throw twice', async () => {
    const { url } = await broker();
    const publisher = await client(url);
    const source = sourceOf(url);
    const sink = await running(source);
    await sink.untilConnected();
    sink.acceptance = () => {
      if (sink.texts.at(-1) === 'poison') throw new TypeError('cannot digest it');
      return 'durable';
    };
    await publisher.publishAsync('house/x', 'poison', { qos: 1 });
    await sink.until(() => sink.messages.length === 1);
    source.redeliver();
    await sink.until(() => sink.messages.length === 2);
    await publisher.publishAsync('house/x', 'fine', { qos: 1 });
    await sink.until(() => sink.texts.at(-1) === 'fine');
    expect(source.counters).toMatchObject({ sinkErrors: 2, givenUp: 1 });
    expect(source.unacknowledged).toBe(0);
  });

  it('gets what was sent while it was away: persistent session', async () => {
    const { url } = await broker();
    const publisher = await client(url);
    const first = sourceOf(url);
    const before = await running(first);
    await before.untilConnected();
    await first.stop();
    await publisher.publishAsync('house/x', 'meanwhile', { qos: 1 });
    const after = await running(sourceOf(url));
    await after.until(() => after.messages.length === 1);
    expect(after.texts).toEqual(['meanwhile']);
  });

  it('loses nothing acknowledged by a broker that dies and comes back', async () => {
    const persistence = folder();
    const first = await broker({ persistence });
    const source = sourceOf(first.url);
    const sink = await running(source);
    await sink.untilConnected();
    await first.stop();
    await sink.untilLost();
    expect(sink.statuses.at(-1)?.detail).toMatch(/Expected to connect to mqtt:\/\/127.*Next attempt in/);
    const second = await broker({ persistence, port: first.port });
    const publisher = await client(second.url);
    await publisher.publishAsync('house/x', 'back', { qos: 1 });
    await sink.until(() => sink.messages.length === 1);
    await sink.untilConnected();
    expect(sink.texts).toEqual(['back']);
  });

  it('starts while the broker is away and says so', async () => {
    const port = await freePort();
    const sink = await running(sourceOf(`mqtt://127.0.0.1:${port}`));
    await sink.untilLost();
    expect(sink.statuses[0]?.detail).toContain('nothing listens there');
    await broker({ port });
    await sink.untilConnected();
  });

  it('says that the password is wrong, without showing it, and goes on trying', async () => {
    const { url } = await broker({ users: { hub: 'right' } });
    const source = sourceOf(url, {
      broker: { url, clientId: 'x', username: 'hub', password: 'wrong-secret' },
    });
    const sink = await running(source);
    await sink.until(() => sink.statuses.length >= 2);
    expect(sink.statuses[0]?.detail).toContain('user name or password is wrong');
    expect(JSON.stringify(sink.statuses)).not.toContain('wrong-secret');
    const right = await running(
      sourceOf(url, { broker: { url, clientId: 'y', username: 'hub', password: 'right' } }),
    );
    await right.untilConnected();
  });

  it('shares messages with others of its group', async () => {
    const { url } = await broker();
    const publisher = await client(url);
    const sinks = await Promise.all(
      ['one', 'two'].map((clientId) =>
        running(sourceOf(url, { broker: { url, clientId }, shareGroup: 'readers' })),
      ),
    );
    await Promise.all(sinks.map((sink) => sink.untilConnected()));
    const sent = Array.from({ length: 40 }, (_, i) => `${i}`);
    const all = Promise.race(
      sinks.map((sink) => sink.until(() => sinks.flatMap((one) => one.texts).length === 40)),
    );
    await Promise.all(sent.map((text) => publisher.publishAsync('house/x', text, { qos: 1 })));
    await all;
    expect(new Set(sinks.flatMap((sink) => sink.texts))).toEqual(new Set(sent));
    expect(sinks.every((sink) => sink.messages.length > 0)).toBe(true);
  });

  it('subscribes and unsubscribes while connected, and names filters that are none', async () => {
    const { url } = await broker();
    const publisher = await client(url);
    const source = sourceOf(url, { filters: ['a', 'b/#/c'] });
    const sink = await running(source);
    await sink.untilConnected();
    expect(sink.statuses[0]?.detail).toContain('cannot subscribe to b/#/c');
    source.subscribe(['b', 'a']);
    await sink.until(() => sink.statuses.length === 2);
    source.unsubscribe(['a']);
    source.subscribe(['c']);
    await sink.until(() => sink.statuses.length === 3);
    for (const topic of ['a', 'b', 'c']) await publisher.publishAsync(topic, topic, { qos: 1 });
    await sink.until(() => sink.messages.length === 2);
    expect(sink.texts).toEqual(['b', 'c']);
  });

  it('publishes its birth, what is queued, and when it stops its will', async () => {
    const first = await broker();
    const watcher = new RecordingSink();
    await running(
      sourceOf(first.url, { filters: ['ganglion/#'], broker: { url: first.url, clientId: 'w' } }),
      watcher,
    );
    await watcher.untilConnected();
    const said = (payload: string) => ({
      topic: 'ganglion/hub/status',
      payload,
      qos: 1 as const,
      retain: true,
    });
    const source = sourceOf(first.url, { will: said('offline'), birth: said('online') });
    expect(source.publish('ganglion/hub/decision', 'early', { qos: 1 })).toBe(true);
    const sink = await running(source);
    await sink.untilConnected();
    await watcher.until(() => watcher.messages.length === 2);
    expect(new Set(watcher.texts)).toEqual(new Set(['online', 'early']));
    await source.stop();
    await watcher.until(() => watcher.messages.length === 3);
    expect(watcher.texts.at(-1)).toBe('offline');
  });

  it('bounds what waits for a broker that is away', () => {
    const source = sourceOf('mqtt://127.0.0.1:1', { maxQueued: 10 });
    const results = Array.from({ length: 25 }, (_, i) => source.publish('x', `${i}`, { qos: 1 }));
    expect(results.filter(Boolean)).toHaveLength(10);
    expect(source.outbox).toMatchObject({ size: 10, dropped: 15 });
  });
});

describe('MqttSource and addresses that cannot be', () => {
  it.each(['nonsense://127.0.0.1:1', 'not a url', ''])('reports %j as a status', async (url) => {
    const sink = await running(sourceOf(url));
    await sink.untilLost();
    expect(sink.statuses[0]?.detail).toMatch(/^Expected to connect to/);
  });

  it('reports a certificate file that is not there', async () => {
    const url = 'mqtts://127.0.0.1:1';
    const sink = await running(sourceOf(url, { broker: { url, clientId: 'x', ca: '/nowhere/ca.pem' } }));
    await sink.untilLost();
    expect(sink.statuses[0]?.detail).toContain('/nowhere/ca.pem');
  });
});

const openssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(mosquittoPath === undefined || !openssl)(`MqttSource over TLS${missing}`, () => {
  /** A certificate that signs itself, for the loopback address. */
  function certificate(name: string) {
    const path = folder();
    const [key, cert] = [join(path, `${name}.key`), join(path, `${name}.pem`)];
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', [...args, '-days', '2', '-keyout', key, '-out', cert, ...subject], {
      stdio: 'ignore',
    });
    return { key, cert };
  }

  it('connects with the right authority and refuses a stranger', async () => {
    const server = certificate('server');
    const { url } = await broker({ tls: server });
    const stranger = await running(sourceOf(url));
    await stranger.untilLost();
    expect(stranger.statuses[0]?.detail).toMatch(/TLS failed \(DEPTH_ZERO_SELF_SIGNED_CERT/);
    const friend = await running(sourceOf(url, { broker: { url, clientId: 'x', ca: server.cert } }));
    await friend.untilConnected();
    const careless = await running(
      sourceOf(url, { broker: { url, clientId: 'z', rejectUnauthorized: false } }),
    );
    await careless.untilConnected();
  });

  it('shows a client certificate where the broker wants one', async () => {
    const server = certificate('server');
    const own = certificate('client');
    const { url } = await broker({ tls: { ...server, ca: own.cert } });
    const without = await running(sourceOf(url, { broker: { url, clientId: 'x', ca: server.cert } }));
    await without.untilLost();
    expect(without.statuses[0]?.detail).toMatch(/^Expected to connect to mqtts:/);
    const withOwn = await running(sourceOf(url, { broker: { url, clientId: 'y', ca: server.cert, ...own } }));
    await withOwn.untilConnected();
  });
});
