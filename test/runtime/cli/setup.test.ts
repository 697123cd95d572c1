import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  checkAccelerators,
  checkClock,
  checkDisk,
  checkMemory,
  checkNode,
  checkThermal,
} from '../../../runtime/cli/doctor/board.ts';
import { probeHost } from '../../../devices/index.ts';
import { DeviceCollector } from '../../../runtime/cli/init/discover.ts';
import { configText, newPassword } from '../../../runtime/cli/init/write.ts';
import { checkConfig, loadConfig, parseYaml } from '../../../runtime/config/load.ts';
import { cli, temporaryFolder } from '../../support/cli.ts';
import {
  mosquittoPath,
  NO_MOSQUITTO,
  startMosquitto,
  type MosquittoOptions,
} from '../../support/mosquitto.ts';

async function broker(options: MosquittoOptions = {}) {
  const mosquitto = await startMosquitto(options);
  onTestFinished(() => mosquitto.stop());
  return mosquitto.url;
}

/** An address where nothing listens: a broker that was there a moment ago. */
const NOBODY = 'mqtt://127.0.0.1:1';

describe('init', () => {
  it('writes a private file with a broker of its own where there is none', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'ganglion.yaml');
    const { code, stdout } = await cli(folder, 'init', '--broker', NOBODY, '--listen', '0');
    expect(code).toBe(0);
    expect(stdout).toContain('Wrote ganglion.yaml');
    expect(stdout).toContain('Next: ganglion doctor');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { broker } = loadConfig(file);
    const users = typeof broker === 'object' && 'embedded' in broker ? broker.embedded.users : {};
    expect(users['devices']?.password).toMatch(/^[A-Za-z0-9]{20}$/);
    expect(stdout).not.toContain(users['devices']!.password);
  });

  it('does not overwrite without --force', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'ganglion.yaml');
    writeFileSync(file, 'node: mine\n', { mode: 0o644 });
    const refused = await cli(folder, 'init', '--broker', NOBODY);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('it is there already');
    expect(readFileSync(file, 'utf8')).toBe('node: mine\n');
    expect((await cli(folder, 'init', '--force', '--broker', NOBODY, '--json')).code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.part`)).toBe(false);
  });

  it('says when the folder cannot be written to', async () => {
    const { code, stderr } = await cli('/proc', 'init', '--broker', NOBODY);
    expect(code).toBe(1);
    expect(stderr).toContain('Expected to write /proc/ganglion.yaml but');
  });

  it.skipIf(mosquittoPath === undefined)(
    `finds a broker and who announces itself (${NO_MOSQUITTO} otherwise)`,
    async () => {
      const url = await broker();
      const client = await connectAsync(url);
      onTestFinished(() => client.endAsync(true));
      const devices = [
        { type: 'Coordinator', friendly_name: 'c' },
        { type: 'Router', friendly_name: 'hall\u001B[2J: #"lamp' },
      ];
      await client.publishAsync('zigbee2mqtt/bridge/devices', JSON.stringify(devices), {
        retain: true,
        qos: 1,
      });
      await client.publishAsync('tasmota/discovery/AABB/config', '{"dn":"Boiler"}', { retain: true, qos: 1 });
      await client.publishAsync('homeassistant/x/y/config', '[[[', { retain: true, qos: 1 });
      const folder = temporaryFolder();
      const { code, stdout, stderr } = await cli(folder, 'init', '--broker', url, '--listen', '1');
      expect({ code, stderr: stderr.includes('listening for devices') }).toEqual({ code: 0, stderr: true });
      expect(stdout).toContain('zigbee2mqtt: 1 (hall');
      expect(stdout).toContain('tasmota: 1 (Boiler)');
      expect(loadConfig(join(folder, 'ganglion.yaml')).broker).toBe(url);
    },
  );

  it.skipIf(mosquittoPath === undefined)('asks for the password of a broker that wants one', async () => {
    const url = await broker({ users: { anna: 'secret-enough' } });
    const folder = temporaryFolder();
    const { code, stdout } = await cli(folder, 'init', '--broker', url);
    expect(code).toBe(0);
    expect(stdout).toContain('wants a user and password');
    const doctor = await cli(folder, 'doctor', '--json');
    const { checks } = JSON.parse(doctor.stdout) as {
      checks: { name: string; status: string; detail: string }[];
    };
    const found = checks.find((check) => check.name === 'broker');
    expect(found).toMatchObject({ status: 'fail' });
    expect(found?.detail).toContain('password');
    expect(doctor.code).toBe(1);
  });

  it('writes what the daemon can read, whatever was found', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(fc.array(text), fc.option(fc.webUrl()), fc.option(text), (seen, url, model) => {
        const yaml = configText({
          node: 'hub',
          timezone: 'Europe/Berlin',
          brokerUrl: url === null ? undefined : url.replace(/^https?/, 'mqtt'),
          needsPassword: false,
          seen,
          modelFile: model === null || model === '' ? undefined : model,
          password: newPassword(),
        });
        const config = checkConfig(parseYaml(yaml, 'ganglion.yaml'), { baseDir: '/' });
        expect(config.node).toBe('hub');
        expect(config.house).toBeUndefined();
      }),
    );
  });

  it('counts nothing for payloads that make no sense', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom(
              'zigbee2mqtt/bridge/devices',
              'homeassistant/a/b/config',
              'tasmota/discovery/x/config',
              'shellyx/online',
            ),
            fc.oneof(fc.json(), fc.string()),
          ),
        ),
        (messages) => {
          const collector = new DeviceCollector();
          for (const [topic, payload] of messages) collector.message(topic, Buffer.from(payload));
          expect(collector.result().messages).toBe(messages.length);
        },
      ),
    );
    const collector = new DeviceCollector();
    const many = Array.from({ length: 5000 }, (_, i) => ({ type: 'Router', friendly_name: `d${i}` }));
    collector.message('zigbee2mqtt/bridge/devices', Buffer.from(JSON.stringify(many)));
    expect(collector.count).toBe(2000);
  });
});

describe('doctor', () => {
  it('really loads every native library and names the mend of what is missing', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'ganglion.yaml'),
      `broker: ${NOBODY}\nhttp: { listen: "127.0.0.1:1" }\nmodel: { file: gone.gguf }\n`,
    );
    const { code, stdout } = await cli(folder, 'doctor');
    expect(code).toBe(1);
    expect(stdout).toMatch(/ok +native +libsql: SQLite 3\./);
    expect(stdout).toMatch(/ok +native +koffi: 64-bit calls/);
    expect(stdout).toMatch(/ok +native +llama: llama\.cpp on/);
    expect(stdout).toMatch(/ok +native +onnxruntime: providers:.*cpu/);
    expect(stdout).toMatch(/fail +broker +mqtt:\/\/127\.0\.0\.1:1: nothing listens there/);
    expect(stdout).toMatch(/fail +model/);
    expect(stdout).toMatch(/warn +daemon/);
    expect(stdout).toContain('2 failures');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('shows what is wrong in the configuration and goes on', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'ganglion.yaml'), 'nod: hub\n');
    const { code, stdout } = await cli(folder, 'doctor', '--json');
    expect(code).toBe(1);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; status: string }[] };
    expect(ok).toBe(false);
    expect(checks.find((check) => check.name === 'config')?.status).toBe('fail');
    expect(checks.filter((check) => check.name === 'native')).toHaveLength(6);
  });

  it('judges versions, clocks, disks and devices', () => {
    expect(checkNode('20.19.0').status).toBe('ok');
    expect(checkNode('24.1.0').status).toBe('ok');
    expect(checkNode('20.18.9').status).toBe('fail');
    expect(checkClock(0).status).toBe('fail');
    const now = Date.UTC(2026, 0, 5);
    expect(checkClock(now, (path) => path.endsWith('timesync')).status).toBe('warn');
    expect(checkClock(now, () => true).status).toBe('ok');
    expect(checkDisk('/tmp/not/there/yet').status).not.toBe('fail');
    const host = probeHost();
    const memory = { ...host.memory, availableBytes: 100e6 };
    expect(checkMemory({ ...host, memory }).status).toBe('fail');
    expect(checkMemory({ ...host, memory: { ...memory, availableBytes: 500e6 } }).status).toBe('warn');
    expect(checkAccelerators({ ...host, accelerators: [] }).detail).toContain('none');
    const gpu = { kind: 'nvidia', seenAs: '/dev/nvidia0', name: 'NVIDIA GPU' } as const;
    expect(checkAccelerators({ ...host, accelerators: [gpu] }).detail).toBe('NVIDIA GPU');
    const thermal = { celsius: 52, throttled: [], throttledBefore: [], throttleKnown: true } as const;
    expect(checkThermal({ ...host, thermal })).toMatchObject({ status: 'ok', detail: '52 °C' });
    expect(
      checkThermal({ ...host, thermal: { ...thermal, throttledBefore: ['under-voltage'] } }).mend,
    ).toContain('power');
    expect(checkThermal({ ...host, thermal: { ...thermal, celsius: 90 } }).status).toBe('warn');
  });
});
