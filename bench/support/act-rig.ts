import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectAsync } from 'mqtt';
import { encoderFor } from '../../devices/index.ts';
import { Executor } from '../../runtime/act/executor.ts';
import { Pools } from '../../runtime/act/pools.ts';
import type { Action } from '../../runtime/contract/action.ts';
import type { RuntimeEvent } from '../../runtime/contract/api.ts';
import type { Decision } from '../../runtime/contract/decision.ts';
import type { House, Target } from '../../runtime/contract/house.ts';
import type { EntityId } from '../../runtime/contract/ids.ts';
import type { WallMs } from '../../runtime/contract/time.ts';
import { Journal } from '../../runtime/journal/journal.ts';
import { systemClock } from '../../runtime/lib/clock.ts';
import { newId } from '../../runtime/lib/id.ts';
import { workerFile } from '../../runtime/lib/worker-file.ts';
import { startMosquitto, stopProcess } from './broker.ts';
import { monotonicMs } from './monotonic.ts';

const DEADLINE_MS = 30_000;
export const QUEUE_LIMIT = 8192;
export const HANDLERS = fileURLToPath(workerFile(import.meta.url, './handlers.js'));

/** The acting half of the daemon, as its composition root puts it together, with a real broker and answering plugs. */
export interface ActRig {
  /** Commits a decision of one action, as a rule does. */
  turn(plug: string, on: boolean): void;
  /** Commits an action that the busy handler carries out. */
  spin(): void;
  /** Called with every outcome, and with how long a command took from its decision to the plug. */
  onOutcome: (entity: EntityId, status: string) => void;
  onWire: (ms: number) => void;
  stop(): Promise<void>;
}

/** Nothing is recovered here, so that nobody asks the house. */
const emptyHouse: House = {
  version: 0,
  entity: () => undefined,
  entities: () => [],
  area: () => undefined,
  areas: () => [],
  ofDevice: () => [],
};

export function makePools(brokerPort: number): Pools {
  return new Pools({
    broker: { url: `mqtt://127.0.0.1:${brokerPort}` },
    handlerThreads: 2,
    handlerTimeoutMs: 10_000,
    handlerMemoryBytes: 64e6,
    queue: 4096,
  });
}

export function makeAction(entity: EntityId, command: string, decision: string): Action {
  const now = systemClock.wall();
  const id = newId(now);
  return {
    id,
    decision,
    entity,
    command,
    args: {},
    idempotencyKey: id,
    deadline: (now + DEADLINE_MS) as WallMs,
    repeat: 'safe',
    critical: false,
    before: {},
  };
}

/** As discovery writes it for a plug. */
function plugTarget(plug: string): Target {
  const address = { set: `zigbee2mqtt/${plug}/set`, state: 'state', on: 'ON', off: 'OFF' };
  return { dialect: 'zigbee2mqtt', address };
}

export async function startActRig(): Promise<ActRig> {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-bench-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const broker = await startMosquitto(folder);
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const device = fork(fileURLToPath(workerFile(import.meta.url, './echo-device.js')), [url]);
  await once(device, 'message');
  const pools = makePools(broker.port);
  const journal = new Journal({
    folder: data,
    clock: systemClock,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    keepMs: 86_400_000,
    maxBytes: 1e9,
    onHealth: () => {},
  });
  journal.open();
  const decidedAt = new Map<EntityId, number>();
  const rig = { onOutcome: (_entity: EntityId, _status: string) => {}, onWire: (_ms: number) => {} };
  const executor = new Executor({
    journal,
    clock: systemClock,
    pools,
    house: emptyHouse,
    encoderFor: (dialect) => (dialect === 'zigbee2mqtt' ? encoderFor(dialect) : undefined),
    handlerFor: () => ({ module: HANDLERS, name: 'spin', batch: false }),
    queueLimit: QUEUE_LIMIT,
    deadlineMs: DEADLINE_MS,
    approvalExpiresMs: 60_000,
    emit: (event: RuntimeEvent) => {
      if (event.type === 'outcome') rig.onOutcome(event.action.entity, event.outcome.status);
    },
  });
  const states = await connectAsync(url, { clean: true });
  await states.subscribeAsync('zigbee2mqtt/+', { qos: 1 });
  states.on('message', (topic, payload) => {
    const entity: EntityId = `switch.${topic.slice('zigbee2mqtt/'.length)}`;
    const { state, receivedAt } = JSON.parse(payload.toString()) as { state: string; receivedAt: number };
    const began = decidedAt.get(entity);
    if (began !== undefined) rig.onWire(receivedAt - began);
    const [at, received] = [systemClock.wall(), systemClock.mono()];
    executor.observe({ key: `${entity}.state`, value: state.toLowerCase(), at, received, retained: false });
  });
  const commit = (entity: EntityId, command: string, target: Target): void => {
    const at = systemClock.wall();
    const id = newId(at);
    const action = makeAction(entity, command, id);
    decidedAt.set(entity, monotonicMs());
    const decision: Decision = {
      id,
      at,
      rung: 'rule',
      policy: 'bench',
      trigger: { kind: 'time' },
      actions: [action],
      refused: [],
      confidence: 1,
      explanation: 'the bench asked for it',
      latencyMs: 0,
      skipped: [],
      durable: true,
      inputs: {},
    };
    executor.commit([{ decision, orders: [{ action, target, needsApproval: false }] }]);
  };
  return Object.assign(rig, {
    turn: (plug: string, on: boolean) =>
      commit(`switch.${plug}`, on ? 'turn_on' : 'turn_off', plugTarget(plug)),
    spin: () => commit('notify.busy', 'send', { dialect: 'handler', address: {} }),
    async stop() {
      await states.endAsync(true);
      executor.stop();
      await pools.stop();
      await journal.close();
      await stopProcess(device);
      await broker.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
