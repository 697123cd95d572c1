import { type PropertyKey, entityOf, propertyOf, slugOf } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { compileCondition, type Reader } from './compile.ts';
import { formatDuration } from './duration.ts';
import { collectKeys, type Comparison, type Expr, type Expression } from './expression.ts';
import { TRUE, type Tri, UNKNOWN } from './tri.ts';
import { isSchedule, type WatchSpec } from './watch/watch.ts';

const DAYS = ['', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** What a phrase is told about: the properties whose change set the rule off are news. */
export interface Telling {
  readonly reader: Reader;
  readonly source: string;
  readonly isNews: (slot: number) => boolean;
}

/**
 * Why an expression has the value it has, with the values it saw: `hall illuminance is 3 lx (< 15)`. Only the parts
 * that decide are told: of a false `&&` the false ones, of a true `||` the true ones.
 */
export function evidence(expression: Expression, reader: Reader, isNews: (slot: number) => boolean): string {
  const phrases = new Set<string>();
  tell(expression.expr, { reader, source: expression.source, isNews }, phrases);
  return [...phrases].slice(0, 12).join(' and ');
}

/**
 * `binary_sensor.hall_motion.state` → `Hall motion` where the house calls it that, else `hall motion`;
 * `sensor.hall.illuminance` → `hall illuminance`.
 */
export function label(key: PropertyKey, { nameOf }: Pick<Reader, 'nameOf'>): string {
  const id = entityOf(key);
  const called = nameOf?.(id);
  const name =
    called === undefined || called === '' || called === id
      ? slugOf(id).replaceAll('_', ' ')
      : showValue(called);
  const property = propertyOf(key).replaceAll('_', ' ');
  return property === 'state' || name.toLowerCase().endsWith(property) ? name : `${name} ${property}`;
}

/** `3 lx`, `on`; texts from devices are cut to 40 characters and lose what could break a line. */
export function showValue(value: Value, unit?: string): string {
  if (typeof value === 'number') {
    const number = String(Number(value.toPrecision(6)));
    return unit === undefined ? number : `${number} ${unit}`;
  }
  const text = String(value).replaceAll(/[\p{C}\p{Z}]+/gu, ' ');
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function tell(expr: Expr, telling: Telling, into: Set<string>): void {
  const value = compileCondition(expr, telling.reader)();
  if (expr.op === 'not') return tell(expr.of, telling, into);
  if (expr.op === 'and' || expr.op === 'or') {
    for (const part of [expr.left, expr.right]) {
      if (compileCondition(part, telling.reader)() === value) tell(part, telling, into);
    }
    return;
  }
  into.add(phrase(expr, value, telling));
}

function phrase(expr: Expr, value: Tri, telling: Telling): string {
  const clock = telling.reader.time;
  if (expr.op === 'compare' || expr.op === 'in') {
    const subject = expr.op === 'in' ? expr.of : expr.left.op === 'literal' ? expr.right : expr.left;
    if (subject.op === 'now') {
      if (value === UNKNOWN && !clock.plausible) return 'the clock is not set yet';
      const now =
        subject.field === 'weekday' ? DAYS[clock.weekday]! : timeOrDate(subject.field, telling.reader);
      return value === TRUE ? `it is ${now}` : `it is ${now} (not ${text(expr, telling)})`;
    }
    if (subject.op === 'watch' && value !== UNKNOWN) {
      const { watches } = telling.reader;
      const seen = watches.value(watches.id(subject.watch));
      if (seen !== undefined) {
        return `${text(subject, telling)} is ${showValue(seen)} (${value === TRUE ? '' : 'not '}${text(expr, telling)})`;
      }
    }
    if (subject.op === 'property' && value !== UNKNOWN) {
      if (expr.op === 'compare' && expr.left.op === 'property' && expr.right.op === 'literal') {
        return compared(expr.left.key, expr.by, expr.right.value, value, telling);
      }
      return `${fact(subject.key, telling)} (${value === TRUE ? '' : 'not '}${text(expr, telling)})`;
    }
  }
  if (expr.op === 'watch') {
    const told = watched(expr.watch, value, telling);
    if (told !== undefined) return told;
  }
  const keys = new Set<PropertyKey>();
  collectKeys(expr, keys);
  const facts = [...keys].slice(0, 6).map((key) => fact(key, telling));
  if (facts.length === 0) return value === TRUE ? text(expr, telling) : `not ${text(expr, telling)}`;
  if (value === UNKNOWN || expr.op === 'property') return facts.join(', ');
  return `${facts.join(', ')} (${value === TRUE ? '' : 'not '}${text(expr, telling)})`;
}

/** What a pulse says of itself; undefined where its properties say enough. */
function watched(watch: WatchSpec, value: Tri, { reader }: Telling): string | undefined {
  if (isSchedule(watch)) {
    if (!reader.time.plausible) return 'the clock is not set yet';
    return value === TRUE ? `it is ${reader.time.time} (${scheduleText(watch)})` : undefined;
  }
  if (value !== TRUE || !('key' in watch)) return undefined;
  const { value: seen, unit } = reader.state.get(watch.key);
  const verb = watch.kind === 'rose' ? 'rose' : watch.kind === 'fell' ? 'fell' : 'changed';
  return `${label(watch.key, reader)} ${verb} to ${showValue(seen ?? '', unit)}`;
}

function scheduleText(watch: WatchSpec): string {
  if (watch.kind === 'cron') return watch.text;
  if (watch.kind !== 'sunrise' && watch.kind !== 'sunset') return watch.kind;
  const { kind, offsetMs } = watch;
  if (offsetMs === 0) return kind;
  return `${formatDuration(Math.abs(offsetMs))} ${offsetMs < 0 ? 'before' : 'after'} ${kind}`;
}

function compared(key: PropertyKey, by: Comparison, limit: Value, value: Tri, telling: Telling): string {
  const { state } = telling.reader;
  const seen = state.get(key);
  const shown = showValue(seen.value ?? '', seen.unit);
  const news = value === TRUE && telling.isNews(state.slot(key));
  const name = label(key, telling.reader);
  if (by === '==') {
    if (value !== TRUE) return `${name} is ${shown} (not ${showValue(limit)})`;
    if (news && (limit === 'on' || limit === 'off')) return `${name} turned ${limit}`;
    return `${name} ${news ? 'became' : 'is'} ${shown}`;
  }
  if (by === '!=') {
    return value === TRUE
      ? `${name} ${news ? 'became' : 'is'} ${shown} (not ${showValue(limit)})`
      : `${name} is ${shown}`;
  }
  const verb = news ? (by.startsWith('<') ? 'fell to' : 'rose to') : 'is';
  return `${name} ${verb} ${shown} (${value === TRUE ? '' : 'not '}${by} ${showValue(limit)})`;
}

function fact(key: PropertyKey, { reader }: Telling): string {
  const { value, unit, standing } = reader.state.get(key);
  if (value === undefined || standing !== 'known') return `${label(key, reader)} is ${standing}`;
  return `${label(key, reader)} is ${showValue(value, unit)}`;
}

function timeOrDate(field: string, { time }: Reader): string {
  if (field === 'day' || field === 'month') return `month ${time.month}, day ${time.day}`;
  return time.time ?? 'an unknown time';
}

function text(expr: Expr, { source }: Telling): string {
  const cut = source.slice(expr.start, expr.end);
  return cut.length > 80 ? `${cut.slice(0, 79)}…` : cut;
}
