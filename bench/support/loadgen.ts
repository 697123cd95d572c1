/**
 * The load generator: a child process that plays the house. It publishes sensor messages on a fixed plan (a late one
 * counts from when it was due, so that a stalled system cannot hide its stall: no coordinated omission), receives the
 * commands, answers them with the plug's new state as a device does, and measures from message to command.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { messageOf } from '../../runtime/errors.ts';
import type { LoadEvent, LoadPlan, LoadResult } from './protocol.ts';
import { sensorMessage, plugName, sensorName } from './workload.ts';

interface Waiting {
  readonly due: number;
  readonly state: string;
  readonly counted: boolean;
}

class House {
  readonly #client: MqttClient;
  readonly #plan: LoadPlan;
  readonly #steps: number[];
  readonly #waiting = new Map<string, Waiting>();
  #counting = false;
  readonly tally = { messages: 0, expected: 0, received: 0, unexpected: 0, commands: 0, behindMs: 0 };
  readonly latenciesMs: number[] = [];

  constructor(client: MqttClient, plan: LoadPlan) {
    this.#client = client;
    this.#plan = plan;
    this.#steps = Array.from({ length: plan.pairs }, () => 0);
  }

  async start(): Promise<void> {
    this.#client.on('message', (topic, payload) => this.#command(topic, payload.toString()));
    await this.#client.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
  }

  count(on: boolean): void {
    this.#counting = on;
  }

  /** The next message of a sensor; `due` is when the plan wanted it. */
  send(index: number, due: number): void {
    const { payload, expect } = sensorMessage(index, this.#steps[index]!++);
    if (expect !== undefined) {
      this.#waiting.set(plugName(index), { due, state: expect, counted: this.#counting });
      if (this.#counting) this.tally.expected++;
    }
    if (this.#counting) this.tally.behindMs = Math.max(this.tally.behindMs, performance.now() - due);
    this.#publish(`zigbee2mqtt/${sensorName(index)}`, payload);
  }

  get settled(): boolean {
    for (const entry of this.#waiting.values()) if (entry.counted) return false;
    return true;
  }

  #command(topic: string, payload: string): void {
    const now = performance.now();
    const plug = topic.split('/')[1] ?? '';
    const state = stateOf(payload);
    this.tally.commands++;
    const waiting = this.#waiting.get(plug);
    if (waiting?.state === state) {
      this.#waiting.delete(plug);
      if (waiting.counted) {
        this.tally.received++;
        this.latenciesMs.push(now - waiting.due);
      }
    } else if (this.#counting) this.tally.unexpected++;
    this.#publish(`zigbee2mqtt/${plug}`, `{"linkquality":120,"power":0,"state":"${state}"}`);
  }

  #publish(topic: string, payload: string): void {
    if (this.#counting) this.tally.messages++;
    this.#client.publish(topic, payload, { qos: this.#plan.qos });
  }
}

function stateOf(payload: string): string {
  try {
    const state = (JSON.parse(payload) as { state?: unknown }).state;
    return state === 'ON' || state === 'OFF' ? state : '';
  } catch {
    return '';
  }
}

/** Sends all sensors' messages round and round, `rate` a second, until `seconds` have passed. */
async function play(house: House, plan: LoadPlan, from: number, seconds: number): Promise<number> {
  const start = performance.now();
  const total = Math.round(seconds * plan.rate);
  for (let sent = 0; sent < total;) {
    const elapsed = performance.now() - start;
    const due = Math.min(total, Math.floor((elapsed * plan.rate) / 1000) + 1);
    for (; sent < due; sent++) house.send((from + sent) % plan.pairs, start + (sent * 1000) / plan.rate);
    await delay(1);
  }
  return (from + total) % plan.pairs;
}

/** The system is ready once it has answered: until then every sensor's messages go out slowly. False: it did not. */
async function untilReady(house: House, plan: LoadPlan): Promise<boolean> {
  const end = performance.now() + plan.readyS * 1000;
  while (house.tally.commands === 0) {
    if (performance.now() > end) return false;
    for (let index = 0; index < plan.pairs; index++) house.send(index, performance.now());
    await delay(50);
  }
  return true;
}

/** The result of the plan, or why there is none. */
async function run(plan: LoadPlan): Promise<LoadResult | string> {
  const client = await connectAsync(`mqtt://127.0.0.1:${plan.port}`, { clean: true, reconnectPeriod: 0 });
  const socket: unknown = client.stream;
  if (hasNoDelay(socket)) socket.setNoDelay(true);
  const house = new House(client, plan);
  await house.start();
  if (!(await untilReady(house, plan))) return `it sent no command within ${plan.readyS} s`;
  await tell({ type: 'ready' });
  const next = await play(house, plan, 0, plan.warmupS);
  house.count(true);
  await tell({ type: 'window-start' });
  await play(house, plan, next, plan.seconds);
  await tell({ type: 'window-end' });
  house.count(false);
  const giveUp = performance.now() + 5000;
  while (!house.settled && performance.now() < giveUp) await delay(10);
  await client.endAsync(true);
  const { messages, expected, received, unexpected, behindMs } = house.tally;
  return { messages, expected, received, unexpected, behindMs, latenciesMs: house.latenciesMs };
}

function hasNoDelay(socket: unknown): socket is { setNoDelay(on: boolean): void } {
  return typeof socket === 'object' && socket !== null && 'setNoDelay' in socket;
}

/** Resolves when the event is on its way: a long run's result is large, and disconnecting would cut it off. */
async function tell(event: LoadEvent): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(event, undefined, {}, () => resolve());
  });
}

process.on('message', (plan: LoadPlan) => {
  run(plan)
    .then((result) =>
      tell(typeof result === 'string' ? { type: 'failed', reason: result } : { type: 'result', result }),
    )
    .catch((error: unknown) => tell({ type: 'failed', reason: messageOf(error) }))
    .finally(() => process.disconnect());
});
