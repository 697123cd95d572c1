import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import { assert, onTestFinished, vi } from 'vitest';
import type { Runtime } from '../../runtime/index.ts';
import { createRuntime, loadConfig } from '../../runtime/index.ts';
import type { RuntimeApi, RuntimeEvent } from '../../runtime/contract/api.ts';
import { writeDaemonFiles } from '../support/daemon.ts';
import type { DaemonFiles } from '../support/daemon.ts';
import { MemoryLog } from '../support/log.ts';

export interface Rig {
  readonly runtime: Runtime;
  readonly api: RuntimeApi;
  readonly events: readonly RuntimeEvent[];
  readonly log: MemoryLog;
  /** `CODE: sentence` of every problem so far. */
  readonly problems: () => string[];
  readonly counter: (name: string) => number;
  /** Status of each outcome so far, by entity and command. */
  readonly outcomes: () => string[];
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-e2e-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A daemon in this process, stopped with the test. */
export async function startDaemon(files: DaemonFiles, folder = temporaryFolder()): Promise<Rig> {
  const rig = await openDaemon(await writeDaemonFiles(folder, files));
  await connected(rig);
  return rig;
}

/** Resolves when the broker has taken the daemon's subscriptions. */
export async function connected({ api }: Rig): Promise<void> {
  await vi.waitFor(
    () => {
      const mqtt = api.health().parts.find(({ name }) => name === 'mqtt');
      assert(mqtt?.status === 'ok', mqtt?.detail);
    },
    { timeout: 10_000, interval: 10 },
  );
}

export async function openDaemon(configFile: string): Promise<Rig> {
  const log = new MemoryLog();
  const runtime = createRuntime(loadConfig(configFile), { log, random: () => 0 });
  onTestFinished(async () => runtime.stop());
  await runtime.start();
  const events: RuntimeEvent[] = [];
  const { api } = runtime;
  api.subscribe((event) => {
    if (event.type !== 'reading') events.push(event);
  });
  return {
    runtime,
    api,
    events,
    log,
    problems: () => log.lines.filter((line) => line.level === 'warn').map(({ message }) => message),
    counter: (name) => api.stats().counters[name] ?? 0,
    outcomes: () =>
      events.flatMap((event) =>
        event.type === 'outcome'
          ? [`${event.action.entity}.${event.action.command} ${event.outcome.status}`]
          : [],
      ),
  };
}

/** A client on the other side of the broker. */
export async function connectHouse(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(url, { clean: true, reconnectPeriod: 50, ...options });
  client.on('error', () => {});
  return client;
}

/** Answers every `…/set` with the state it asked for and keeps what came. */
export async function echoDevices(url: string): Promise<{ client: MqttClient; commands: string[] }> {
  // A hub keeps its session: what is sent while it is away reaches it later.
  const client = await connectHouse(url, { clientId: 'hub', clean: false });
  const commands: string[] = [];
  client.on('message', (topic, payload) => {
    commands.push(`${topic} ${payload.toString()}`);
    client.publish(topic.replace(/\/set$/, ''), payload, { qos: 1 });
  });
  await client.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
  return { client, commands };
}

export const MOTION = 'binary_sensor.hall_occupancy.state';

/** A lamp and a siren that follow motion in the hall. */
export const HALL = {
  devices: {
    'light.lamp': { name: 'Lamp', dialect: 'zigbee2mqtt', topic: 'lamp' },
    'siren.siren': { name: 'Siren', dialect: 'zigbee2mqtt', topic: 'siren' },
  },
  policies: [
    { id: 'lamp-on', when: `${MOTION} == "on"`, then: 'light.lamp.turn_on' },
    { id: 'alarm', when: `${MOTION} == "on"`, then: 'siren.siren.turn_on' },
    { id: 'lamp-off', when: `${MOTION} == "off"`, then: 'light.lamp.turn_off' },
  ],
} as const;

export function hallConfig(broker: string, extra: object = {}): DaemonFiles['config'] {
  return {
    node: 'hall',
    broker,
    sources: [{ dialect: 'zigbee2mqtt' }],
    limits: { allow: ['light.*', 'siren.*'], approve: [] },
    ...extra,
  };
}

/** Says that somebody is in the hall, or not. */
export async function motion(client: MqttClient, occupancy: boolean): Promise<void> {
  await client.publishAsync('zigbee2mqtt/hall', JSON.stringify({ occupancy }), { qos: 1 });
}

/** All policies look at something that is known. */
export function watching(api: RuntimeApi): boolean {
  return api.policies().every(({ when }) => when !== 'unknown');
}
