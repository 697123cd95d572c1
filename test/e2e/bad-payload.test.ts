import { gzipSync } from 'node:zlib';
import type { MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRuntime, loadConfig } from '../../runtime/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import { writeDaemonFiles } from '../support/daemon.ts';
import { MemoryLog } from '../support/log.ts';
import { mosquittoPath, NO_MOSQUITTO, startMosquitto } from '../support/mosquitto.ts';
import type { Mosquitto } from '../support/mosquitto.ts';

const reason = mosquittoPath === undefined ? ` (skipped: ${NO_MOSQUITTO})` : '';

interface Bad {
  readonly name: string;
  readonly topic: string;
  readonly payload: string | Buffer;
  /** The counter that tells, and what the sentence says. */
  readonly code: string;
  readonly says: RegExp;
}

const bomb = gzipSync(Buffer.alloc(64 << 20, 0x20), { level: 9 });
const template = (value: string) =>
  JSON.stringify({
    name: 'Hostile',
    unique_id: `h${value.length}`,
    state_topic: 'hostile/state',
    value_template: value,
  });
const cases: Bad[] = [
  {
    name: 'cut off in the middle',
    topic: 'zigbee2mqtt/cut',
    payload: '{"temperature": 21.5, "humi',
    code: 'payload_truncated',
    says: /Expected whole JSON on topic zigbee2mqtt\/cut but received 27 characters that end in the middle/,
  },
  {
    name: 'not UTF-8',
    topic: 'zigbee2mqtt/bytes',
    payload: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
    code: 'payload_not_utf8',
    says: /Expected text in UTF-8 on topic zigbee2mqtt\/bytes but received 4 bytes/,
  },
  {
    name: '1 MiB',
    topic: 'zigbee2mqtt/large',
    payload: JSON.stringify({ temperature: 'x'.repeat(1 << 20) }),
    code: 'payload_too_large',
    says: /Expected a payload of at most \d+ bytes on topic zigbee2mqtt\/large/,
  },
  {
    name: 'deeply nested',
    topic: 'tele/deep/SENSOR',
    payload: `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
    code: 'payload_too_deep',
    says: /Expected JSON of at most \d+ nested levels on topic tele\/deep\/SENSOR/,
  },
  {
    name: 'a zip bomb',
    topic: 'zigbee2mqtt/bomb',
    payload: bomb,
    code: 'payload_too_large',
    says: /on topic zigbee2mqtt\/bomb/,
  },
  {
    name: 'compressed and cut off',
    topic: 'zigbee2mqtt/half',
    payload: gzipSync('{"temperature": 21}').subarray(0, 20),
    code: 'payload_compression',
    says: /Expected a whole gzip payload on topic zigbee2mqtt\/half/,
  },
  {
    name: 'no JSON at all',
    topic: 'shellyplus1-aabbcc/events/rpc',
    payload: 'hello',
    code: 'payload_not_json',
    says: /Expected JSON on topic shellyplus1-aabbcc\/events\/rpc/,
  },
  {
    name: 'an announcement with a template that would not end',
    topic: 'homeassistant/sensor/hostile/config',
    payload: template(
      '{% for a in range(99999999) %}{% for b in range(99999999) %}x{% endfor %}{% endfor %}',
    ),
    code: 'house_problem',
    says: /hostile|Hostile/,
  },
  {
    name: 'an announcement that is no object',
    topic: 'homeassistant/sensor/broken/config',
    payload: '[1, 2]',
    code: 'house_problem',
    says: /homeassistant\/sensor\/broken\/config/,
  },
];

describe.skipIf(reason !== '')(`a payload nobody can read is named, counted and survived${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-payload-'));
  const log = new MemoryLog();
  let broker: Mosquitto;
  let client: MqttClient;
  let runtime: Runtime;
  let good = 0;

  beforeAll(async () => {
    broker = await startMosquitto();
    client = await connectAsync(broker.url, { clean: true });
    const file = await writeDaemonFiles(folder, { config: { node: 'payloads', broker: broker.url } });
    runtime = createRuntime(loadConfig(file), { log });
    await runtime.start();
    await vi.waitFor(() => assert(runtime.api.health().status === 'ok'), { timeout: 5000, interval: 20 });
  });
  afterAll(async () => {
    await runtime?.stop();
    await client?.endAsync(true);
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const counted = (code: string): number =>
    Object.entries(runtime.api.stats().counters)
      .filter(([name]) => name.startsWith(`problem_${code}`))
      .reduce((sum, [, count]) => sum + count, 0);

  /** The daemon still hears the next good message. */
  async function stillListens(): Promise<void> {
    const value = ++good;
    await client.publishAsync('zigbee2mqtt/good', JSON.stringify({ temperature: value }), { qos: 1 });
    await expect.poll(() => runtime.api.state.entity('sensor.good')['temperature']?.value).toBe(value);
  }

  test.each(cases)('$name', async ({ topic, payload, code, says }) => {
    const before = counted(code);
    await client.publishAsync(topic, payload, { qos: 1 });
    if (topic.includes('hostile')) await client.publishAsync('hostile/state', '1', { qos: 1 });
    await stillListens();
    expect(counted(code)).toBe(before + 1);
    expect(log.lines.filter(({ message }) => says.test(message))).toHaveLength(1);
  });

  test('NaN is no value, and nothing reaches a prototype', async () => {
    await client.publishAsync('zigbee2mqtt/odd', '{"temperature": NaN, "humidity": 40}', { qos: 1 });
    const hostile =
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "humidity": 41}';
    await client.publishAsync('zigbee2mqtt/__proto__', hostile, { qos: 1 });
    await client.publishAsync('zigbee2mqtt/odd2', hostile, { qos: 1 });
    await stillListens();
    expect(runtime.api.state.entity('sensor.odd')).toMatchObject({ humidity: { value: 40 } });
    expect(runtime.api.state.entity('sensor.odd')['temperature']?.value).toBeUndefined();
    expect(runtime.api.state.entity('sensor.odd2')).toMatchObject({ humidity: { value: 41 } });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
