import type { Point, PointSource } from '../../runtime/contract/house.ts';
import type { Value } from '../../runtime/contract/reading.ts';

/** What a `sources:` entry with `topic` and `as` says of one property; a bare text is the path. */
export interface TopicField {
  readonly path?: string | undefined;
  readonly template?: string | undefined;
  readonly unit?: string | undefined;
  readonly map?: Readonly<Record<string, Value>> | undefined;
}

/**
 * The points of `{ topic: boiler/+/telemetry, as: { "sensor.boiler_{1}.temperature": { path: data.t, unit: °C } } }`.
 * Without path and template the payload itself is the value.
 */
export function topicPoints(
  topic: string,
  as: Readonly<Record<string, TopicField | string>>,
  dialect = 'json',
): readonly Point[] {
  return Object.entries(as).map(([field, raw]) => {
    const { path, template, unit, map } = typeof raw === 'string' ? { path: raw } : raw;
    return {
      topic,
      dialect,
      device: '',
      field,
      ...(path !== undefined && { path }),
      ...(template !== undefined && { template }),
      ...(unit !== undefined && { unit }),
      ...(map !== undefined && { map }),
    };
  });
}

/** Points that do not change while the process lives. */
export function fixedPoints(
  points: readonly Point[],
  failed: (point: Point, reason: string) => void,
): PointSource {
  return { pointsVersion: 1, points: () => points, pointFailed: failed };
}
