import type { Decoder } from '../../runtime/contract/decoder.ts';
import type { Message } from '../../runtime/contract/message.ts';
import { AVAILABILITY, type Observation } from '../../runtime/contract/reading.ts';
import {
  isObject,
  isValue,
  MAX_OBSERVATIONS,
  readJson,
  readText,
  TopicCache,
  type JsonObject,
} from './wire.ts';

export interface TasmotaOptions {
  /** Default `tele`. */
  readonly tele?: string;
  /** Default `stat`. */
  readonly stat?: string;
}

type Handler = (message: Message, device: string) => readonly Observation[];

interface Route {
  readonly handle: Handler;
  readonly device: string;
}

const NOTHING: readonly Observation[] = [];
const IGNORE: Route = { handle: () => NOTHING, device: '' };

/**
 * Tasmota (https://tasmota.github.io/docs/MQTT/) with the default full topic `%prefix%/%topic%/`: telemetry, states and
 * results. `Time` carries no zone, so that the receive time is the better one.
 */
export function createTasmotaDecoder(options: TasmotaOptions = {}): Decoder {
  const tele = `${options.tele ?? 'tele'}/`;
  const stat = `${options.stat ?? 'stat'}/`;
  const routes = new TopicCache<Route>();

  function learn(topic: string): Route {
    const isTele = topic.startsWith(tele);
    if (!isTele && !topic.startsWith(stat)) return IGNORE;
    const rest = topic.slice(isTele ? tele.length : stat.length);
    const cut = rest.lastIndexOf('/');
    if (cut <= 0) return IGNORE;
    const handle = handlerOf(isTele, rest.slice(cut + 1));
    return handle === undefined ? IGNORE : { handle, device: rest.slice(0, cut) };
  }

  return {
    dialect: 'tasmota',
    topics: [`${tele}#`, `${stat}#`],
    decode(message) {
      const { topic } = message;
      const route = routes.get(topic) ?? routes.set(topic, learn(topic));
      return message.payload.length === 0 ? NOTHING : route.handle(message, route.device);
    },
  };
}

function handlerOf(isTele: boolean, last: string): Handler | undefined {
  if (isTele) {
    if (last === 'LWT') return availability;
    return last === 'SENSOR' || last === 'STATE' || last === 'INFO' ? telemetry : undefined;
  }
  if (last === 'RESULT') return result;
  if (/^STATUS(8|10|11)$/.test(last)) return telemetry;
  return /^POWER\d*$/.test(last) ? power(last) : undefined;
}

const availability: Handler = (message, device) => {
  const text = readText(message);
  if (text !== 'Online' && text !== 'Offline') return NOTHING;
  return [{ device, field: AVAILABILITY, value: text === 'Online' }];
};

function power(field: string): Handler {
  return (message, device) => {
    const text = readText(message);
    return text === 'ON' || text === 'OFF' ? [{ device, field, value: text }] : NOTHING;
  };
}

const telemetry: Handler = (message, device) => {
  let content = readJson(message);
  // STATUS8 and STATUS10 wrap what SENSOR says, STATUS11 what STATE says.
  if (isObject(content)) content = content['StatusSNS'] ?? content['StatusSTS'] ?? content;
  if (!isObject(content)) return NOTHING;
  const walk = new Walk(device, content);
  walk.object('', content, 0);
  return walk.out;
};

/** The answer to a command: only what says how the device now is. Everything else there is configuration. */
const RESULTS = /^(POWER\d*|Dimmer\d*|CT|Color|HSBColor|Shutter\d+|Switch\d+)$/;

const result: Handler = (message, device) => {
  const content = readJson(message);
  if (!isObject(content)) return NOTHING;
  const walk = new Walk(device, content);
  for (const key in content) if (RESULTS.test(key)) walk.entry('', key, content[key], 0);
  return walk.out;
};

/** Housekeeping texts and identifiers that are no readings of the place. */
const SKIPPED: ReadonlySet<string> = new Set([
  'Time',
  'Epoch',
  'TempUnit',
  'PressureUnit',
  'SpeedUnit',
  'Uptime',
  'SleepMode',
  'Sleep',
  'MqttCount',
  'Restart',
]);

const MAX_DEPTH = 4;

class Walk {
  readonly out: Observation[] = [];
  readonly #device: string;
  readonly #temperature: string;
  readonly #pressure: string | undefined;

  constructor(device: string, content: JsonObject) {
    this.#device = device;
    this.#temperature = content['TempUnit'] === 'F' ? '°F' : '°C';
    const pressure = content['PressureUnit'];
    this.#pressure = typeof pressure === 'string' && pressure.length <= 8 ? pressure : undefined;
  }

  object(path: string, content: JsonObject, depth: number): void {
    for (const key in content) {
      if (this.out.length >= MAX_OBSERVATIONS) return;
      if (depth > 0 || !SKIPPED.has(key)) this.entry(path, key, content[key], depth);
    }
  }

  entry(path: string, key: string, value: unknown, depth: number): void {
    const field = path === '' ? key : `${path}.${key}`;
    if (isValue(value)) this.#value(field, key, value);
    else if (isObject(value) && depth < MAX_DEPTH) {
      if (key.startsWith('Shutter')) this.#shutter(field, value);
      else this.object(field, value, depth + 1);
    }
  }

  #value(field: string, key: string, value: Observation['value']): void {
    if (field === 'HSBColor' && typeof value === 'string') {
      this.out.push({ device: this.#device, field, value: `hs:${value}` });
      return;
    }
    const unit = typeof value === 'number' ? this.#unit(key) : undefined;
    this.out.push(
      unit === undefined
        ? { device: this.#device, field, value }
        : { device: this.#device, field, value, unit },
    );
  }

  #unit(key: string): string | undefined {
    if (key === 'Temperature' || key === 'DewPoint' || key === 'OBJTMP' || key === 'AMBTMP')
      return this.#temperature;
    return key === 'Pressure' || key === 'SeaPressure' ? this.#pressure : undefined;
  }

  /** Position 0 is closed, 100 open; the direction says whether it still moves. */
  #shutter(field: string, content: JsonObject): void {
    const position = content['Position'];
    const direction = content['Direction'];
    if (typeof position !== 'number' || !Number.isFinite(position)) return;
    const device = this.#device;
    this.out.push({ device, field: `${field}.Position`, value: position });
    const resting = position === 0 ? 'closed' : 'open';
    const state =
      typeof direction !== 'number' || direction === 0 ? resting : direction > 0 ? 'opening' : 'closing';
    this.out.push({ device, field: `${field}.State`, value: state });
  }
}
