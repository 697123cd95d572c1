import { Appliance } from './appliance.ts';
import { bridgeDevices, DEVICES, type DeviceSpec } from './devices.ts';
import { Faults } from './faults.ts';
import { parseCommand } from './command.ts';
import { seededRandom } from './random.ts';
import { sensorState } from './readout.ts';
import { World } from './world.ts';

/** One message for a broker. */
export interface Publish {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

export interface SimulatedHouseOptions {
  /** The same seed gives the same people, moves and values. Default 1. */
  readonly seed?: number;
  /** Local time of day at the start, hours. Default 6.9: the household is about to get up. */
  readonly startHour?: number;
  /** Simulated seconds in a real second. Default 60. */
  readonly speed?: number;
  /** Default `zigbee2mqtt`. */
  readonly baseTopic?: string;
  /** From a command to the device's answer, real ms. Default 120. */
  readonly answerDelayMs?: number;
}

interface Pending {
  readonly dueMs: number;
  readonly device: Appliance;
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

/** Unchanged states are published again after so long, real ms, for whoever came late. */
const HEARTBEAT_MS = 8000;
/** Changes of measured values are published at most so often, real ms; motion and contacts at once. */
const REPORT_MS = 1000;
/** Commands on their way to devices; more are dropped and counted. */
const MAX_PENDING = 256;
/** A single step covers at most an hour of real time. */
const MAX_STEP_MS = 3_600_000;

/**
 * A small simulated house that speaks like Zigbee2MQTT: `start()` says what there is, `step(dtMs)` moves time on and
 * returns what the devices publish, `handle` takes what is published to `<base>/<name>/set` and `/get`.
 * No input or output and no clock of its own; deterministic for a seed and a sequence of calls.
 */
export class SimulatedHouse {
  readonly faults = new Faults();
  readonly speed: number;
  readonly baseTopic: string;
  /** Commands dropped because too many were on their way. */
  dropped = 0;
  readonly #answerDelayMs: number;
  readonly #appliances: readonly Appliance[];
  readonly #byName: ReadonlyMap<string, Appliance>;
  readonly #world: World;
  readonly #published = new Map<string, { payload: string; urgent: string; atMs: number }>();
  #pending: Pending[] = [];
  #elapsedMs = 0;

  constructor(options: SimulatedHouseOptions = {}) {
    this.speed = options.speed ?? 60;
    this.baseTopic = options.baseTopic ?? 'zigbee2mqtt';
    this.#answerDelayMs = options.answerDelayMs ?? 120;
    this.#appliances = DEVICES.map((spec) => new Appliance(spec));
    this.#byName = new Map(this.#appliances.map((appliance) => [appliance.spec.name, appliance]));
    this.#world = new World(
      (options.startHour ?? 6.9) * 3600,
      seededRandom(options.seed ?? 1),
      this.#appliances,
    );
  }

  get devices(): readonly DeviceSpec[] {
    return DEVICES;
  }

  /** Simulated local time of day, hours. */
  get hour(): number {
    return this.#world.hour;
  }

  /** What a bridge publishes when it starts: itself, its devices, their availability and states. */
  start(): Publish[] {
    const out: Publish[] = [
      this.#message('bridge/state', JSON.stringify({ state: 'online' }), true),
      this.#message('bridge/devices', JSON.stringify(bridgeDevices(DEVICES)), true),
    ];
    for (const appliance of this.#appliances) {
      out.push(this.#availability(appliance));
      if (!this.faults.isOffline(appliance.spec.name)) out.push(this.#report(appliance));
    }
    return out;
  }

  /** What a bridge publishes when it stops in good order. */
  stop(): Publish[] {
    return [this.#message('bridge/state', JSON.stringify({ state: 'offline' }), true)];
  }

  /** Moves time on by `dtMs` of real time. Returns what was published meanwhile, in order. */
  step(dtMs: number): Publish[] {
    if (!(dtMs > 0)) return [];
    const real = Math.min(dtMs, MAX_STEP_MS);
    const out: Publish[] = [];
    this.#elapsedMs += real;
    this.#answer(out);
    const travelled = new Set(this.#appliances.filter((appliance) => appliance.advance(real)));
    this.#world.step((real / 1000) * this.speed);
    for (const appliance of this.#appliances) {
      if (this.faults.takeAvailabilityChange(appliance.spec.name)) out.push(this.#availability(appliance));
      if (this.faults.isOffline(appliance.spec.name)) continue;
      if (travelled.has(appliance) || this.#isDue(appliance)) out.push(this.#report(appliance));
    }
    return out;
  }

  /** Takes a message published to a topic of the bridge. Anything that is no command to a device here is ignored. */
  handle(topic: string, payload: string | Uint8Array): void {
    const command = parseCommand(this.baseTopic, topic, payload);
    if (command === undefined) return;
    const device = this.#byName.get(command.device);
    if (device === undefined || this.faults.isOffline(command.device)) return;
    if (this.faults.swallows(command.device)) return;
    if (this.#pending.length >= MAX_PENDING) {
      this.dropped++;
      return;
    }
    const dueMs = this.#elapsedMs + this.#answerDelayMs + this.faults.extraDelay(command.device);
    this.#pending.push({ dueMs, device, payload: command.set });
  }

  #answer(out: Publish[]): void {
    if (this.#pending.length === 0) return;
    const due = this.#pending.filter((pending) => pending.dueMs <= this.#elapsedMs);
    if (due.length === 0) return;
    this.#pending = this.#pending.filter((pending) => pending.dueMs > this.#elapsedMs);
    for (const { device, payload } of due.toSorted((a, b) => a.dueMs - b.dueMs)) {
      if (this.faults.isOffline(device.spec.name)) continue;
      if (payload !== undefined) device.set(payload);
      out.push(this.#report(device));
    }
  }

  #isDue(appliance: Appliance): boolean {
    const last = this.#published.get(appliance.spec.name);
    if (last === undefined) return true;
    const age = this.#elapsedMs - last.atMs;
    if (age >= HEARTBEAT_MS) return true;
    const { values, urgent } = sensorState(appliance, this.#world);
    return urgent !== last.urgent || (age >= REPORT_MS && JSON.stringify(values) !== last.payload);
  }

  #report(appliance: Appliance): Publish {
    const { values, urgent } = sensorState(appliance, this.#world);
    const payload = JSON.stringify(values);
    this.#published.set(appliance.spec.name, { payload, urgent, atMs: this.#elapsedMs });
    return this.#message(appliance.spec.name, payload, false);
  }

  #availability(appliance: Appliance): Publish {
    const state = this.faults.isOffline(appliance.spec.name) ? 'offline' : 'online';
    return this.#message(`${appliance.spec.name}/availability`, JSON.stringify({ state }), true);
  }

  #message(path: string, payload: string, retain: boolean): Publish {
    return { topic: `${this.baseTopic}/${path}`, payload, retain };
  }
}
