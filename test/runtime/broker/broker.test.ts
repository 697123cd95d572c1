import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectMqtt, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EmbeddedBroker, type EmbeddedBrokerOptions } from '../../../runtime/broker/broker.ts';
import { systemClock } from '../../../runtime/lib/clock.ts';
import { MqttSource } from '../../../sensors/sources/mqtt.ts';
import { MemoryLog } from '../../support/log.ts';
import { RecordingSink } from '../../support/sink.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUps.splice(0).toReversed()) await undo();
});

async function start(more: Partial<EmbeddedBrokerOptions> = {}) {
  const log = new MemoryLog();
  const broker = new EmbeddedBroker({ listen: '127.0.0.1:0', users: {}, clock: systemClock, log, ...more });
  cleanUps.push(() => broker.stop());
  const { port } = await broker.start();
  return { broker, log, port, url: `mqtt://127.0.0.1:${port}` };
}

async function client(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const connected = await connectAsync(url, { reconnectPeriod: 0, ...options });
  connected.on('error', () => {});
  cleanUps.push(() => connected.endAsync(true));
  return connected;
}

async function listener(url: string, filters: readonly string[], login: object = {}): Promise<RecordingSink> {
  const sink = new RecordingSink();
  const source = new MqttSource({
    broker: { url, clientId: 'listener', ...login },
    filters,
    clock: systemClock,
  });
  cleanUps.push(() => source.stop());
  await source.start(sink, new AbortController().signal);
  await sink.untilConnected();
  return sink;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'broker-test-'));
  cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('EmbeddedBroker', () => {
  it('loses none that a quicker one overtakes, and sends one once to overlapping subscriptions', async () => {
    const { url } = await start();
    const sink = await listener(url, ['house/#']);
    const overlapping = await client(url);
    const seen: string[] = [];
    overlapping.on('message', (_topic, payload) => void seen.push(payload.toString()));
    await overlapping.subscribeAsync(['house/#', 'house/+', 'house/x'], { qos: 1 });
    const publisher = await client(url);
    const kinds = [
      { retain: true, qos: 0 },
      { retain: false, qos: 1 },
      { retain: true, qos: 1 },
      { retain: false, qos: 0 },
    ] as const;
    const sent = Array.from({ length: 40 }, (_, n) => `${n}`);
    for (const [n, text] of sent.entries()) publisher.publish('house/x', text, kinds[n % 4]);
    await sink.until(() => sink.messages.length >= sent.length);
    await publisher.publishAsync('house/last', 'last', { qos: 1 });
    await sink.until(() => sink.texts.includes('last'));
    await vi.waitFor(() => expect(seen).toContain('last'));
    const byNumber = (texts: readonly string[]): string[] =>
      texts.slice(0, -1).toSorted((a, b) => Number(a) - Number(b));
    expect(byNumber(sink.texts)).toEqual(sent);
    expect(byNumber(seen)).toEqual(sent);
  });

  it('carries messages of every QoS and stops more than once', async () => {
    const { broker, url } = await start();
    const sink = await listener(url, ['house/#']);
    const publisher = await client(url);
    for (const qos of [0, 1, 2] as const) await publisher.publishAsync('house/x', `${qos}`, { qos });
    await sink.until(() => sink.messages.length === 3);
    expect(sink.texts).toEqual(['0', '1', '2']);
    expect(broker.stats).toMatchObject({ connections: 2, published: 3 });
    await Promise.all([broker.stop(), broker.stop()]);
    expect(broker.stats.connections).toBe(0);
  });

  it('says that its port is taken', async () => {
    const { port } = await start();
    await expect(start({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  });

  it.each(['127.0.0.1', 'x:y', '[::1:99', '127.0.0.1:99999', '203.0.113.7:1883'])(
    'refuses to listen on %s',
    async (listen) => {
      const users = { hub: { password: 'long enough' } };
      await expect(start({ listen, users })).rejects.toMatchObject({ code: 'BROKER_LISTEN_FAILED' });
    },
  );

  it.each(['0.0.0.0:0', '[::]:0', '192.0.2.1:0', 'localhost.evil.example:0'])(
    'wants users where others can reach it: %s',
    async (listen) => {
      await expect(start({ listen })).rejects.toMatchObject({ code: 'BROKER_USERS_REQUIRED' });
    },
  );

  it('admits its users and the daemon itself, and nobody else', async () => {
    const { broker, url } = await start({ users: { hub: { password: 'correct horse' } } });
    await client(url, { username: 'hub', password: 'correct horse' });
    await client(url, broker.credentials);
    for (const login of [
      {},
      { username: 'hub', password: 'wrong' },
      { username: 'nobody', password: 'correct horse' },
      { username: '$ganglion', password: 'correct horse' },
      { username: '__proto__', password: 'x' },
    ]) {
      await expect(client(url, login)).rejects.toThrow(/Bad username or password|Not authorized/i);
    }
    expect(broker.stats.loginsRefused).toBe(5);
  });

  it('keeps users to their topics', async () => {
    const users = { meter: { password: 'p', publish: ['meter/'], subscribe: ['meter/'] } };
    const { broker, url } = await start({ users });
    const sink = await listener(url, ['#'], broker.credentials);
    const meter = await client(url, { username: 'meter', password: 'p' });
    await meter.publishAsync('meter/power', '5', { qos: 1 });
    await sink.until(() => sink.texts.includes('5'));
    const granted = await meter.subscribeAsync(['meter/#']);
    expect(granted[0]?.qos).toBe(0);
    await expect(meter.subscribeAsync('#')).rejects.toThrow(/./);
    const closed = new Promise<void>((resolve) => meter.once('close', () => resolve()));
    meter.publish('lock/front/set', 'UNLOCK', { qos: 1 });
    await closed;
    expect(broker.stats.publishesForbidden).toBe(1);
    expect(sink.texts).not.toContain('UNLOCK');
  });

  it('passes on everything, in order, whether retained or not and at every QoS', async () => {
    const { url } = await start();
    const sink = await listener(url, ['#']);
    const publisher = await client(url);
    const sent = Array.from({ length: 60 }, (_, i) => `${i}`);
    await Promise.all(
      sent.map((text, i) =>
        publisher.publishAsync(`t/${text}`, text, { qos: (i % 3) as 0 | 1 | 2, retain: i % 4 === 0 }),
      ),
    );
    await sink.until(() => sink.messages.length >= sent.length);
    expect(sink.texts.toSorted((a, b) => Number(a) - Number(b))).toEqual(sent);
    // QoS 2 has a handshake more: only messages of one QoS keep their order.
    for (const qos of [0, 1, 2])
      expect(sink.texts.filter((text) => Number(text) % 3 === qos)).toEqual(
        sent.filter((text) => Number(text) % 3 === qos),
      );
  });

  it('refuses shared subscriptions, which it could not serve', async () => {
    const { url } = await start();
    const subscriber = await client(url);
    await expect(subscriber.subscribeAsync('$share/group/house')).rejects.toThrow(/./);
  });

  it('keeps retained messages over a restart, and forgets deleted ones', async () => {
    const retainedFile = join(folder(), 'deep', 'retained.json');
    const first = await start({ retainedFile });
    const publisher = await client(first.url);
    const bytes = Buffer.from([0, 255, 1]);
    await publisher.publishAsync('a', bytes, { qos: 1, retain: true });
    await publisher.publishAsync('b', 'gone', { qos: 1, retain: true });
    await publisher.publishAsync('b', '', { qos: 1, retain: true });
    await publisher.publishAsync('c', 'not retained', { qos: 1 });
    await first.broker.stop();
    const second = await start({ retainedFile });
    const sink = await listener(second.url, ['#']);
    await sink.until(() => sink.messages.length === 1);
    expect(sink.messages[0]).toMatchObject({ topic: 'a', retained: true });
    expect(Buffer.from(sink.messages[0]!.payload).equals(bytes)).toBe(true);
    expect(second.broker.stats.retained).toBe(1);
    expect(existsSync(`${retainedFile}.new`)).toBe(false);
  });

  it('begins anew, and says so, where the file of retained messages is broken', async () => {
    const retainedFile = join(folder(), 'retained.json');
    writeFileSync(retainedFile, '[{"topic":"a","pay');
    const { broker, log, url } = await start({ retainedFile });
    expect(log.lines[0]).toMatchObject({ level: 'warn' });
    const publisher = await client(url);
    await publisher.publishAsync('b', 'x', { qos: 1, retain: true });
    await broker.stop();
    expect(JSON.parse(readFileSync(retainedFile, 'utf8'))).toHaveLength(1);
  });

  it('bounds retained messages but passes them on', async () => {
    const { broker, url } = await start({ retained: { maxMessages: 2, maxBytes: 100 } });
    const sink = await listener(url, ['#']);
    const publisher = await client(url);
    for (const topic of ['a', 'b', 'c', 'a']) {
      await publisher.publishAsync(topic, 'x', { qos: 1, retain: true });
    }
    await publisher.publishAsync('a', 'x'.repeat(100), { qos: 1, retain: true });
    await sink.until(() => sink.messages.length === 5);
    expect(broker.stats).toMatchObject({ retained: 2, retainedRefused: 2 });
  });

  it('bounds what it queues for a session that is away', async () => {
    const { broker, url } = await start({ sessions: { maxSessions: 1, maxQueued: 3 } });
    const away = await client(url, { clean: false, clientId: 'away' });
    await away.subscribeAsync('x', { qos: 1 });
    const publisher = await client(url);
    for (let i = 0; i < 5; i++) await publisher.publishAsync('x', `${i}`, { qos: 1 });
    await away.endAsync();
    const dropped = broker.stats.queuedDropped;
    for (let i = 0; i < 5; i++) await publisher.publishAsync('x', `late ${i}`, { qos: 1 });
    expect(broker.stats.queuedDropped - dropped).toBeGreaterThanOrEqual(2);
    const sink = new RecordingSink();
    const back = new MqttSource({ broker: { url, clientId: 'away' }, filters: ['x'], clock: systemClock });
    cleanUps.push(() => back.stop());
    await back.start(sink, new AbortController().signal);
    await sink.until(() => sink.texts.includes('late 0'));
    await sink.untilConnected();
    for (let i = 0; i < 5; i++) await publisher.publishAsync('x', `new ${i}`, { qos: 1 });
    await sink.until(() => sink.texts.includes('new 0'));
    expect(sink.texts).not.toContain('late 4');
    const other = connectMqtt(url, { clean: false, clientId: 'other', reconnectPeriod: 0 });
    cleanUps.push(() => other.endAsync(true));
    await new Promise<void>((resolve) => other.once('close', () => resolve()));
    expect(broker.stats.sessionsRefused).toBe(1);
  });

  it('cuts a connection that announces too large a packet', async () => {
    const { broker, url } = await start({ maxPacketBytes: 1000 });
    const publisher = await client(url);
    await publisher.publishAsync('a', 'x'.repeat(900), { qos: 1 });
    const closed = new Promise<void>((resolve) => publisher.once('close', () => resolve()));
    publisher.publish('a', 'x'.repeat(1100), { qos: 1 });
    await closed;
    expect(broker.stats.packetsTooLarge).toBe(1);
  });

  it('has a limit of connections', async () => {
    const { broker, port, url } = await start({ maxConnections: 1 });
    await client(url);
    const second = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => second.once('close', () => resolve()));
    expect(broker.stats.connectionsRefused).toBe(1);
  });
});
