import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Dispatcher } from '../runtime/act/dispatcher.ts';
import type { EntityId } from '../runtime/contract/ids.ts';
import { GanglionError } from '../runtime/errors.ts';
import { systemClock } from '../runtime/lib/clock.ts';
import type { Bench } from './harness.ts';
import { HANDLERS, makeAction, makePools, QUEUE_LIMIT, startActRig, type ActRig } from './support/act-rig.ts';
import { readOptions } from './support/options.ts';
import { median, quantile } from './support/stats.ts';
import { plugName } from './support/workload.ts';

const DEFAULTS = { rounds: 5, seconds: 5, warmup: 1, plugs: 500, rate: 100 };
const SHORT = { rounds: 1, seconds: 1, warmup: 0.5 };
const LOOP_RESOLUTION_MS = 1;

/**
 * The way of an action out of the daemon: no-op handler calls through the pool; durable actions, each a journalled
 * decision, published through Mosquitto and confirmed by the plug's own answer; latency from decision to the device at a
 * calm rate, and the delay of the main loop meanwhile, beside a handler that keeps a core busy.
 */
export const dispatch: Bench = async (context) => {
  const options = readOptions(context.args, DEFAULTS, SHORT);
  const ratios: Record<string, number[]> = {
    handler_calls_per_s: [],
    durable_actions_per_s: [],
    loop_p99_ms: [],
    to_wire_ms: [],
  };
  const wire: number[] = [];
  const wireBusy: number[] = [];
  const ended: Record<string, number> = {};
  for (let round = 0; round < options.rounds; round++) {
    if (context.signal.aborted)
      throw new GanglionError('BENCH_SYSTEM', { system: 'dispatch', reason: 'the bench was stopped' });
    ratios['handler_calls_per_s']!.push(await handlerCalls(options));
    const rig = await startActRig();
    try {
      ratios['durable_actions_per_s']!.push(await durableActions(rig, options, ended));
      const calm = await calmRate(rig, options, false);
      const busy = await calmRate(rig, options, true);
      ratios['to_wire_ms']!.push(quantile(calm.wireMs, 0.5));
      ratios['loop_p99_ms']!.push(busy.loopP99Ms);
      wire.push(...calm.wireMs);
      wireBusy.push(...busy.wireMs);
    } finally {
      await rig.stop();
    }
    const latest = Object.entries(ratios).map(([key, runs]) => `${key} ${runs.at(-1)?.toFixed(2)}`);
    context.log(`round ${round + 1}: ${latest.join(', ')}`);
  }
  const latency = (values: readonly number[]): { value: number; p50: number; p99: number } => {
    const p50 = quantile(values, 0.5);
    return { value: p50, p50, p99: quantile(values, 0.99) };
  };
  return {
    cases: [
      { name: 'no-op handler calls', value: median(ratios['handler_calls_per_s']!), unit: 'calls/s' },
      { name: 'durable actions', value: median(ratios['durable_actions_per_s']!), unit: 'actions/s' },
      ...Object.entries(ended).map(([status, value]) => ({
        name: `outcome ${status}`,
        value,
        unit: 'actions',
      })),
      { name: 'decision to device', unit: 'ms', ...latency(wire) },
      { name: 'decision to device, busy handler', unit: 'ms', ...latency(wireBusy) },
      { name: 'main loop delay p99, busy handler', value: median(ratios['loop_p99_ms']!), unit: 'ms' },
    ],
    ratios,
  };
};

type Options = Record<keyof typeof DEFAULTS, number>;

/** No-op calls a second, through lanes, batches and the pool; as many in flight as half the queue holds. */
async function handlerCalls({ seconds, warmup }: Options): Promise<number> {
  const pools = makePools(1); // nothing is published
  let calls = 0;
  let running = true;
  const again = (entity: EntityId): void => {
    if (!running) return;
    const action = makeAction(entity, 'run', 'bench');
    dispatcher.submit({ action, target: { dialect: 'handler', address: {} } });
  };
  const dispatcher = new Dispatcher({
    pools,
    clock: systemClock,
    encoderFor: () => undefined,
    handlerFor: () => ({ module: HANDLERS, name: 'noop', batch: true }),
    beforeSend: (jobs) => jobs,
    onResult: ({ action }, result) => {
      if (result.status === 'acknowledged') calls++;
      again(action.entity);
    },
    queueLimit: QUEUE_LIMIT,
  });
  try {
    for (let i = 0; i < QUEUE_LIMIT / 2; i++) again(`tool.t${i}`);
    await delay(warmup * 1000);
    const [before, start] = [calls, performance.now()];
    await delay(seconds * 1000);
    return ((calls - before) * 1000) / (performance.now() - start);
  } finally {
    running = false;
    await pools.stop();
  }
}

/** Confirmed actions a second; every plug gets its next command as soon as it has shown the last one. */
async function durableActions(rig: ActRig, options: Options, ended: Record<string, number>): Promise<number> {
  const on = new Map<EntityId, boolean>();
  let confirmed = 0;
  let open = 0;
  let running = true;
  const next = (plug: string): void => {
    const entity: EntityId = `switch.${plug}`;
    const state = on.get(entity) !== true;
    on.set(entity, state);
    open++;
    rig.turn(plug, state);
  };
  rig.onOutcome = (entity, status) => {
    open--;
    ended[status] = (ended[status] ?? 0) + 1;
    if (status === 'confirmed') confirmed++;
    // Not from inside the commit that this outcome may be part of.
    if (running) setImmediate(next, entity.slice('switch.'.length));
  };
  for (let i = 0; i < options.plugs; i++) next(plugName(i));
  await delay(options.warmup * 1000);
  const [before, start] = [confirmed, performance.now()];
  await delay(options.seconds * 1000);
  const rate = ((confirmed - before) * 1000) / (performance.now() - start);
  running = false;
  const giveUp = performance.now() + 5000;
  const settled = (): boolean => open === 0;
  while (!settled() && performance.now() < giveUp) await delay(20);
  return rate;
}

/** `rate` actions a second on a fixed plan, with or without a handler that keeps one thread busy all the while. */
async function calmRate(
  rig: ActRig,
  options: Options,
  busy: boolean,
): Promise<{ wireMs: number[]; loopP99Ms: number }> {
  const wireMs: number[] = [];
  let running = true;
  rig.onWire = (ms) => wireMs.push(ms);
  rig.onOutcome = (entity) => {
    if (entity === 'notify.busy' && running) setImmediate(() => rig.spin());
  };
  if (busy) rig.spin();
  await delay(options.warmup * 1000);
  wireMs.length = 0;
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  const start = performance.now();
  const total = Math.round(options.seconds * options.rate);
  for (let sent = 0; sent < total; sent++) {
    const wait = start + (sent * 1000) / options.rate - performance.now();
    if (wait > 0) await delay(wait);
    rig.turn(plugName(sent % options.plugs), sent % (2 * options.plugs) < options.plugs);
  }
  loop.disable();
  await delay(500);
  running = false;
  rig.onWire = () => {};
  // The histogram holds the whole time between two ticks, the tick's own period included.
  return { wireMs, loopP99Ms: Math.max(0, loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS) };
}
