import { OPPOSITE_STATES } from '../../runtime/contract/opposite.ts';
import type { House } from '../../runtime/contract/house.ts';
import { entityOf, kindOf, propertyOf, type PropertyKey } from '../../runtime/contract/ids.ts';
import { isKind, kindSpec } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { Comparison, Expr } from '../rules/expression.ts';

/** Values under which a condition is as wanted. What it says about the time is left to whoever picks the moment. */
export type Situation = ReadonlyMap<PropertyKey, Value>;

type Named = Pick<House, 'entity'>;

/**
 * Values that make a condition true (or false), the first that are found; undefined where there are none, or where it asks
 * for more than the present (windows, arithmetic). Parts about the time count as whatever is wanted.
 * @param given values that must stay as they are
 */
export function situationFor(
  expr: Expr,
  wanted: boolean,
  house: Named,
  given: Situation = new Map(),
): Situation | undefined {
  switch (expr.op) {
    case 'not':
      return situationFor(expr.of, !wanted, house, given);
    case 'and':
    case 'or': {
      const all = (expr.op === 'and') === wanted;
      if (all) {
        const left = situationFor(expr.left, wanted, house, given);
        return left === undefined ? undefined : situationFor(expr.right, wanted, house, left);
      }
      // `changed(x) && x == v` is false with another x, and not by x standing still.
      return expr.op === 'and'
        ? (situationFor(expr.right, wanted, house, given) ?? situationFor(expr.left, wanted, house, given))
        : (situationFor(expr.left, wanted, house, given) ?? situationFor(expr.right, wanted, house, given));
    }
    case 'compare': {
      if (isTime(expr.left)) return given;
      if (expr.left.op !== 'property' || expr.right.op !== 'literal') return undefined;
      const { key } = expr.left;
      const value = valueFor(key, expr.by, expr.right.value, wanted, house);
      return value === undefined ? undefined : add(given, key, value);
    }
    case 'property':
      return add(given, expr.key, wanted);
    case 'in':
      return isTime(expr.of) ? given : undefined;
    case 'watch':
      // A moment: making it come is up to the event, which sets what else is said about the property.
      return expr.watch.kind === 'changed' ? given : undefined;
    case 'literal':
    case 'now':
    case 'negate':
    case 'arithmetic':
    case 'choose':
    case 'call':
      return undefined;
  }
}

/** Whether it is about the clock or the sun alone. */
export function isTime(expr: Expr): boolean {
  return (
    expr.op === 'now' ||
    (expr.op === 'watch' && (expr.watch.kind === 'elevation' || expr.watch.kind === 'azimuth'))
  );
}

function add(given: Situation, key: PropertyKey, value: Value): Situation | undefined {
  const known = given.get(key);
  if (known !== undefined && known !== value) return undefined;
  return known === undefined ? new Map([...given, [key, value]]) : given;
}

function valueFor(
  key: PropertyKey,
  by: Comparison,
  limit: Value,
  wanted: boolean,
  house: Named,
): Value | undefined {
  if (typeof limit === 'number') {
    const step = Math.max(1, Math.round(Math.abs(limit) * 0.1));
    const above = by.startsWith('>') ? wanted : by.startsWith('<') ? !wanted : undefined;
    if (above === undefined) return (by === '==') === wanted ? limit : limit + step;
    // Away from the limit, so that it does not matter whether that counts.
    return above ? limit + step : limit - step;
  }
  const same = by === '==' ? wanted : by === '!=' ? !wanted : undefined;
  if (same === undefined) return undefined;
  return same ? limit : otherThan(key, limit, house);
}

const OTHER: Readonly<Record<string, string>> = OPPOSITE_STATES;

/** A value the property can have that is another one. */
function otherThan(key: PropertyKey, value: Value, house: Named): Value {
  if (typeof value === 'boolean') return !value;
  const kind = kindOf(entityOf(key));
  const listed =
    house.entity(entityOf(key))?.properties[propertyOf(key)]?.values ??
    (isKind(kind) ? kindSpec(kind).properties[propertyOf(key)]?.values : undefined);
  const other = OTHER[String(value)];
  if (other !== undefined && listed?.includes(other) !== false) return other;
  return listed?.find((one) => one !== value) ?? 'other';
}
