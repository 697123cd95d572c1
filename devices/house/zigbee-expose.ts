import type { Kind } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { array, number, object, text, texts } from './json.ts';
import type { FieldPlan, ThingPlan } from './plan.ts';

/** One of Zigbee2MQTT's `exposes` (https://www.zigbee2mqtt.io/guide/usage/exposes.html), as far as it matters here. */
export interface Expose {
  readonly type: string;
  readonly name: string;
  readonly property: string;
  readonly endpoint: string;
  readonly access: number;
  readonly unit: string | undefined;
  readonly on: string;
  readonly off: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly values: readonly string[];
  readonly features: readonly Expose[];
}

/** access: bit 0 in published states, bit 1 can be set, bit 2 can be read on request. */
export const PUBLISHED = 1;
export const SETTABLE = 2;

export const MAX_FEATURES = 128;

export function readExpose(raw: unknown, depth = 0): Expose | undefined {
  const json = object(raw);
  if (json === undefined || depth > 3) return undefined;
  const name = text(json['name']) ?? '';
  return {
    type: text(json['type']) ?? '',
    name,
    property: text(json['property']) ?? name,
    endpoint: text(json['endpoint']) ?? '',
    access: number(json['access']) ?? PUBLISHED,
    unit: text(json['unit']),
    on: literal(json['value_on'], 'ON'),
    off: literal(json['value_off'], 'OFF'),
    min: number(json['value_min']),
    max: number(json['value_max']),
    values: texts(json['values']),
    features: array(json['features'])
      .slice(0, MAX_FEATURES)
      .map((feature) => readExpose(feature, depth + 1))
      .filter((feature) => feature !== undefined),
  };
}

function literal(raw: unknown, fallback: string): string {
  return typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean'
    ? String(raw)
    : fallback;
}

export function feature(expose: Expose, ...names: string[]): Expose | undefined {
  for (const name of names) {
    const found = expose.features.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function mapped(field: string, property: string, map: Record<string, Value>): FieldPlan {
  return { field, property, convert: { as: 'map', map } };
}

export function onOffThing(kind: Kind, state: Expose, set: string, suffix: string): ThingPlan {
  return {
    kind,
    suffix,
    properties: { state: {} },
    commands: kind === 'siren' ? ['turn_on', 'turn_off'] : ['turn_on', 'turn_off', 'toggle'],
    address: { set, state: state.property, on: state.on, off: state.off },
    fields: [mapped(state.property, 'state', { [state.off]: 'off', [state.on]: 'on' })],
  };
}
