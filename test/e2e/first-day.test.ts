import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { dataFolder } from '../support/data.ts';
import { writeDaemonFiles } from '../support/daemon.ts';
import { writeTinyLlama } from '../support/gguf.ts';
import { mosquittoPath, NO_MOSQUITTO, startMosquitto } from '../support/mosquitto.ts';
import type { Mosquitto } from '../support/mosquitto.ts';
import { startDaemon, temporaryFolder, watching } from './rig.ts';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../../dist/runtime/cli/main.js', import.meta.url));
const PATIENT = { timeout: 10_000, interval: 20 };
const publisher = ['/usr/bin/mosquitto_pub', '/usr/local/bin/mosquitto_pub'].find((path) => existsSync(path));
const reason =
  mosquittoPath === undefined
    ? ` (skipped: ${NO_MOSQUITTO})`
    : publisher === undefined
      ? ' (skipped: mosquitto_pub is not installed; Debian: apt-get install mosquitto-clients)'
      : '';

let broker: Mosquitto;
let client: MqttClient;
let commands: string[] = [];

/** As somebody at a terminal would. */
async function pub(topic: string, payload: unknown): Promise<void> {
  const message = typeof payload === 'string' ? payload : JSON.stringify(payload);
  await run(publisher!, ['-p', String(broker.port), '-q', '1', '-t', topic, '-m', message]);
}

describe.skipIf(reason !== '')(`the first day with a house${reason}`, () => {
  beforeAll(async () => {
    broker = await startMosquitto();
    client = await connectAsync(broker.url, { clean: true });
    client.on('message', (topic, payload) => commands.push(`${topic} ${payload.toString()}`));
    await client.subscribeAsync(['zigbee2mqtt/+/set', 'cmnd/#', '+/rpc'], { qos: 1 });
  });
  afterAll(async () => {
    await client?.endAsync(true);
    await broker?.stop();
  });

  /** A daemon that knows nothing but the address of the broker and one rule. */
  async function oneRule(node: string, when: string, then: string) {
    commands = [];
    return startDaemon({ config: { node, broker: broker.url }, policies: [{ id: 'rule', when, then }] });
  }

  test('Zigbee2MQTT with hexadecimal names', async () => {
    const lamp = '0x0017880103aa11ff';
    const sensor = '0x00158d0001a2b3c4';
    const rig = await oneRule(
      'zigbee',
      `prop("binary_sensor.${sensor}_occupancy.state") == "on"`,
      `light.${lamp}.turn_on(brightness: 20)`,
    );
    await pub(`zigbee2mqtt/${lamp}`, { state: 'OFF', brightness: 254, linkquality: 120 });
    await pub(`zigbee2mqtt/${sensor}`, {
      battery: 97,
      illuminance: 12,
      linkquality: 80,
      occupancy: false,
      voltage: 2995,
    });
    await expect.poll(() => watching(rig.api), PATIENT).toBe(true);
    await pub(`zigbee2mqtt/${sensor}`, {
      battery: 97,
      illuminance: 12,
      linkquality: 83,
      occupancy: true,
      voltage: 2995,
    });
    await expect
      .poll(() => commands, PATIENT)
      .toEqual([`zigbee2mqtt/${lamp}/set {"state":"ON","brightness":51}`]);
    await pub(`zigbee2mqtt/${lamp}`, { state: 'ON', brightness: 51, linkquality: 118 });
    await expect.poll(rig.outcomes, PATIENT).toEqual([`light.${lamp}.turn_on confirmed`]);
  });

  const tasmota = dataFolder('tasmota');
  test.skipIf(!tasmota.present)(`Tasmota ${tasmota.reason}`, async () => {
    const payloads = readFileSync(join(tasmota.path, 'telemetry.jsonl'), 'utf8').split('\n');
    const rig = await oneRule('tasmota', 'sensor.porch.temperature < 15', 'switch.heater.turn_on');
    await pub('tele/heater/STATE', '{"Time":"2026-01-01T10:00:00","Uptime":"0T01:00:00","POWER":"OFF"}');
    expect(payloads[0]).toContain('"DS18B20":{"Temperature":20.6}');
    await pub('tele/porch/SENSOR', payloads[0]!);
    await expect.poll(() => watching(rig.api), PATIENT).toBe(true);
    await pub('tele/porch/SENSOR', payloads[0]!.replace('20.6', '14.9'));
    await expect.poll(() => commands, PATIENT).toEqual(['cmnd/heater/POWER ON']);
    await pub('stat/heater/RESULT', '{"POWER":"ON"}');
    await pub('stat/heater/POWER', 'ON');
    await expect.poll(rig.outcomes, PATIENT).toEqual(['switch.heater.turn_on confirmed']);
  });

  const shelly = dataFolder('aioshelly');
  test.skipIf(!shelly.present)(`Shelly ${shelly.reason}`, async () => {
    const id = 'shelly1minig4-a1b2';
    const file = join(shelly.path, 'tests/rpc_device/fixtures/shellymini1gen4/Shelly.GetStatus');
    const status = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
    const rig = await oneRule(
      'shelly',
      'binary_sensor.shelly1minig4_a1b2_input.state == "on"',
      'switch.shelly1minig4_a1b2.turn_on',
    );
    await pub(`${id}/online`, 'true');
    for (const [component, values] of Object.entries(status)) await pub(`${id}/status/${component}`, values);
    await expect.poll(() => watching(rig.api), PATIENT).toBe(true);
    const notify = async (params: object) =>
      pub(`${id}/events/rpc`, {
        src: id,
        dst: `${id}/events`,
        method: 'NotifyStatus',
        params: { ts: Math.floor(Date.now() / 1000), ...params },
      });
    await notify({ 'input:0': { ...status['input:0'], state: true } });
    await expect.poll(() => commands.length, PATIENT).toBe(1);
    const [topic, payload] = commands[0]!.split(/ (.*)/);
    expect(topic).toBe(`${id}/rpc`);
    expect(JSON.parse(payload!)).toMatchObject({ method: 'Switch.Set', params: { id: 0, on: true } });
    await notify({ 'switch:0': { id: 0, output: true, source: 'MQTT' } });
    await expect.poll(rig.outcomes, PATIENT).toEqual(['switch.shelly1minig4_a1b2.turn_on confirmed']);
  });

  test('Ctrl-C ends it within two seconds, and nothing is left running', async () => {
    const folder = temporaryFolder();
    const model = join(folder, 'tiny.gguf');
    await writeTinyLlama(model);
    const config = await writeDaemonFiles(folder, {
      config: { node: 'ctrl-c', broker: broker.url, model: { file: model } },
    });
    const { http } = JSON.parse(readFileSync(config, 'utf8')) as { http: { listen: string } };
    const child = spawn(process.execPath, [CLI, 'run', '--config', config], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = new Promise<number | null>((resolve) => {
      child.once('exit', resolve);
    });
    const healthy = async () => {
      const reply = await fetch(`http://${http.listen}/health`).catch(() => undefined);
      return ((await reply?.json()) as { status?: string } | undefined)?.status;
    };
    await expect.poll(healthy, { ...PATIENT, interval: 50 }).toBe('ok');
    const children = childrenOf(child.pid!);
    expect(children.length).toBeGreaterThan(0);
    const asked = performance.now();
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(performance.now() - asked).toBeLessThan(2000);
    await expect.poll(() => children.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  });
});

/** Child processes, by /proc; other systems than Linux have none to look at. */
function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
}
