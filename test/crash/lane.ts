import { join } from 'node:path';
import type { ActionRecord } from '../../runtime/contract/api.ts';
import { DaemonProcess, writeDaemonFiles } from '../support/daemon.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import type { Mosquitto } from '../support/mosquitto.ts';
import { Devices } from './devices.ts';
import { mulberry32 } from './random.ts';
import { readRemains } from './remains.ts';
import type { ActionRow } from './remains.ts';

const PATIENCE_MS = 15_000;
const POLICIES = [
  { id: 'lamp-on', when: 'binary_sensor.hall_occupancy.state == "on"', then: 'light.lamp.turn_on' },
  { id: 'alarm', when: 'binary_sensor.hall_occupancy.state == "on"', then: 'siren.siren.turn_on' },
  { id: 'lamp-off', when: 'binary_sensor.hall_occupancy.state == "off"', then: 'light.lamp.turn_off' },
];
const DEVICES = {
  'light.lamp': { name: 'Lamp', dialect: 'zigbee2mqtt', topic: 'lamp' },
  'siren.siren': { name: 'Siren', dialect: 'zigbee2mqtt', topic: 'siren' },
};
const COUNTER = 'sensor.counter.count';

/** What one kill left behind, and what became of it. */
export interface Findings {
  /** How to see it again: seed, moment, journal at the kill and afterwards. */
  readonly story: string;
  /** What the journal knew when the daemon was killed. */
  readonly remains: readonly ActionRow[];
  readonly actions: readonly ActionRecord[];
  /** How often somebody came. */
  readonly edges: number;
  /** Commands the siren took. */
  readonly sirens: number;
  /** Readings the broker took that history does not have. */
  readonly missing: readonly number[];
  readonly lamp: string;
  readonly wantedLamp: string;
}

/** A house, a broker and a daemon that is killed again and again, on one data folder. */
export class Lane {
  readonly #folder: string;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #configFile: string;
  readonly #broker: Mosquitto;
  readonly #devices: Devices;
  #daemon: DaemonProcess;

  private constructor(parts: {
    folder: string;
    seed: number;
    configFile: string;
    broker: Mosquitto;
    devices: Devices;
  }) {
    this.#folder = parts.folder;
    this.#seed = parts.seed;
    this.#random = mulberry32(parts.seed);
    this.#configFile = parts.configFile;
    this.#broker = parts.broker;
    this.#devices = parts.devices;
    this.#daemon = new DaemonProcess(parts.configFile);
  }

  static async open(folder: string, seed: number): Promise<Lane> {
    const broker = await startMosquitto({ persistence: join(folder, 'broker') });
    const devices = await Devices.connect(broker.url, mulberry32(seed + 1));
    const config = {
      node: 'crash',
      broker: broker.url,
      sources: [{ dialect: 'zigbee2mqtt' as const }],
      limits: { allow: ['light.*', 'siren.*'], approve: [] },
      mqtt: { announce: false },
    };
    const configFile = await writeDaemonFiles(folder, { config, devices: DEVICES, policies: POLICIES });
    const lane = new Lane({ folder, seed, configFile, broker, devices });
    await lane.#daemon.start();
    // Devices it has only just met are written down a little later; this is about a house it knows.
    await devices.motion(false);
    await devices.count();
    await lane.#settled();
    await lane.#daemon.kill('SIGINT');
    await lane.#restart();
    return lane;
  }

  async stop(): Promise<void> {
    await this.#daemon.kill();
    await this.#devices.stop();
    await this.#broker.stop();
  }

  /** One kill between a motion and its outcomes. */
  async killOnce(): Promise<Findings> {
    const devices = this.#devices;
    // From rest: nobody there, lamp off, nothing under way. That also warms up the way out.
    await devices.motion(false);
    await devices.count();
    await this.#settled();
    const newest = (await this.#daemon.call('actions', { limit: 1 }))[0]?.action.id ?? '';
    const before = { sirens: devices.sirens, counter: devices.counter, at: Date.now() - 1 };

    // Half of the moments fall where the deciding happens.
    const random = this.#random;
    const momentMs = random() * (random() < 0.5 ? 20 : 120);
    const leavesAfterMs = random() < 0.3 ? random() * momentMs : Infinity;
    const whileAway = random() < 0.4 ? random() < 0.5 : undefined;
    const left = await this.#killAfter(momentMs, leavesAfterMs);
    const remains = readRemains(join(this.#folder, 'data')).filter((row) => row.id > newest);

    let edges = 1;
    let wanted = !left;
    if (whileAway !== undefined) {
      if (whileAway && !wanted) edges++;
      wanted = whileAway;
      await devices.motion(whileAway);
    }
    await devices.count();
    await this.#restart();
    await devices.count();
    await this.#settled();

    const all = await this.#daemon.call('actions', { limit: 100 });
    const actions = all.filter(({ action }) => action.id > newest);
    const moment = `killed after ${momentMs.toFixed(1)} ms, left after ${leavesAfterMs.toFixed(1)} ms, while away ${whileAway}`;
    return {
      story: [
        `seed ${this.#seed}, ${moment}`,
        'at the kill:',
        ...remains.map((row) => `  ${row.id} ${row.entity} ${row.stage} ${row.policy} ${row.outcome}`),
        'afterwards:',
        ...actions.map(line),
        ...this.#daemon.log,
      ].join('\n'),
      remains,
      actions,
      edges,
      sirens: devices.sirens - before.sirens,
      missing: await this.#missing(before),
      lamp: devices.lamp,
      wantedLamp: wanted ? 'ON' : 'OFF',
    };
  }

  /** Somebody comes, and perhaps leaves; readings flow; the daemon dies. @returns whether they left before */
  async #killAfter(momentMs: number, leavesAfterMs: number): Promise<boolean> {
    const devices = this.#devices;
    const began = performance.now();
    const published = [devices.motion(true), devices.count()];
    let left = false;
    let ticks = 0;
    for (let passed = 0; passed < momentMs; passed = performance.now() - began) {
      if (!left && passed >= leavesAfterMs) {
        left = true;
        published.push(devices.motion(false));
      }
      if (passed > ticks * 10) {
        ticks++;
        published.push(devices.count());
      }
      // Yields to sockets without the millisecond steps of timers.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    await this.#daemon.kill();
    await Promise.all(published);
    return left;
  }

  async #restart(): Promise<void> {
    this.#daemon = await new DaemonProcess(this.#configFile).start();
  }

  /** Waits until the daemon has taken everything the broker had for it and every action has its outcome. */
  async #settled(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const query = { key: COUNTER, fromMs: 0, toMs: Date.now() + 1000, limit: 1 } as const;
      const [last] = await this.#daemon.call('history', query);
      const actions = await this.#daemon.call('actions', { limit: 20 });
      const watching = (await this.#daemon.call('policies')).every(({ when }) => when !== 'unknown');
      const done = actions.every(({ stage }) => stage === 'done');
      if (watching && done && last?.value === this.#devices.counter) return;
      if (performance.now() > deadline) {
        const lines = [...actions.map(line), ...this.#daemon.log].join('\n');
        throw new Error(
          `The daemon did not settle (seed ${this.#seed}): counter ${String(last?.value)} of ${this.#devices.counter}\n${lines}`,
        );
      }
    }
  }

  async #missing(before: { readonly counter: number; readonly at: number }): Promise<number[]> {
    const query = { key: COUNTER, fromMs: before.at, toMs: Date.now() + 1000, limit: 10_000 } as const;
    const seen = new Set((await this.#daemon.call('history', query)).map((point) => point.value));
    const published = Array.from(
      { length: this.#devices.counter - before.counter },
      (_, i) => before.counter + 1 + i,
    );
    return published.filter((n) => !seen.has(n));
  }
}

function line({ action, stage, outcome }: ActionRecord): string {
  return `  ${action.id} ${action.entity}.${action.command} ${stage} ${outcome?.status ?? ''} ${outcome?.detail ?? ''}`;
}
