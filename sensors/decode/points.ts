import type { Decoder } from '../../runtime/contract/decoder.ts';
import type { Point, PointSource } from '../../runtime/contract/house.ts';
import type { Message } from '../../runtime/contract/message.ts';
import { AVAILABILITY, type Observation, type Value } from '../../runtime/contract/reading.ts';
import { isGanglionError, messageOf } from '../../runtime/errors.ts';
import { compilePoint, type CompiledPoint, type Content } from './point.ts';
import { openPayload, parseJson } from './payload.ts';
import { isValue, readText, scalarOf, TopicCache } from './wire.ts';

/** A decoder for each dialect that speaks in points: one reading of the message serves all of them. */
export interface PointsDecoderOptions {
  /** `homeassistant`, `topic`, `json`: only points of this dialect are looked at. */
  readonly dialect: string;
  readonly source: PointSource;
}

interface Bound {
  readonly point: CompiledPoint;
  /** With `{1}`, `{2}` filled in. */
  readonly device: string;
  readonly field: string;
}

const NOTHING: readonly Observation[] = [];

/**
 * Reads what points describe: Home Assistant discovery, plain JSON by path, raw values. Follows the house as it
 * grows: `topics` and the compiled points are those of the source's present version.
 */
export function createPointsDecoder(options: PointsDecoderOptions): Decoder {
  return new PointsDecoder(options.dialect, options.source);
}

class PointsDecoder implements Decoder {
  readonly dialect: string;
  readonly #source: PointSource;
  #version = -1;
  #exact = new Map<string, CompiledPoint[]>();
  #wild: CompiledPoint[] = [];
  #bound = new TopicCache<readonly Bound[]>();
  /** Points that failed stay off until the house announces them anew. */
  #off = new WeakSet<Point>();

  constructor(dialect: string, source: PointSource) {
    this.dialect = dialect;
    this.#source = source;
  }

  get topics(): readonly string[] {
    this.#refresh();
    return [...this.#exact.keys(), ...new Set(this.#wild.map((compiled) => compiled.point.topic))];
  }

  decode(message: Message): readonly Observation[] {
    if (this.#source.pointsVersion !== this.#version) this.#refresh();
    const { topic } = message;
    const bound = this.#bound.get(topic) ?? this.#bound.set(topic, this.#bind(topic));
    if (bound.length === 0) return NOTHING;
    const content = contentOf(message);
    const out: Observation[] = [];
    for (const { point, device, field } of bound) {
      if (this.#off.has(point.point)) continue;
      const value = this.#read(point, content);
      if (value === undefined) continue;
      const { unit } = point.point;
      out.push(unit === undefined ? { device, field, value } : { device, field, value, unit });
    }
    content.rethrow(out.length);
    return out;
  }

  #read(compiled: CompiledPoint, content: MessageContent): Value | undefined {
    let raw: unknown;
    try {
      raw = compiled.read(content);
    } catch (error) {
      // A number filter on a text that is none is a message without a value; only what can never work goes off.
      if (isGanglionError(error) && error.code === 'TEMPLATE_LIMIT')
        this.#fail(compiled.point, messageOf(error));
      return undefined;
    }
    const { map } = compiled.point;
    if (map !== undefined) {
      const key = String(raw);
      const value = Object.hasOwn(map, key) ? map[key] : undefined;
      return value;
    }
    if (compiled.point.field === AVAILABILITY) return undefined;
    return isValue(raw) ? raw : undefined;
  }

  #fail(point: Point, reason: string): void {
    this.#off.add(point);
    this.#source.pointFailed(point, reason);
  }

  #refresh(): void {
    const version = this.#source.pointsVersion;
    if (version === this.#version) return;
    this.#version = version;
    this.#exact = new Map();
    this.#wild = [];
    this.#bound = new TopicCache();
    for (const point of this.#source.points()) {
      if (point.dialect !== this.dialect || this.#off.has(point)) continue;
      try {
        const compiled = compilePoint(point);
        if (compiled.levels !== undefined) this.#wild.push(compiled);
        else {
          const same = this.#exact.get(point.topic);
          if (same === undefined) this.#exact.set(point.topic, [compiled]);
          else same.push(compiled);
        }
      } catch (error) {
        this.#fail(point, messageOf(error));
      }
    }
  }

  #bind(topic: string): readonly Bound[] {
    const bound: Bound[] = (this.#exact.get(topic) ?? []).map((point) => ({
      point,
      device: point.point.device,
      field: point.point.field,
    }));
    for (const point of this.#wild) {
      const found = point.match(topic);
      if (found !== undefined) bound.push({ point, ...found });
    }
    return bound;
  }
}

/** The payload as text and as JSON, each read at most once and only when a point asks for it. */
class MessageContent implements Content {
  readonly #message: Message;
  #text: { readonly value: string | undefined } | undefined;
  #json: { readonly value: unknown } | { readonly error: unknown } | undefined;

  constructor(message: Message) {
    this.#message = message;
  }

  text(): string | undefined {
    this.#text ??= { value: readText(this.#message) };
    return this.#text.value;
  }

  scalar(): Value | undefined {
    const text = this.text();
    return text === undefined ? undefined : scalarOf(text);
  }

  json(): unknown {
    if (this.#json === undefined) {
      const { payload, topic } = this.#message;
      try {
        this.#json = { value: parseJson(openPayload(payload, topic), topic) };
      } catch (error) {
        this.#json = { error };
      }
    }
    return 'value' in this.#json ? this.#json.value : undefined;
  }

  /** A message none of whose points could be read because it is no JSON is a bad payload, not an empty one. */
  rethrow(observations: number): void {
    if (observations === 0 && this.#json !== undefined && 'error' in this.#json) throw this.#json.error;
  }
}

function contentOf(message: Message): MessageContent {
  return new MessageContent(message);
}
