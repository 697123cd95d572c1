import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { writeTinyLlama } from '../support/gguf.ts';
import { mosquittoPath, NO_MOSQUITTO, startMosquitto } from '../support/mosquitto.ts';
import type { Mosquitto } from '../support/mosquitto.ts';
import { writeDaemonFiles } from '../support/daemon.ts';
import {
  connected,
  echoDevices,
  HALL,
  hallConfig,
  motion,
  openDaemon,
  startDaemon,
  temporaryFolder,
  watching,
} from './rig.ts';
import type { Rig } from './rig.ts';

const reason = mosquittoPath === undefined ? ` (skipped: ${NO_MOSQUITTO})` : '';
const PATIENT = { timeout: 10_000, interval: 20 };
const noMount = canMount() ? '' : ' (skipped: mounting a tmpfs needs root and CAP_SYS_ADMIN)';

let broker: Mosquitto;
let client: MqttClient;

/** The rules still work: somebody comes and the lamp goes on. */
async function lampFollows({ api, outcomes }: Rig): Promise<void> {
  await motion(client, false);
  await expect.poll(() => api.policies().find(({ id }) => id === 'lamp-on')?.when, PATIENT).toBe(false);
  await motion(client, true);
  await expect.poll(outcomes, PATIENT).toContain('light.lamp.turn_on confirmed');
}

describe.skipIf(reason !== '')(`bad surroundings are named, counted and survived${reason}`, () => {
  beforeAll(async () => {
    broker = await startMosquitto();
    ({ client } = await echoDevices(broker.url));
  });
  afterAll(async () => {
    await client?.endAsync(true);
    await broker?.stop();
  });

  test('policies that cannot be read or do not fit the house', async () => {
    const folder = temporaryFolder();
    const config = hallConfig(broker.url, { node: 'policies' });
    const policies = [
      ...HALL.policies,
      { id: 'typo', when: 'binary_sensor.hall_ocupancy.state == "on"', then: 'light.lamp.turn_on' },
      { id: 'wrong', when: 'binary_sensor.hall_occupancy.state == "on"', then: 'light.lamp.explode' },
      { id: 'key', when: 'binary_sensor.hall_occupancy.state == "on"', than: 'light.lamp.turn_on' },
    ];
    const file = await writeDaemonFiles(folder, { config, devices: HALL.devices, policies });
    writeFileSync(join(folder, 'policies', 'broken.yaml'), '- id: "a\n  when: [}\n');
    const rig = await openDaemon(file);
    await connected(rig);
    await lampFollows(rig);
    const problems = () => rig.problems().filter((line) => line.includes('.yaml'));
    await expect.poll(() => problems().length, PATIENT).toBeGreaterThanOrEqual(4);
    const about = (what: string) => problems().filter((line) => line.includes(what));
    expect(about('broken.yaml')).toHaveLength(1);
    await expect
      .poll(() => about('typo').join('\n'), PATIENT)
      .toMatch(/hall_ocupancy.*did you mean binary_sensor\.hall_occupancy/);
    expect(about('wrong').join('\n')).toMatch(/explode/);
    expect(about('key').join(' ')).toMatch(/than\b.*then/);
    expect(rig.counter('problem_policy_problem')).toBeGreaterThanOrEqual(4);
    expect(rig.api.policies().find(({ id }) => id === 'typo')?.when).toBe('unknown');
    expect(rig.api.health().parts).toContainEqual({
      name: 'policies',
      status: 'warn',
      detail: expect.stringContaining('typo') as string,
    });
  });

  test('a house file that cannot be read', async () => {
    const folder = temporaryFolder();
    const file = await writeDaemonFiles(folder, { config: hallConfig(broker.url, { node: 'house' }) });
    writeFileSync(join(folder, 'house.yaml'), 'devices: [}');
    const rig = await openDaemon(file);
    await connected(rig);
    expect(rig.problems().filter((line) => /house\.yaml/.test(line))).toHaveLength(1);
    expect(rig.counter('problem_config_syntax')).toBe(1);
    await client.publishAsync('zigbee2mqtt/probe', '{"temperature": 7}', { qos: 1 });
    await expect.poll(() => rig.api.state.entity('sensor.probe')['temperature']?.value, PATIENT).toBe(7);
  });

  test('a wrong password', async () => {
    const guarded = await startMosquitto({ users: { ganglion: 'right' } });
    onTestFinished(async () => guarded.stop());
    const file = await writeDaemonFiles(temporaryFolder(), {
      config: { node: 'password', broker: { url: guarded.url, username: 'ganglion', password: 'sesame42' } },
    });
    const rig = await openDaemon(file);
    await expect.poll(() => rig.counter('source_failures'), PATIENT).toBe(1);
    const said = rig.problems().filter((line) => /password/.test(line));
    expect(said).toHaveLength(1);
    expect(said[0]).not.toContain('sesame42');
    expect(rig.api.health().status).toBe('degraded');
    await expect(fetch(`${rig.runtime.url}/health`)).resolves.toMatchObject({ status: 200 });
  });

  test('a port that another program has', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => {
      squatter.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => void squatter.close());
    const listen = `127.0.0.1:${(squatter.address() as AddressInfo).port}`;
    const rig = await startDaemon({
      config: hallConfig(broker.url, { node: 'port', http: { listen } }),
      ...HALL,
    });
    expect(
      rig.problems().filter((line) => line.includes(`Expected to listen on ${listen} for HTTP`)),
    ).toHaveLength(1);
    expect(rig.counter('problem_port_in_use')).toBe(1);
    expect(rig.runtime.url).toBeUndefined();
    await lampFollows(rig);
  });

  test.each(['truncated', 'not a GGUF'])('a model file that is %s', async (kind) => {
    const folder = temporaryFolder();
    const model = join(folder, 'model.gguf');
    await writeTinyLlama(model);
    if (kind === 'truncated') truncateSync(model, Math.floor(readFileSync(model).length * 0.6));
    else writeFileSync(model, 'no model at all, '.repeat(1000));
    const choose = {
      id: 'choose',
      decide: {
        on: ['binary_sensor.hall_occupancy.state'],
        choices: ['none', 'light.lamp.turn_off'],
        rungs: ['llm'],
        guidance: 'Save energy.',
      },
    };
    const rig = await startDaemon(
      {
        config: hallConfig(broker.url, { node: 'model', model: { file: model } }),
        devices: HALL.devices,
        policies: [...HALL.policies, choose],
      },
      folder,
    );
    await expect
      .poll(() => rig.problems().filter((line) => line.includes('model.gguf')).length, PATIENT)
      .toBe(1);
    expect(rig.counter('problem_model_file_invalid') + rig.counter('problem_model_unsupported')).toBe(1);
    expect(rig.api.health().status).toBe('degraded');
    await lampFollows(rig);
    await expect
      .poll(() => rig.api.decisions({ limit: 50, policy: 'choose' })[0]?.decision, PATIENT)
      .toMatchObject({
        rung: 'abstain',
        skipped: [{ rung: 'llm', reason: expect.stringContaining('model.gguf') as string }],
      });
  });

  test('more actions than the queue holds', async () => {
    const lamps = Array.from({ length: 8 }, (_, i) => `light.l${i}`);
    const rig = await startDaemon({
      config: hallConfig(broker.url, { node: 'queue', actions: { queue: 4 } }),
      devices: {
        ...HALL.devices,
        ...Object.fromEntries(
          lamps.map((id, i) => [id, { name: `L${i}`, dialect: 'zigbee2mqtt', topic: `l${i}` }]),
        ),
      },
      policies: [
        { id: 'all', when: 'sensor.switchboard.level > 1', then: lamps.map((id) => `${id}.turn_on`) },
        ...HALL.policies,
      ],
    });
    await client.publishAsync('zigbee2mqtt/switchboard', '{"level": 0}', { qos: 1 });
    await motion(client, false);
    await expect.poll(() => watching(rig.api), PATIENT).toBe(true);
    await client.publishAsync('zigbee2mqtt/switchboard', '{"level": 2}', { qos: 1 });
    await expect.poll(() => rig.counter('outcomes_confirmed'), PATIENT).toBe(4);
    expect(rig.counter('outcomes_refused')).toBe(4);
    const refused = rig.events.find(
      (event) => event.type === 'outcome' && event.outcome.status === 'refused',
    );
    expect(refused).toMatchObject({ outcome: { detail: 'the action queue is full (4)' } });
    // The broker's word that it took them may come after the devices' that they did it.
    await expect.poll(() => rig.api.stats().gauges['actions_in_flight'], PATIENT).toBe(0);
    await lampFollows(rig);
  });

  test.skipIf(noMount !== '')(`a disk that is read-only${noMount}`, async () => {
    const disk = mountDisk();
    remount(disk, 'ro');
    const rig = await startDaemon({
      config: hallConfig(broker.url, { node: 'readonly', data: join(disk, 'data') }),
      ...HALL,
    });
    expect(rig.problems().filter((line) => /read-only/.test(line))).toHaveLength(1);
    expect(rig.counter('problem_journal_unwritable')).toBe(1);
    await lampFollows(rig);
    expect(durable(rig, 'lamp-on')).toBe(false);
    expect(rig.outcomes()).toContain('siren.siren.turn_on refused');
    remount(disk, 'rw');
    await expect.poll(() => rig.api.stats().gauges['journal_up'], PATIENT).toBe(1);
  });

  test.skipIf(noMount !== '')(`a disk that is full${noMount}`, async () => {
    const disk = mountDisk();
    const rig = await startDaemon({
      config: hallConfig(broker.url, { node: 'full', data: join(disk, 'data') }),
      ...HALL,
    });
    await motion(client, false);
    await expect.poll(() => watching(rig.api), PATIENT).toBe(true);
    const filler = fill(disk);
    // Readings of which the journal could not keep one are not acknowledged.
    for (let n = 1; n <= 5; n++)
      await client.publishAsync('zigbee2mqtt/meter', JSON.stringify({ level: n }), { qos: 1 });
    await expect.poll(() => rig.counter('problem_journal_unwritable'), PATIENT).toBe(1);
    expect(rig.problems().filter((line) => /disk is full/.test(line))).toHaveLength(1);
    await motion(client, true);
    await expect.poll(rig.outcomes, PATIENT).toContain('light.lamp.turn_on confirmed');
    expect(rig.outcomes()).toContain('siren.siren.turn_on refused');
    expect(durable(rig, 'lamp-on')).toBe(false);
    const unacknowledged = rig.counter('readings_not_durable');
    expect(unacknowledged).toBeGreaterThanOrEqual(2);

    rmSync(filler);
    await expect.poll(() => rig.api.stats().gauges['journal_up'], PATIENT).toBe(1);
    // The broker says again what was not acknowledged; nothing is decided twice for it.
    const query = { key: 'sensor.meter.level', fromMs: 0, toMs: Date.now() + 60_000, limit: 100 } as const;
    await expect
      .poll(async () => (await rig.api.history(query)).map(({ value }) => value), PATIENT)
      .toEqual([1, 2, 3, 4, 5]);
    await motion(client, false);
    await expect.poll(rig.outcomes, PATIENT).toContain('light.lamp.turn_off confirmed');
    expect(rig.outcomes().filter((line) => line.startsWith('siren'))).toHaveLength(1);
    expect(durable(rig, 'lamp-off')).toBe(true);
    // What was decided meanwhile is in the journal now.
    expect(rig.api.decisions({ limit: 1, policy: 'lamp-on' })[0]?.decision.durable).toBe(false);
  });
});

/** Whether the last decision of a policy was stored when it was made. */
function durable({ events }: Rig, policy: string): boolean | undefined {
  const made = events.findLast((event) => event.type === 'decision' && event.decision.policy === policy);
  return made?.type === 'decision' ? made.decision.durable : undefined;
}

function canMount(): boolean {
  const folder = '/tmp/ganglion-mount-probe';
  try {
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mountDisk(): string {
  const folder = temporaryFolder();
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
  // After the daemon, which is stopped first.
  onTestFinished(() => void execFileSync('umount', ['-l', disk]));
  return disk;
}

function remount(disk: string, how: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${how}`, disk]);
}

/** Uses up every byte of the disk. Returns the file to remove. */
function fill(disk: string): string {
  const file = join(disk, 'filler');
  const fd = openSync(file, 'w');
  try {
    for (const block = Buffer.alloc(4096, 1); ;) writeSync(fd, block);
  } catch {
    // Full.
  } finally {
    closeSync(fd);
  }
  return file;
}
