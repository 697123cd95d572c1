import { readColor } from './color.ts';
import type { DeviceSpec } from './devices.ts';

type Json = Readonly<Record<string, unknown>>;

/** A full stroke of a blind, ms of real time. */
const STROKE_MS = 6000;
/** At most so often a moving blind tells where it is, ms. */
const TRAVEL_REPORT_MS = 500;

/** A device that takes commands: its published state, and how it changes. */
export class Appliance {
  readonly spec: DeviceSpec;
  /** What the state topic shows. */
  readonly state: Map<string, unknown>;
  /** A blind's position, %, between the reports of it. */
  #position = 100;
  #target = 100;
  #sinceReportMs = 0;

  constructor(spec: DeviceSpec) {
    this.spec = spec;
    this.state = new Map(initialState(spec));
    const position = this.state.get('position');
    if (typeof position === 'number') this.#position = this.#target = position;
  }

  /** Carries out a `/set` payload; what it does not understand it ignores, as the real bridge does. */
  set(payload: Json): void {
    switch (this.spec.role) {
      case 'light':
        this.#setLight(payload);
        break;
      case 'fan':
        this.#setFan(payload);
        break;
      case 'plug':
        this.#setSwitch(payload['state']);
        break;
      case 'cover':
        this.#setCover(payload);
        break;
      case 'lock':
        this.#setLock(payload['state']);
        break;
      case 'climate':
        this.#setClimate(payload);
        break;
      case 'air':
      case 'contact':
      case 'outdoor':
      case 'daylight':
        break;
    }
  }

  /** Moves what takes time to move. Returns true when there is something new to publish. */
  advance(dtMs: number): boolean {
    if (this.spec.role !== 'cover' || this.#position === this.#target) return false;
    const reach = (dtMs / STROKE_MS) * 100;
    const distance = this.#target - this.#position;
    this.#position =
      Math.abs(distance) <= reach ? this.#target : this.#position + Math.sign(distance) * reach;
    this.#sinceReportMs += dtMs;
    if (this.#position !== this.#target && this.#sinceReportMs < TRAVEL_REPORT_MS) return false;
    this.#sinceReportMs = 0;
    this.#showPosition();
    return true;
  }

  /** Share of full output, 0–1. */
  get level(): number {
    const on = this.state.get('state') === 'ON';
    if (!on) return 0;
    const dial = this.state.get(this.spec.role === 'light' ? 'brightness' : 'speed');
    return typeof dial === 'number' ? dial / 254 : 1;
  }

  /** 0 shut … 1 open. */
  get openness(): number {
    return this.#position / 100;
  }

  /** °C, or undefined while heating is off. */
  get setpoint(): number | undefined {
    const wanted = this.state.get('occupied_heating_setpoint');
    return this.state.get('system_mode') === 'off' || typeof wanted !== 'number' ? undefined : wanted;
  }

  #setSwitch(wanted: unknown): void {
    const word = typeof wanted === 'string' ? wanted.toUpperCase() : '';
    if (word === 'ON' || word === 'OFF') this.state.set('state', word);
    if (word === 'TOGGLE') this.state.set('state', this.state.get('state') === 'ON' ? 'OFF' : 'ON');
  }

  #setLight(payload: Json): void {
    this.#setSwitch(payload['state']);
    this.#setDial('brightness', payload['brightness']);
    const mired = numberIn(payload['color_temp'], 153, 500);
    if (mired !== undefined && this.spec.abilities?.includes('color_temp') === true) {
      this.state.set('color_temp', Math.round(mired));
      this.state.set('color_mode', 'color_temp');
    }
    const color = this.spec.abilities?.includes('color') === true ? readColor(payload['color']) : undefined;
    if (color !== undefined) {
      this.state.set('color', color);
      this.state.set('color_mode', 'xy');
    }
  }

  #setFan(payload: Json): void {
    this.#setSwitch(payload['state']);
    this.#setDial('speed', payload['speed']);
  }

  /** A level above 0 also switches on, 0 switches off: the Zigbee command is "move to level with on/off". */
  #setDial(name: string, wanted: unknown): void {
    const level = numberIn(wanted, 0, 254);
    if (level === undefined) return;
    if (level > 0) this.state.set(name, Math.round(level));
    this.state.set('state', level > 0 ? 'ON' : 'OFF');
  }

  #setCover(payload: Json): void {
    const word = typeof payload['state'] === 'string' ? payload['state'].toUpperCase() : '';
    if (word === 'OPEN') this.#target = 100;
    if (word === 'CLOSE') this.#target = 0;
    if (word === 'STOP') this.#target = this.#position = Math.round(this.#position);
    this.#target = numberIn(payload['position'], 0, 100) ?? this.#target;
    this.#showPosition();
  }

  #showPosition(): void {
    this.state.set('position', Math.round(this.#position));
    this.state.set('state', this.#position > 0 ? 'OPEN' : 'CLOSE');
  }

  #setLock(wanted: unknown): void {
    const word = typeof wanted === 'string' ? wanted.toUpperCase() : '';
    if (word !== 'LOCK' && word !== 'UNLOCK') return;
    this.state.set('state', word);
    this.state.set('lock_state', word === 'LOCK' ? 'locked' : 'unlocked');
  }

  #setClimate(payload: Json): void {
    const setpoint = numberIn(payload['occupied_heating_setpoint'], 5, 30);
    if (setpoint !== undefined) this.state.set('occupied_heating_setpoint', Math.round(setpoint * 2) / 2);
    const mode = payload['system_mode'];
    if (mode === 'off' || mode === 'heat' || mode === 'auto') this.state.set('system_mode', mode);
  }
}

function numberIn(value: unknown, min: number, max: number): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  return Math.min(max, Math.max(min, number));
}

/** State of a device when the simulation starts, as published. */
type Fields = readonly (readonly [string, unknown])[];

const INITIAL: Partial<Record<DeviceSpec['role'], Fields>> = {
  light: [
    ['state', 'OFF'],
    ['brightness', 254],
  ],
  fan: [
    ['state', 'OFF'],
    ['speed', 127],
  ],
  plug: [
    ['state', 'ON'],
    ['power', 0.4],
  ],
  cover: [
    ['state', 'CLOSE'],
    ['position', 0],
  ],
  lock: [
    ['state', 'UNLOCK'],
    ['lock_state', 'unlocked'],
  ],
  climate: [
    ['system_mode', 'heat'],
    ['occupied_heating_setpoint', 19],
    ['local_temperature', 19.2],
    ['running_state', 'idle'],
  ],
};

const WHITE: Fields = [
  ['color_temp', 370],
  ['color_mode', 'color_temp'],
];

function initialState({ role, abilities }: DeviceSpec): Fields {
  const fields = INITIAL[role] ?? [];
  return abilities?.includes('color_temp') === true ? [...fields, ...WHITE] : fields;
}
