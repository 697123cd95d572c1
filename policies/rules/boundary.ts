import { type Expr, type NowField, parts, usesNow } from './expression.ts';
import type { LocalTime } from './local-time.ts';

const DAY_MINUTES = 1440;
const MINUTE_MS = 60_000;

/** The moments at which an expression's view of `now` can change its value. */
export interface Boundaries {
  /** Local minutes of the day, ascending; never empty. */
  readonly daily: Int16Array;
  /** Wall clock, ms, ascending. */
  readonly absolute: readonly number[];
}

/** Undefined for an expression that does not look at the clock. */
export function boundariesOf(expr: Expr): Boundaries | undefined {
  if (!usesNow(expr)) return undefined;
  const minutes = new Uint8Array(DAY_MINUTES);
  // Every field has its jump at midnight, or none there that another boundary would miss.
  minutes[0] = 1;
  const absolute = new Set<number>();
  collect(expr, minutes, absolute);
  let count = 0;
  for (let minute = 0; minute < DAY_MINUTES; minute++) count += minutes[minute]!;
  const daily = new Int16Array(count);
  for (let minute = DAY_MINUTES; minute-- > 0;) if (minutes[minute] === 1) daily[--count] = minute;
  return { daily, absolute: [...absolute].toSorted((a, b) => a - b) };
}

function collect(expr: Expr, minutes: Uint8Array, absolute: Set<number>): void {
  if (expr.op === 'now') {
    everyChange(expr.field, minutes);
    return;
  }
  if (expr.op === 'compare') {
    const { left, right } = expr;
    if (left.op === 'now' && right.op === 'literal')
      return against(left.field, right.value, minutes, absolute);
    if (right.op === 'now' && left.op === 'literal')
      return against(right.field, left.value, minutes, absolute);
  }
  if (expr.op === 'in' && expr.of.op === 'now') {
    for (const item of expr.list) {
      if (item.op === 'literal') against(expr.of.field, item.value, minutes, absolute);
      else {
        everyChange(expr.of.field, minutes);
        collect(item, minutes, absolute);
      }
    }
    return;
  }
  for (const part of parts(expr)) collect(part, minutes, absolute);
}

/** A field compared with a literal changes the outcome only where it passes that literal. */
function against(
  field: NowField,
  value: number | string | boolean,
  minutes: Uint8Array,
  absolute: Set<number>,
): void {
  if (field === 'time') {
    const match = typeof value === 'string' ? /^(\d\d):(\d\d)$/.exec(value) : null;
    if (match === null) return everyChange('time', minutes);
    const minute = Number(match[1]) * 60 + Number(match[2]);
    mark(minutes, minute);
    mark(minutes, minute + 1);
    return;
  }
  if (typeof value !== 'number') return;
  const low = Math.floor(value);
  switch (field) {
    case 'hour':
      mark(minutes, low * 60);
      mark(minutes, (low + 1) * 60);
      return;
    case 'minute':
      for (let hour = 0; hour < 24; hour++) {
        mark(minutes, hour * 60);
        if (low >= 0 && low < 60) mark(minutes, hour * 60 + low);
        if (low >= -1 && low < 59) mark(minutes, hour * 60 + low + 1);
      }
      return;
    case 'epoch':
      if (absolute.size < 64) absolute.add(low * 1000).add((low + 1) * 1000);
      return;
    case 'weekday':
    case 'day':
    case 'month':
      return;
  }
}

function everyChange(field: NowField, minutes: Uint8Array): void {
  if (field === 'hour') for (let hour = 0; hour < 24; hour++) mark(minutes, hour * 60);
  else if (field === 'minute' || field === 'time' || field === 'epoch') minutes.fill(1);
}

function mark(minutes: Uint8Array, minute: number): void {
  if (minute >= 0 && minute < DAY_MINUTES) minutes[minute] = 1;
}

/**
 * The first boundary after `wall`, as wall ms. `time` must be set to `wall` and plausible. A change of the zone's
 * offset counts as a boundary, because local time jumps there.
 */
export function nextBoundary({ daily, absolute }: Boundaries, wall: number, time: LocalTime): number {
  const today = time.hour * 60 + time.minute;
  let low = 0;
  let high = daily.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (daily[middle]! > today) high = middle;
    else low = middle + 1;
  }
  const minute = low < daily.length ? daily[low]! : daily[0]! + DAY_MINUTES;
  let next = (Math.floor(wall / MINUTE_MS) + minute - today) * MINUTE_MS;
  const transition = time.nextTransition();
  if (transition > wall && transition < next) next = transition;
  for (const moment of absolute) if (moment > wall) return Math.min(next, moment);
  return next;
}
