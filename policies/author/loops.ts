import type { House } from '../../runtime/contract/house.ts';
import { kindOf, propertyKey, type PropertyKey } from '../../runtime/contract/ids.ts';
import { expectedState, isKind } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { literalCall, parseCall } from '../rules/calls.ts';
import { type Comparison, type Expr, parts } from '../rules/expression.ts';
import { parseExpression } from '../rules/syntax.ts';
import { isPulse } from '../rules/watch/watch.ts';
import type { Draft } from './draft.ts';

/** As much of a rule as it takes to see what it sets off. */
export interface Linked {
  readonly id: string;
  readonly when: string;
  /** Call sources. */
  readonly then: readonly string[];
  readonly holds: boolean;
}

/** Properties a call changes, with the values they will have. */
export function effectsOf(source: string): ReadonlyMap<PropertyKey, Value> {
  const parsed = parseCall(source);
  const call = parsed.ok ? literalCall(parsed.value) : undefined;
  if (call === undefined || 'message' in call) return new Map();
  const kind = kindOf(call.entity);
  if (!isKind(kind)) return new Map();
  return new Map(
    Object.entries(expectedState(kind, call.command, call.args)).map(([name, value]) => [
      propertyKey(call.entity, name),
      value,
    ]),
  );
}

/** What of its own trigger a draft undoes at once: such a rule fights whoever sets it off. Undefined where nothing. */
export function undoesItself({ when, then, hold }: Draft): PropertyKey | undefined {
  if (hold !== undefined) return undefined;
  const parsed = parseExpression(when.value);
  if (!parsed.ok) return undefined;
  for (const { value } of then) {
    for (const [key, after] of effectsOf(value)) {
      if (verdict(parsed.value.expr, key, after) === false) return key;
    }
  }
  return undefined;
}

/** Whether a trigger is true for one moment only: then nothing can stay so for a while. */
export function isMoment(when: string): boolean {
  const parsed = parseExpression(when);
  let found = false;
  const walk = (expr: Expr): void => {
    if (expr.op === 'watch' && isPulse(expr.watch)) found = true;
    for (const part of parts(expr)) walk(part);
  };
  if (parsed.ok) walk(parsed.value.expr);
  return found;
}

/** Rules that set one another off to and fro in a circle which `rule` closes: their ids, `rule` first; undefined where there is none. */
export function circleOf(rule: Linked, others: readonly Linked[]): readonly string[] | undefined {
  const all = [rule, ...others.filter(({ id }) => id !== rule.id)];
  const paths: Linked[][] = [[rule]];
  const seen = new Set<string>();
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    const last = path.at(-1)!;
    for (const next of all) {
      if (!setsOff(last, next)) continue;
      if (next === rule && path.length > 1 && swings(path)) return path.map(({ id }) => id);
      if (next === rule || seen.has(next.id)) continue;
      seen.add(next.id);
      paths.push([...path, next]);
    }
  }
  return undefined;
}

/** Rules that set this one off, which then takes away what set them off: together they undo what a person did. */
export function undoneBy(rule: Linked, others: readonly Linked[]): string[] {
  return others
    .filter((other) => {
      const parsed = parseExpression(other.when);
      if (!parsed.ok || other.id === rule.id || !setsOff(other, rule)) return false;
      const effects = rule.then.flatMap((call) => [...effectsOf(call)]);
      return effects.some(([key, value]) => verdict(parsed.value.expr, key, value) === false);
    })
    .map(({ id }) => id);
}

/** Whether something of what the rules do takes away what sets one of them off: two lamps that follow one another do not swing. */
function swings(path: readonly Linked[]): boolean {
  const effects = path.flatMap(({ then }) => then.flatMap((call) => [...effectsOf(call)]));
  return path.some(({ when }) => {
    const parsed = parseExpression(when);
    return parsed.ok && effects.some(([key, value]) => verdict(parsed.value.expr, key, value) === false);
  });
}

function setsOff(one: Linked, other: Linked): boolean {
  const parsed = parseExpression(other.when);
  if (!parsed.ok || other.holds) return false;
  return one.then.some((call) =>
    [...effectsOf(call)].some(([key, value]) => verdict(parsed.value.expr, key, value) === true),
  );
}

/** Whether a value of one property decides a condition; undefined where it does not. */
function verdict(expr: Expr, key: PropertyKey, value: Value): boolean | undefined {
  switch (expr.op) {
    case 'not': {
      const of = verdict(expr.of, key, value);
      return of === undefined ? undefined : !of;
    }
    case 'and':
    case 'or': {
      const left = verdict(expr.left, key, value);
      const right = verdict(expr.right, key, value);
      const decisive = expr.op === 'or';
      if (left === decisive || right === decisive) return decisive;
      // One side says the opposite, the other nothing: with `&&` it may still come true, with `||` still be true.
      return left !== undefined && right !== undefined ? !decisive : undefined;
    }
    case 'compare':
      return expr.left.op === 'property' && expr.left.key === key && expr.right.op === 'literal'
        ? compare(value, expr.by, expr.right.value)
        : undefined;
    case 'literal':
    case 'property':
    case 'now':
    case 'negate':
    case 'arithmetic':
    case 'in':
    case 'choose':
    case 'call':
    case 'watch':
      return undefined;
  }
}

function compare(value: Value, by: Comparison, limit: Value): boolean | undefined {
  if (by === '==') return value === limit;
  if (by === '!=') return value !== limit;
  if (typeof value !== 'number' || typeof limit !== 'number') return undefined;
  if (by === '<') return value < limit;
  if (by === '<=') return value <= limit;
  return by === '>' ? value > limit : value >= limit;
}

/** Entities of a draft that are dangerous to get wrong. */
export function criticalOf(draft: Draft, house: Pick<House, 'entity'>): string[] {
  const entities = draft.then.flatMap(({ value }) => {
    const parsed = parseCall(value);
    return parsed.ok ? [parsed.value.entity] : [];
  });
  return [...new Set(entities)].filter((id) => house.entity(id)?.critical === true);
}
