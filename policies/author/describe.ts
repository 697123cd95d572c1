import type { House } from '../../runtime/contract/house.ts';
import {
  entityOf,
  kindOf,
  propertyOf,
  slugOf,
  type EntityId,
  type PropertyKey,
} from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { kindSpec, isKind } from '../../runtime/contract/kinds.ts';
import { literalCall, parseCall } from '../rules/calls.ts';
import type { Comparison, Expr } from '../rules/expression.ts';
import { parseExpression } from '../rules/syntax.ts';
import type { WatchSpec } from '../rules/watch/watch.ts';
import type { Draft } from './draft.ts';
import { conjunctsOf, printExpr } from './print.ts';
import { undoOf } from './undo.ts';

type Named = Pick<House, 'entity'>;
type Joined = { readonly left: Expr; readonly right: Expr };

/** A rule in words: `When Hall motion turns on, and the sun is down: turn on Hall light (brightness 20 %); …`. */
export function describeDraft(draft: Draft, house: Named): string {
  const { when, if: conditions, hold, then, lasts, mode } = draft;
  const held = hold === undefined ? '' : ` and stays so for ${spanText(hold.value)}`;
  const only = conditions.map(({ value }) => `, and only if ${describeCondition(value, house)}`).join('');
  const calls = then.map(({ value }) => describeCall(value, house)).join('; ');
  const ends = lasts === undefined ? '' : `; ${spanText(lasts.value)} later: ${undone(then, house)}`;
  const way = {
    auto: '',
    suggest: ' It only suggests this until it is put to work.',
    approve: ' It asks a person each time.',
    off: ' It is switched off.',
  }[mode];
  return `${capital(describeTrigger(when.value, house))}${held}${only}: ${calls}${ends}.${way}`;
}

function undone(then: Draft['then'], house: Named): string {
  return then.map(({ value }) => describeCall(undoOf(value) ?? value, house)).join('; ');
}

/** `turn on Hall light (brightness 20 %)` */
export function describeCall(source: string, house: Named): string {
  const parsed = parseCall(source);
  if (!parsed.ok) return source;
  const { entity, command } = parsed.value;
  const call = literalCall(parsed.value);
  const args = Object.entries('message' in call ? {} : call.args).map(([name, value]) => {
    const kind = kindOf(entity);
    const unit = isKind(kind) ? kindSpec(kind).commands[command]?.args[name]?.unit : undefined;
    return `${name.replaceAll('_', ' ')} ${String(value)}${unit === undefined ? '' : ` ${unit}`}`;
  });
  const how = args.length === 0 ? '' : ` (${args.join(', ')})`;
  return `${command.replaceAll('_', ' ')} ${nameOf(entity, house)}${how}`;
}

/** A condition as something that is so: `Hall motion is on`, `the sun is down`. */
export function describeCondition(source: string, house: Named): string {
  const parsed = parseExpression(source);
  return parsed.ok ? told(parsed.value.expr, house, false) : source;
}

/** A condition as something that comes to be so: `when Hall motion turns on`, `at 22:00`. */
export function describeTrigger(source: string, house: Named): string {
  const parsed = parseExpression(source);
  if (!parsed.ok) return source;
  const text = told(parsed.value.expr, house, true);
  return /^(?:at|every|\d+ \w+ (?:before|after) sun)/.test(text) ? text : `when ${text}`;
}

function told(expr: Expr, house: Named, becomes: boolean): string {
  switch (expr.op) {
    case 'and': {
      const one = changedTo(expr);
      if (one !== undefined) return told(one, house, true);
      return conjunctsOf(expr)
        .map((part) => told(part, house, becomes))
        .join(' and ');
    }
    case 'or': {
      const span = overMidnight(expr);
      if (span !== undefined) return span;
      return [expr.left, expr.right].map((part) => told(part, house, becomes)).join(' or ');
    }
    case 'not':
      return `not (${told(expr.of, house, false)})`;
    case 'compare':
      return compared(expr, house, becomes);
    case 'in':
      return expr.of.op === 'now' && expr.of.field === 'weekday'
        ? `it is ${expr.list.map((day) => dayName(day)).join(' or ')}`
        : printExpr(expr);
    case 'watch':
      return watched(expr.watch, house);
    case 'literal':
    case 'property':
    case 'now':
    case 'negate':
    case 'arithmetic':
    case 'choose':
    case 'call':
      return printExpr(expr);
  }
}

function compared(expr: Extract<Expr, { op: 'compare' }>, house: Named, becomes: boolean): string {
  const { left, by, right } = expr;
  if (right.op !== 'literal') return printExpr(expr);
  const { value } = right;
  if (left.op === 'now') return timeText(left.field, by, value) ?? printExpr(expr);
  if (left.op === 'watch' && left.watch.kind === 'elevation' && value === 0)
    return by.startsWith('<') ? 'the sun is down' : 'the sun is up';
  if (left.op === 'watch' && left.watch.kind === 'count' && by === '==' && value === 0)
    return `${spanText(left.watch.ms)} have passed since ${told(left.watch.of, house, true)}`;
  if (left.op !== 'property') return printExpr(expr);
  const name = propertyName(left.key, house);
  const seen = by === '==' ? sensed(left.key, name, value, becomes) : undefined;
  if (seen !== undefined) return seen;
  if (by === '==') return `${name} ${verbFor(value, becomes)}`;
  if (by === '!=')
    return `${name} ${becomes ? 'is no longer' : 'is not'} ${String(value).replaceAll('_', ' ')}`;
  const unit = house.entity(entityOf(left.key))?.properties[propertyOf(left.key)]?.unit ?? unitOf(left.key);
  const limit = `${String(value)}${unit === undefined ? '' : ` ${unit}`}`;
  const above = by.startsWith('>');
  return `${name} ${becomes ? (above ? 'goes above' : 'falls below') : above ? 'is above' : 'is below'} ${limit}`;
}

/** What a sensor of two states shows, in the words for what it senses; undefined where they are not known. */
function sensed(key: PropertyKey, name: string, value: unknown, becomes: boolean): string | undefined {
  if (kindOf(entityOf(key)) !== 'binary_sensor' || (value !== 'on' && value !== 'off')) return undefined;
  const about = `${name} ${key}`.toLowerCase();
  const on = value === 'on';
  if (/motion|movement|presence|occupan/.test(about)) return `${name} ${on ? 'sees someone' : 'sees nobody'}`;
  if (/leak|flood/.test(about)) return `${name} ${on ? 'finds water' : 'is dry'}`;
  if (/smoke/.test(about)) return `${name} ${on ? 'finds smoke' : 'finds no smoke'}`;
  if (!/door(?!bell)|window|contact|gate|garage/.test(about)) return undefined;
  if (becomes) return `${name} ${on ? 'opens' : 'closes'}`;
  return `${name} is ${on ? 'open' : 'closed'}`;
}

function verbFor(value: unknown, becomes: boolean): string {
  const word = value === 'not_home' ? 'away' : String(value).replaceAll('_', ' ');
  if (!becomes) return `is ${word}`;
  return word === 'on' || word === 'off' ? `turns ${word}` : `becomes ${word}`;
}

function timeText(field: string, by: Comparison, value: unknown): string | undefined {
  if (field === 'time')
    return by.startsWith('>') ? `it is after ${String(value)}` : `it is before ${String(value)}`;
  if (field !== 'weekday') return undefined;
  if (by === '<=' && value === 5) return 'it is Monday to Friday';
  if (by === '>=' && value === 6) return 'it is Saturday or Sunday';
  if (by === '>' && value === 5) return 'it is Saturday or Sunday';
  if (by === '<' && value === 6) return 'it is Monday to Friday';
  if (by === '==') return `it is ${DAYS[Number(value)] ?? ''}`;
  return by === '!=' ? `it is not ${DAYS[Number(value)] ?? ''}` : undefined;
}

const DAYS = ['', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function dayName(day: Expr): string {
  return day.op === 'literal' ? (DAYS[Number(day.value)] ?? '') : printExpr(day);
}

/** `now.time >= "22:00" || now.time < "06:00"` */
function overMidnight(expr: Joined): string | undefined {
  const { left, right } = expr;
  const limit = (part: Expr): Value | undefined =>
    part.op === 'compare' &&
    part.left.op === 'now' &&
    part.left.field === 'time' &&
    part.right.op === 'literal'
      ? part.right.value
      : undefined;
  const [from, until] = [limit(left), limit(right)];
  return from === undefined || until === undefined
    ? undefined
    : `it is between ${String(from)} and ${String(until)}`;
}

/** `changed(x) && x == v`: the moment x becomes v. */
function changedTo(expr: Joined): Expr | undefined {
  const { left, right } = expr;
  if (left.op !== 'watch' || left.watch.kind !== 'changed' || right.op !== 'compare') return undefined;
  return right.left.op === 'property' && right.left.key === left.watch.key ? right : undefined;
}

function watched(watch: WatchSpec, house: Named): string {
  switch (watch.kind) {
    case 'changed':
      return `${propertyName(watch.key, house)} changes`;
    case 'cron':
      return cronText(watch.text);
    case 'sunset':
    case 'sunrise': {
      if (watch.offsetMs === 0) return `at ${watch.kind}`;
      return `${spanText(Math.abs(watch.offsetMs))} ${watch.offsetMs < 0 ? 'before' : 'after'} ${watch.kind}`;
    }
    case 'rose':
    case 'fell': {
      const within = watch.ms === undefined ? '' : ` within ${spanText(watch.ms)}`;
      return `${propertyName(watch.key, house)} ${watch.kind === 'rose' ? 'rises' : 'falls'} by ${watch.by}${within}`;
    }
    case 'mean':
    case 'min':
    case 'max':
    case 'count':
    case 'sequence':
    case 'elevation':
    case 'azimuth':
      return printExpr({ op: 'watch', watch, start: 0, end: 0 });
  }
}

/** `at 07:30 on Monday to Friday`; other schedules as they are written. */
function cronText(text: string): string {
  const match = /^(\d+) (\d+) \* \* (\*|[\d,-]+)$/.exec(text);
  if (match === null) return `at the times cron("${text}")`;
  const [, minute = '', hour = '', days = '*'] = match;
  const clock = `at ${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
  if (days === '*') return `${clock} every day`;
  const names = days.replaceAll(/\d/g, (day) => DAYS[Number(day) === 0 ? 7 : Number(day)] ?? day);
  return `${clock} on ${names.replaceAll('-', ' to ').replaceAll(',', ', ')}`;
}

function nameOf(id: EntityId, house: Named): string {
  const name = house.entity(id)?.name ?? slugOf(id).replaceAll('_', ' ');
  return name.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').slice(0, 60);
}

function propertyName(key: PropertyKey, house: Named): string {
  const name = nameOf(entityOf(key), house);
  const property = propertyOf(key).replaceAll('_', ' ');
  return property === 'state' || name.toLowerCase().endsWith(property) ? name : `${name} ${property}`;
}

function unitOf(key: PropertyKey): string | undefined {
  const kind = kindOf(entityOf(key));
  return isKind(kind) ? kindSpec(kind).properties[propertyOf(key)]?.unit : undefined;
}

/** `5 minutes`, `1 hour 30 minutes` */
export function spanText(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const;
  let left = Math.round(ms / 1000) * 1000;
  const said: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) said.push(`${count} ${unit}${count === 1 ? '' : 's'}`);
  }
  return said.length === 0 ? '0 seconds' : said.join(' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
