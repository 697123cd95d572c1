import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { afterAll, assert, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { PolicyVersion } from '../../runtime/contract/policy-shelf.ts';
import { cli } from '../support/cli.ts';
import { DaemonProcess, writeDaemonFiles } from '../support/daemon.ts';
import { mosquittoPath, NO_MOSQUITTO, startMosquitto } from '../support/mosquitto.ts';
import type { Mosquitto } from '../support/mosquitto.ts';
import {
  connected,
  echoDevices,
  HALL,
  hallConfig,
  motion,
  MOTION,
  openDaemon,
  temporaryFolder,
  watching,
} from './rig.ts';

const PATIENT = { timeout: 10_000, interval: 20 };
const skipped = mosquittoPath === undefined ? ` (skipped: ${NO_MOSQUITTO})` : '';
const TOKEN = 'a-long-enough-token-0123';

let broker: Mosquitto;
let house: MqttClient;
let commands: string[];

const LAMP = `# The lamp follows whoever walks by.
- id: lamp-on
  when: ${MOTION} == "on"
  then: light.lamp.turn_on

- id: alarm        # loud
  when: ${MOTION} == "on"
  then: siren.siren.turn_on
`;

describe.skipIf(skipped !== '')(`policies that change while the daemon runs${skipped}`, () => {
  beforeAll(async () => {
    broker = await startMosquitto();
    ({ client: house, commands } = await echoDevices(broker.url));
  });
  afterAll(async () => {
    await house?.endAsync(true);
    await broker?.stop();
  });

  /** A daemon in the hall whose policies are in hall.yaml. */
  async function start() {
    const folder = temporaryFolder();
    const files = {
      devices: HALL.devices,
      config: hallConfig(broker.url, { http: { listen: '127.0.0.1:0', token: TOKEN } }),
    };
    await writeDaemonFiles(folder, files);
    const file = join(folder, 'policies', 'test.yaml');
    writeFileSync(file, LAMP);
    const rig = await openDaemon(join(folder, 'ganglion.yaml'));
    await connected(rig);
    await motion(house, false);
    await vi.waitFor(() => assert(watching(rig.api)), PATIENT);
    commands.length = 0;
    return { rig, folder, file, url: rig.runtime.url! };
  }

  const sent = (): string[] => commands.map((line) => line.split(' ')[0]!.split('/')[1]!).toSorted();

  test('a rule that is saved acts at once, the others go on, a broken file changes nothing', async () => {
    const { rig, file } = await start();
    writeFileSync(file, LAMP.replace('siren.siren.turn_on', 'light.lamp.turn_off').replace('alarm', 'calm'));
    await vi.waitFor(
      () => expect(rig.api.policies().map(({ id }) => id)).toEqual(['lamp-on', 'calm']),
      PATIENT,
    );
    expect(rig.events.filter(({ type }) => type === 'policies')).toEqual([
      { type: 'policies', changed: ['calm'], removed: ['alarm'] },
    ]);
    await vi.waitFor(() => assert(watching(rig.api)), PATIENT);

    writeFileSync(file, '- id: [');
    await vi.waitFor(() => assert(rig.problems().some((line) => line.includes('stays in force'))), PATIENT);
    expect(rig.api.health().parts.find(({ name }) => name === 'policy files')?.status).toBe('warn');
    await motion(house, true);
    await vi.waitFor(() => expect(sent()).toContain('lamp'), PATIENT);
    expect(sent()).not.toContain('siren');
    expect(rig.api.shelf.versions('alarm').map(({ origin, text }) => [origin, text === undefined])).toEqual([
      ['file', false],
      ['file', true],
    ]);
  });

  test('they are installed, listed, taken back and taken out over HTTP, by who has the token', async () => {
    const { rig, file, url } = await start();
    const ask = async (method: string, path: string, body?: object, token = TOKEN) => {
      const answer = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const text = `id: alarm\nwhen: ${MOTION} == "on"\nthen: siren.siren.turn_on\nmode: approve\n`;
    for (const [method, path] of [
      ['POST', '/v1/policies'],
      ['PUT', '/v1/policies/alarm'],
      ['DELETE', '/v1/policies/alarm'],
      ['GET', '/v1/policies/alarm/versions'],
      ['POST', '/v1/policies/alarm/revert'],
    ] as const)
      expect((await ask(method, path, method === 'POST' ? { text } : undefined, 'wrong')).status).toBe(401);
    expect(readFileSync(file, 'utf8')).toBe(LAMP);

    expect(await ask('PUT', '/v1/policies/alarm', { text, note: 'ask first' })).toMatchObject({
      status: 200,
      body: { policy: 'alarm', version: 2, origin: 'edit', note: 'ask first' },
    });
    expect(rig.api.policies().find(({ id }) => id === 'alarm')?.mode).toBe('approve');
    expect(readFileSync(file, 'utf8')).toContain('# The lamp follows whoever walks by.\n- id: lamp-on\n');
    expect((await ask('PUT', '/v1/policies/other', { text })).status).toBe(400);
    expect(
      await ask('POST', '/v1/policies', { text: 'id: x\nwhen: (\nthen: light.lamp.turn_on' }),
    ).toMatchObject({
      status: 400,
      body: { error: { code: 'POLICY_INVALID' } },
    });
    expect(
      (
        await ask('POST', '/v1/policies', {
          text: `id: x\nwhen: ${MOTION} == "on"\nthen: light.lamp.explode`,
        })
      ).body,
    ).toMatchObject({ error: { code: 'POLICY_INVALID' } });
    expect((await ask('POST', '/v1/policies/alarm/revert', { version: 1 })).body).toMatchObject({
      version: 3,
    });
    expect(readFileSync(file, 'utf8')).toBe(LAMP);
    expect((await ask('DELETE', '/v1/policies/alarm?note=too%20loud')).body).toMatchObject({
      text: null,
      version: 4,
    });
    expect((await ask('DELETE', '/v1/policies/alarm')).status).toBe(404);
    const { body } = await ask('GET', '/v1/policies/alarm/versions');
    expect((body['versions'] as { origin: string }[]).map(({ origin }) => origin)).toEqual([
      'file',
      'edit',
      'revert',
      'edit',
    ]);
    await motion(house, true);
    await vi.waitFor(() => expect(sent()).toEqual(['lamp']), PATIENT);
  });

  test('two that are installed at once are both there', async () => {
    const { rig, url } = await start();
    const install = async (id: string) => {
      const text = `id: ${id}\nwhen: ${MOTION} == "on"\nthen: light.lamp.turn_on\n`;
      const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
      return fetch(`${url}/v1/policies`, { method: 'POST', headers, body: JSON.stringify({ text }) });
    };
    const ids = Array.from({ length: 8 }, (_, i) => `new-${i % 4}`);
    const answers = await Promise.all(ids.map(install));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 201));
    expect(
      rig.api
        .policies()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(['alarm', 'lamp-on', ...new Set(ids)].toSorted());
  });

  test('the command line lists, installs, compares, reverts and removes them', async () => {
    const { folder, file, url } = await start();
    // The daemon took any free port; the command line is told which.
    writeFileSync(join(folder, 'cli.yaml'), `http: { listen: "${new URL(url).host}", token: ${TOKEN} }\n`);
    const config = ['--config', 'cli.yaml'];
    const listed = await cli(folder, 'policy', 'list', ...config);
    expect(listed.stdout).toMatch(/^lamp-on +rule +auto +0 +-/m);
    writeFileSync(
      join(folder, 'new.yaml'),
      `- id: alarm\n  when: ${MOTION} == "on"\n  then: siren.siren.turn_off\n- id: shut\n  never: siren.*.turn_on\n`,
    );
    const installed = await cli(folder, 'policy', 'install', 'new.yaml', '--note', 'quiet please', ...config);
    expect(installed.stdout).toBe('alarm is at work as version 2.\nshut is at work as version 1.\n');
    const versions = await cli(folder, 'policy', 'versions', 'alarm', ...config);
    expect(versions.stdout).toContain('file: the first version kept');
    expect(versions.stdout).toMatch(/import: changed then {2}"quiet please"/);
    expect(versions.stdout).toContain('- then: siren.siren.turn_on\n   + then: siren.siren.turn_off\n');
    const reverted = await cli(folder, 'policy', 'revert', 'alarm', '1', ...config);
    expect(reverted.stdout).toBe('alarm is at work as version 1 was; this is version 3.\n');
    expect(readFileSync(file, 'utf8')).toBe(LAMP);
    const removed = await cli(folder, 'policy', 'remove', 'shut', ...config, '--json');
    expect(JSON.parse(removed.stdout)).toMatchObject({ policy: 'shut', version: 2, text: null });
    expect(readdirSync(join(folder, 'policies'))).toEqual(['test.yaml']);
    const wrong = await cli(folder, 'policy', 'revert', 'alarm', '9', ...config);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('kept are 1 to 3')]);
    chmodSync(file, 0o444);
    const refused = await cli(folder, 'policy', 'revert', 'alarm', '2', ...config);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('the file is read-only')]);
  });

  test('what was said to be installed outlives a kill at any moment', async () => {
    const folder = temporaryFolder();
    const config = await writeDaemonFiles(folder, { devices: HALL.devices, config: hallConfig(broker.url) });
    const file = join(folder, 'policies', 'test.yaml');
    writeFileSync(file, LAMP);
    const { listen } = (JSON.parse(readFileSync(config, 'utf8')) as { http: { listen: string } }).http;
    const call = async (method: string, path: string, body?: object): Promise<unknown> => {
      const headers = { 'content-type': 'application/json' };
      const rest = body === undefined ? {} : { headers, body: JSON.stringify(body) };
      const answer = await fetch(`http://${listen}${path}`, { method, ...rest });
      expect(answer.status).toBe(200);
      return answer.json();
    };
    let told: PolicyVersion | undefined;
    let n = 0;
    for (const afterMs of [0, 3, undefined]) {
      const daemon = await new DaemonProcess(config).start();
      onTestFinished(() => daemon.kill());
      const { versions } = (await call('GET', '/v1/policies/alarm/versions')) as {
        versions: PolicyVersion[];
      };
      // What stands in the file is the last version, whenever the kill came; nothing that was told is missing.
      const alarm = (parse(readFileSync(file, 'utf8')) as { id: string }[]).find(({ id }) => id === 'alarm');
      expect(parse(versions.at(-1)!.text!)).toEqual(alarm);
      expect(versions).toEqual(expect.arrayContaining(told === undefined ? [] : [told]));
      if (afterMs === undefined) break;
      const put = async (): Promise<void> => {
        const text = `id: alarm\nwhen: now.hour == 5\nthen: "light.lamp.turn_on(brightness: ${n++ % 100})"\n`;
        told = (await call('PUT', '/v1/policies/alarm', { text })) as PolicyVersion;
      };
      await put();
      await put();
      // In the midst of the next ones.
      setTimeout(() => daemon.child.kill('SIGKILL'), afterMs);
      await Promise.allSettled(Array.from({ length: 5 }, put));
      await daemon.ended;
    }
    expect(told).toMatchObject({ policy: 'alarm', origin: 'edit' });
    expect(readFileSync(file, 'utf8')).toContain('# The lamp follows whoever walks by.\n- id: lamp-on\n');
  });
});
