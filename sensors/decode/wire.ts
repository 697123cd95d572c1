import type { Message } from '../../runtime/contract/message.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { WallMs } from '../../runtime/contract/time.ts';
import { openPayload, parseJson } from './payload.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A scalar that may become a reading: finite numbers, booleans and text of at most `MAX_TEXT` characters. */
export function isValue(value: unknown): value is Value {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' ? value.length <= MAX_TEXT : typeof value === 'boolean';
}

/** Longer texts are documents, not values. */
export const MAX_TEXT = 1024;

/** One message may not become more observations than this. */
export const MAX_OBSERVATIONS = 512;

const strict = new TextDecoder('utf-8', { fatal: true });

/** The payload as JSON. Throws GanglionError PAYLOAD_…. */
export function readJson(message: Message): unknown {
  return parseJson(openPayload(message.payload, message.topic), message.topic);
}

/** The payload as trimmed text; undefined where it is not UTF-8 or longer than a value may be. */
export function readText(message: Message): string | undefined {
  const bytes = openPayload(message.payload, message.topic);
  if (bytes.length > MAX_TEXT) return undefined;
  try {
    return strict.decode(bytes).trim();
  } catch {
    return undefined;
  }
}

/** `21.5` → 21.5, `true` → true, anything else stays text; undefined for nothing and for numbers that are not finite. */
export function scalarOf(text: string): Value | undefined {
  if (text === '') return undefined;
  if (text === 'true' || text === 'True') return true;
  if (text === 'false' || text === 'False') return false;
  const first = text.charCodeAt(0);
  // Digit, sign or point: only then can it be a number.
  if ((first >= 48 && first <= 57) || first === 45 || first === 43 || first === 46) {
    const number = Number(text);
    if (Number.isFinite(number)) return number;
  }
  return NOT_FINITE.has(text) ? undefined : text;
}

const NOT_FINITE: ReadonlySet<string> = new Set([
  'NaN',
  'nan',
  'Infinity',
  '-Infinity',
  '+Infinity',
  'inf',
  '-inf',
  'null',
  'None',
]);

const MAX_AHEAD_MS = 5 * 60_000;
const MIN_WALL_MS = Date.UTC(2015, 0, 1);

/**
 * A device's own time of a value (ISO 8601 or milliseconds since 1970). Undefined where it is no time, or one that
 * cannot be: before 2015, or further ahead of the receive time than clocks drift.
 */
export function sourceTime(raw: unknown, receivedAt: WallMs): WallMs | undefined {
  const ms =
    typeof raw === 'number' ? raw : typeof raw === 'string' && raw.length < 40 ? Date.parse(raw) : NaN;
  return ms >= MIN_WALL_MS && ms <= receivedAt + MAX_AHEAD_MS ? (ms as WallMs) : undefined;
}

/** What is known per topic, so that a topic seen before costs one look-up. Starts anew when full. */
export class TopicCache<T> {
  readonly #limit: number;
  #routes = new Map<string, T>();
  /** How often it was full. */
  overflows = 0;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  get(topic: string): T | undefined {
    return this.#routes.get(topic);
  }

  set(topic: string, route: T): T {
    if (this.#routes.size >= this.#limit) {
      this.#routes = new Map();
      this.overflows++;
    }
    this.#routes.set(topic, route);
    return route;
  }
}
