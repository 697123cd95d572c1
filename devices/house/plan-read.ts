import { isKind } from '../../runtime/contract/kinds.ts';
import { array, object, text, texts } from './json.ts';
import type { DevicePlan, FieldPlan, ThingPlan } from './plan.ts';

const CONVERTS: ReadonlySet<unknown> = new Set([
  'number',
  'text',
  'boolean',
  'map',
  'onOff',
  'level',
  'mired',
  'color',
]);

/** A stored plan; undefined (or without the part) where the file was damaged or written by another version. */
export function readPlan(raw: unknown): DevicePlan | undefined {
  const json = object(raw);
  const dialect = text(json?.['dialect']);
  const device = text(json?.['device']);
  const name = text(json?.['name']);
  if (json === undefined || dialect === undefined || device === undefined || name === undefined)
    return undefined;
  const identity = text(json['identity']);
  const area = text(json['area']);
  return {
    dialect,
    device,
    ...(identity !== undefined && { identity }),
    name,
    ...(area !== undefined && { area }),
    things: array(json['things'])
      .map((thing) => readThing(thing))
      .filter((thing) => thing !== undefined),
  };
}

function readThing(raw: unknown): ThingPlan | undefined {
  const json = object(raw);
  const kind = text(json?.['kind']);
  const suffix = text(json?.['suffix']);
  if (json === undefined || kind === undefined || !isKind(kind) || suffix === undefined) return undefined;
  const name = text(json['name']);
  const address = object(json['address']);
  return {
    kind,
    suffix,
    ...(name !== undefined && { name }),
    properties: (object(json['properties']) ?? {}) as ThingPlan['properties'],
    commands: texts(json['commands']),
    ...(address !== undefined && { address }),
    fields: array(json['fields']).filter(isField),
  };
}

function isField(raw: unknown): raw is FieldPlan {
  const json = object(raw);
  const convert = object(json?.['convert']);
  return (
    text(json?.['field']) !== undefined &&
    text(json?.['property']) !== undefined &&
    CONVERTS.has(convert?.['as']) &&
    (convert?.['as'] !== 'map' || object(convert['map']) !== undefined)
  );
}
