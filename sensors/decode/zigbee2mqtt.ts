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
  scalarOf,
  sourceTime,
  TopicCache,
  type JsonObject,
} from './wire.ts';

export interface Zigbee2mqttOptions {
  /** Base topic; default `zigbee2mqtt`. */
  readonly base?: string;
  /** Put before device names, so that two networks may each have a `lamp`. Default none. */
  readonly prefix?: string;
}

type Route =
  | { readonly kind: 'state' | 'availability'; readonly device: string }
  | { readonly kind: 'ignore' };

const IGNORE: Route = { kind: 'ignore' };
const NOTHING: readonly Observation[] = [];

/** Fields about the message or the radio's housekeeping rather than the place. */
const SKIPPED: ReadonlySet<string> = new Set([
  'last_seen',
  'update',
  'update_available',
  'device',
  'elapsed',
]);

/**
 * Zigbee2MQTT (https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html): `<base>/<friendly name>` with one
 * JSON object, `<base>/<friendly name>/availability`; friendly names may hold slashes. A payload that is not an object
 * is one attribute (`output: attribute`): its name is the topic's last level.
 */
export function createZigbee2mqttDecoder(options: Zigbee2mqttOptions = {}): Decoder {
  const base = `${options.base ?? 'zigbee2mqtt'}/`;
  const prefix = options.prefix ?? '';
  const routes = new TopicCache<Route>();

  function route(topic: string): Route {
    const known = routes.get(topic);
    return known ?? routes.set(topic, learn(topic));
  }

  function learn(topic: string): Route {
    if (!topic.startsWith(base)) return IGNORE;
    const rest = topic.slice(base.length);
    if (rest === '' || rest === 'bridge' || rest.startsWith('bridge/')) return IGNORE;
    const levels = rest.split('/');
    // `lamp/set`, `lamp/set/brightness`, `lamp/left/set`: commands, ours among them.
    if (levels.slice(1).some((level) => level === 'set' || level === 'get')) return IGNORE;
    if (levels.length > 1 && levels.at(-1) === 'availability') {
      return { kind: 'availability', device: prefix + levels.slice(0, -1).join('/') };
    }
    return { kind: 'state', device: prefix + rest };
  }

  return {
    dialect: 'zigbee2mqtt',
    topics: [`${base}#`],
    decode(message) {
      const where = route(message.topic);
      if (where.kind === 'ignore' || message.payload.length === 0) return NOTHING;
      if (where.kind === 'availability') return availability(message, where.device);
      const first = firstByte(message.payload);
      // An object, or compressed: only readJson knows. What starts like a scalar is an attribute.
      if (first === OPEN_BRACE || first < 0x20 || first >= 0x7f) {
        const content = readJson(message);
        return isObject(content) ? state(content, where.device, message) : NOTHING;
      }
      return attribute(message, where.device);
    },
  };
}

const OPEN_BRACE = 0x7b;

function firstByte(payload: Uint8Array): number {
  for (const byte of payload)
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
  return 0;
}

function availability(message: Message, device: string): readonly Observation[] {
  let text: unknown;
  if (firstByte(message.payload) === OPEN_BRACE) {
    const content = readJson(message);
    text = isObject(content) ? content['state'] : undefined;
  } else {
    text = readText(message);
  }
  if (text !== 'online' && text !== 'offline') return NOTHING;
  return [{ device, field: AVAILABILITY, value: text === 'online' }];
}

function attribute(message: Message, path: string): readonly Observation[] {
  const cut = path.lastIndexOf('/');
  const text = readText(message);
  const field = path.slice(cut + 1);
  if (cut <= 0 || text === undefined || SKIPPED.has(field)) return NOTHING;
  const value = scalarOf(text);
  return value === undefined ? NOTHING : [{ device: path.slice(0, cut), field, value }];
}

function state(content: JsonObject, device: string, message: Message): readonly Observation[] {
  const at = sourceTime(content['last_seen'], message.at);
  const out: Observation[] = [];
  // The lamp reports both; the one that is not its mode is only an approximation of the other.
  const mode = content['color_mode'];
  for (const field in content) {
    if (SKIPPED.has(field)) continue;
    const value = content[field];
    if (isValue(value)) {
      if (field === 'color_temp' && mode !== undefined && mode !== 'color_temp') continue;
      add(out, device, field, value, at);
    } else if (isObject(value)) {
      if (field !== 'color' && !field.startsWith('color_')) nested(out, device, field, value, at);
      else if (mode !== 'color_temp') color(out, device, field, value, at);
    }
    if (out.length >= MAX_OBSERVATIONS) break;
  }
  return out;
}

function add(
  out: Observation[],
  device: string,
  field: string,
  value: Observation['value'],
  at: WallMs | undefined,
): void {
  out.push(at === undefined ? { device, field, value } : { device, field, value, at });
}

/** One colour is one value: the model that loses least, as text behind the model's name. */
function color(
  out: Observation[],
  device: string,
  field: string,
  value: JsonObject,
  at: WallMs | undefined,
): void {
  const { hue, saturation, x, y, hex, r, g, b } = value as Record<string, unknown>;
  if (finite(hue) && finite(saturation)) add(out, device, field, `hs:${hue},${saturation}`, at);
  else if (finite(x) && finite(y)) add(out, device, field, `xy:${x},${y}`, at);
  else if (finite(r) && finite(g) && finite(b)) add(out, device, field, `rgb:${r},${g},${b}`, at);
  else if (typeof hex === 'string' && hex.length <= 7) add(out, device, field, `hex:${hex}`, at);
}

function finite(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function nested(
  out: Observation[],
  device: string,
  path: string,
  content: JsonObject,
  at: WallMs | undefined,
): void {
  for (const key in content) {
    const value = content[key];
    if (isValue(value)) add(out, device, `${path}.${key}`, value, at);
    if (out.length >= MAX_OBSERVATIONS) return;
  }
}
