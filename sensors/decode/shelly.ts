import type { Decoder } from '../../runtime/contract/decoder.ts';
import type { Message } from '../../runtime/contract/message.ts';
import { AVAILABILITY, type Observation } from '../../runtime/contract/reading.ts';
import type { WallMs } from '../../runtime/contract/time.ts';
import {
  isObject,
  isValue,
  MAX_OBSERVATIONS,
  readJson,
  readText,
  sourceTime,
  TopicCache,
  type JsonObject,
} from './wire.ts';

export interface ShellyOptions {
  /** Topic prefixes that hold slashes (`home/garage/shelly`), which `+` would not match. */
  readonly prefixes?: readonly string[];
}

type Route =
  | { readonly kind: 'events' | 'online'; readonly device: string }
  | { readonly kind: 'status'; readonly device: string; readonly component: string }
  | { readonly kind: 'ignore' };

const NOTHING: readonly Observation[] = [];
const IGNORE: Route = { kind: 'ignore' };

/** Components that say something about the place; `sys`, `wifi`, `cloud` and the like do not. */
const COMPONENT =
  /^(switch|cover|light|rgb|rgbw|cct|input|temperature|humidity|devicepower|em|em1|emdata|em1data|pm1|smoke|flood|thermostat|voltmeter|illuminance|motion|presence|bthomesensor|bthomedevice|blutrv|number|boolean)(:\d{1,4})?$/;

/** Shelly Gen2 and later (https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Mqtt). */
export function createShellyDecoder(options: ShellyOptions = {}): Decoder {
  const routes = new TopicCache<Route>();
  return {
    dialect: 'shelly',
    topics: ['+', ...(options.prefixes ?? [])].flatMap((prefix) => [
      `${prefix}/events/rpc`,
      `${prefix}/status/+`,
      `${prefix}/online`,
    ]),
    decode(message) {
      const route = routes.get(message.topic) ?? routes.set(message.topic, routeOf(message.topic));
      switch (route.kind) {
        case 'events':
          return notification(readJson(message), route.device, message.at);
        case 'status':
          return status(readJson(message), route.device, route.component);
        case 'online':
          return online(message, route.device);
        case 'ignore':
        default:
          return NOTHING;
      }
    },
  };
}

function routeOf(topic: string): Route {
  const levels = topic.split('/');
  const last = levels.at(-1)!;
  const before = levels.at(-2);
  if (last === 'online' && levels.length > 1)
    return { kind: 'online', device: levels.slice(0, -1).join('/') };
  const device = levels.slice(0, -2).join('/');
  if (device === '') return IGNORE;
  if (last === 'rpc' && before === 'events') return { kind: 'events', device };
  return before === 'status' && COMPONENT.test(last) ? { kind: 'status', device, component: last } : IGNORE;
}

function online(message: Message, device: string): readonly Observation[] {
  const text = readText(message);
  return text === 'true' || text === 'false'
    ? [{ device, field: AVAILABILITY, value: text === 'true' }]
    : NOTHING;
}

function status(content: unknown, device: string, component: string): readonly Observation[] {
  if (!isObject(content)) return NOTHING;
  const out: Observation[] = [];
  walk(out, device, component, content, undefined, 0);
  return out;
}

function notification(content: unknown, device: string, receivedAt: WallMs): readonly Observation[] {
  if (!isObject(content)) return NOTHING;
  const { method, params } = content;
  if (!isObject(params)) return NOTHING;
  const at = timeOf(params['ts'], receivedAt);
  const out: Observation[] = [];
  if (method === 'NotifyStatus' || method === 'NotifyFullStatus') {
    for (const component in params) {
      const value = params[component];
      if (isObject(value) && COMPONENT.test(component)) walk(out, device, component, value, at, 0);
    }
  } else if (method === 'NotifyEvent' && Array.isArray(params['events'])) {
    for (const event of params['events'].slice(0, MAX_OBSERVATIONS)) {
      if (!isObject(event)) continue;
      const { component, event: name, ts } = event;
      if (typeof component !== 'string' || !COMPONENT.test(component) || !isValue(name)) continue;
      push(out, device, `${component}.event`, name, timeOf(ts, receivedAt) ?? at);
    }
  }
  return out;
}

function timeOf(seconds: unknown, receivedAt: WallMs): WallMs | undefined {
  return typeof seconds === 'number' ? sourceTime(Math.round(seconds * 1000), receivedAt) : undefined;
}

const MAX_DEPTH = 3;

function walk(
  out: Observation[],
  device: string,
  path: string,
  content: JsonObject,
  at: WallMs | undefined,
  depth: number,
): void {
  for (const key in content) {
    if (out.length >= MAX_OBSERVATIONS) return;
    if (depth === 0 && (key === 'id' || key === 'source')) continue;
    const value = content[key];
    const field = `${path}.${key}`;
    if (isValue(value)) push(out, device, field, value, at);
    else if (isObject(value)) {
      if (depth < MAX_DEPTH) walk(out, device, field, value, at, depth + 1);
    } else if (key === 'rgb' && Array.isArray(value) && value.length === 3 && value.every(isByte)) {
      push(out, device, field, `rgb:${value.join(',')}`, at);
    }
  }
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 255;
}

function push(
  out: Observation[],
  device: string,
  field: string,
  value: Observation['value'],
  at: WallMs | undefined,
): void {
  out.push(at === undefined ? { device, field, value } : { device, field, value, at });
}
