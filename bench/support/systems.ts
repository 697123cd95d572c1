import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GanglionError } from '../../runtime/errors.ts';
import { freePort, stopProcess } from './broker.ts';
import { rulesOf, sensorName, type Workload } from './workload.ts';

export interface RunningSystem {
  readonly pid: number;
  /** Aborted when it ends, by itself or stopped; the reason is a sentence's end. */
  readonly ended: AbortSignal;
  /** Its last output, for when it fails. */
  output(): string;
  stop(): Promise<void>;
}

export interface Surroundings extends Workload {
  readonly brokerPort: number;
  /** An empty folder of its own. */
  readonly folder: string;
}

export interface System {
  readonly name: string;
  /** Why it cannot run here, with what to do. */
  missing(): string | undefined;
  start(around: Surroundings): Promise<RunningSystem>;
}

const ROOT = repositoryRoot();
const BASELINES = join(ROOT, 'bench/baselines');

function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

const noBaselines = (): string | undefined =>
  existsSync(join(BASELINES, 'floor.js'))
    ? undefined
    : 'benches compare only inside a clone of the repository';

/** A bare mqtt.js handler with the same effect. */
export const floor: System = {
  name: 'floor',
  missing: noBaselines,
  start: async ({ brokerPort, qos, ...around }) =>
    launch([
      join(BASELINES, 'floor.js'),
      JSON.stringify({ port: brokerPort, qos, rules: rulesOf({ ...around, qos }) }),
    ]),
};

export const nodeRed: System = {
  name: 'node-red',
  missing: () =>
    noBaselines() ??
    (existsSync(join(BASELINES, 'node_modules/node-red'))
      ? undefined
      : 'Node-RED is not installed; `npm ci --prefix bench/baselines` brings it'),
  start: async ({ brokerPort, qos, folder, ...around }) => {
    const rules = rulesOf({ ...around, qos });
    const plan = { port: brokerPort, qos, rules, folder, uiPort: await freePort() };
    return launch([join(BASELINES, 'node-red.js'), JSON.stringify(plan)]);
  },
};

/** The daemon as `ganglion run` starts it, with history, fusion, a journal and an HTTP server, without a model. */
export const ganglion: System = {
  name: 'ganglion',
  missing: () =>
    existsSync(join(ROOT, 'dist/runtime/cli/main.js'))
      ? undefined
      : 'the project is not built; `npm run build` does it',
  start: async (around) => {
    const config = await writeDaemonConfig(around);
    // As the program's first line starts it.
    return launch([
      '--max-semi-space-size=2',
      join(ROOT, 'dist/runtime/cli/main.js'),
      'run',
      '--config',
      config,
    ]);
  },
};

/**
 * Those that can run here; which competitor is left out and why is said in one sentence each.
 * Throws BENCH_NEEDS where the daemon itself cannot run.
 */
export function available(systems: readonly System[], log: (line: string) => void): System[] {
  return systems.filter((system) => {
    const missing = system.missing();
    if (missing === undefined) return true;
    if (system === ganglion) throw new GanglionError('BENCH_NEEDS', { what: 'the daemon', reason: missing });
    log(`${system.name} is left out: ${missing}.`);
    return false;
  });
}

/** Narrower than the steps of the workload: every reading is looked at, and nearly every one passes. */
const FILTERS = {
  'sensor.*.temperature': { deadband: 0.01 },
  'sensor.*.humidity': { deadband: 0.01 },
};

/** A mean over the temperatures of every five neighbours. */
function meansOf(pairs: number): Record<string, object> {
  const means: Record<string, object> = {};
  for (let first = 0; first + 1 < pairs; first += 5) {
    const count = Math.min(5, pairs - first);
    const of = Array.from({ length: count }, (_, i) => `sensor.${sensorName(first + i)}.temperature`);
    means[`sensor.mean_${first}.temperature`] = { of, by: 'mean' };
  }
  return means;
}

/** Writes ganglion.yaml, house.yaml and the policies into the folder; returns the path of the first. */
export async function writeDaemonConfig(around: Surroundings): Promise<string> {
  const { folder, brokerPort, qos } = around;
  mkdirSync(join(folder, 'policies'), { recursive: true });
  const rules = rulesOf(around);
  // JSON is YAML.
  const config = {
    node: 'bench',
    broker: `mqtt://127.0.0.1:${brokerPort}`,
    house: 'house.yaml',
    sources: [{ dialect: 'zigbee2mqtt', qos }],
    policies: 'policies',
    data: 'data',
    fuse: { filters: FILTERS, combine: meansOf(around.pairs) },
    limits: { allow: ['switch.*'] },
    http: { listen: `127.0.0.1:${await freePort()}` },
    log: 'warn',
  };
  const devices: Record<string, object> = {};
  for (const { sensor, plug } of rules) {
    devices[`sensor.${sensor}`] = { name: sensor, dialect: 'zigbee2mqtt', topic: sensor };
    devices[`switch.${plug}`] = { name: plug, dialect: 'zigbee2mqtt', topic: plug };
  }
  const policies = rules.map((rule, index) => ({
    id: `rule-${index}`,
    when: `sensor.${rule.sensor}.temperature ${rule.above ? '>' : '<'} ${rule.limit}`,
    then: `switch.${rule.plug}.${rule.state === 'ON' ? 'turn_on' : 'turn_off'}`,
  }));
  writeFileSync(join(folder, 'house.yaml'), JSON.stringify({ devices }, undefined, 1));
  writeFileSync(join(folder, 'policies', 'bench.yaml'), JSON.stringify(policies, undefined, 1));
  const file = join(folder, 'ganglion.yaml');
  writeFileSync(file, JSON.stringify(config, undefined, 1));
  return file;
}

const KEPT_OUTPUT = 4000;

function launch(args: readonly string[]): RunningSystem {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new AbortController();
  child.once('exit', (code, signal) => ended.abort(`it ended with ${signal ?? `exit code ${code}`}`));
  let kept = '';
  const keep = (chunk: Buffer): void => {
    kept = (kept + chunk.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return {
    pid: child.pid ?? 0,
    ended: ended.signal,
    output: () => kept,
    stop: () => stopProcess(child),
  };
}
