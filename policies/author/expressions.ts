import { type EntityId, propertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { parseExpression } from '../rules/syntax.ts';
import { conjunctsOf, opposite, printConjunct, printExpr, reference } from './print.ts';

export function equals(entity: EntityId, property: string, value: Value, not = false): string {
  return `${reference(propertyKey(entity, property))} ${not ? '!=' : '=='} ${JSON.stringify(value)}`;
}

export function compares(
  entity: EntityId,
  property: string,
  relation: 'above' | 'below',
  value: number,
): string {
  return `${reference(propertyKey(entity, property))} ${relation === 'above' ? '>' : '<'} ${value}`;
}

/** Minutes of the day as `HH:MM`. */
export function clockText(minutes: number): string {
  const within = ((Math.round(minutes) % 1440) + 1440) % 1440;
  return [Math.floor(within / 60), within % 60].map((part) => String(part).padStart(2, '0')).join(':');
}

/** From `from` until `until`, minutes of the day; over midnight where `until` comes first. */
export function timeWindow(from: number | undefined, until: number | undefined): string {
  const after = from === undefined ? undefined : `now.time >= "${clockText(from)}"`;
  const before = until === undefined ? undefined : `now.time < "${clockText(until)}"`;
  if (after === undefined || before === undefined) return after ?? before ?? 'true';
  return from! <= until! ? `${after} && ${before}` : `(${after} || ${before})`;
}

const WEEKDAYS = [1, 2, 3, 4, 5];
const WEEKEND = [6, 7];

/** @param days 1 Monday … 7 Sunday */
export function onDays(days: readonly number[]): string {
  const sorted = [...new Set(days)].toSorted((a, b) => a - b);
  if (sorted.join() === WEEKDAYS.join()) return 'now.weekday <= 5';
  if (sorted.join() === WEEKEND.join()) return 'now.weekday >= 6';
  if (sorted.length === 1) return `now.weekday == ${sorted[0]}`;
  return `now.weekday in [${sorted.join(', ')}]`;
}

/** A moment of every day, or of some. @param days 1 Monday … 7 Sunday; empty: every day */
export function atClock(minutes: number, days: readonly number[] = []): string {
  const sorted = [...new Set(days)].toSorted((a, b) => a - b);
  const [first = 0, last = 0] = [sorted[0], sorted.at(-1)];
  const run = sorted.length > 2 && last - first === sorted.length - 1;
  const field =
    sorted.length === 0 || sorted.length === 7 ? '*' : run ? `${first}-${last}` : sorted.join(',');
  return `cron("${minutes % 60} ${Math.floor(minutes / 60) % 24} * * ${field}")`;
}

/** The moment the sun sets or rises, or so long after (negative: before). */
export function atSun(event: 'sunset' | 'sunrise', offsetMinutes = 0): string {
  if (offsetMinutes === 0) return `${event}()`;
  return `${event}("${offsetMinutes < 0 ? '-' : ''}${Math.abs(offsetMinutes)}m")`;
}

/** The moment one of several comes to be so, whatever the others are. */
export function anyBecomes(entities: readonly EntityId[], property: string, value: Value): string {
  if (entities.length === 1) return equals(entities[0]!, property, value);
  return entities
    .map(
      (entity) =>
        `changed(${reference(propertyKey(entity, property))}) && ${equals(entity, property, value)}`,
    )
    .map((part) => `(${part})`)
    .join(' || ');
}

/** The opposite of a condition, as simple as it can be said. */
export function negated(source: string): string {
  const parsed = parseExpression(source);
  return parsed.ok ? printConjunct(opposite(parsed.value.expr)) : `!(${source})`;
}

/** The parts that `&&` joins, each ready to be joined again. */
export function conjuncts(source: string): string[] {
  const parsed = parseExpression(source);
  return parsed.ok ? conjunctsOf(parsed.value.expr).map(printConjunct) : [source];
}

/** Joins conditions so that each stays what it is. */
export function conjunction(sources: readonly string[]): string {
  const joined = sources.map((source) => `(${source})`).join(' && ');
  const parsed = parseExpression(joined);
  return parsed.ok ? printExpr(parsed.value.expr) : joined;
}
