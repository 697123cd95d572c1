import type { EntityId } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { StateView } from '../../runtime/contract/state.ts';
import type { Expr } from './expression.ts';
import {
  compareNumbers,
  compareProperty,
  compareToLimit,
  compareValues,
  equal,
  MIRROR,
} from './comparisons.ts';
import type { LocalTime } from './local-time.ts';
import { staticType } from './static-type.ts';
import { FALSE, type Tri, TRUE, UNKNOWN } from './tri.ts';
import type { WatchSpec } from './watch/watch.ts';

/** What compiled expressions read. Both are the same objects for all expressions of an engine. */
export interface Reader {
  readonly state: StateView;
  readonly time: LocalTime;
  readonly watches: WatchReader;
  /** What people call an entity; undefined where nobody has named it. For explanations alone. */
  readonly nameOf?: (id: EntityId) => string | undefined;
}

/** Where the values of watches are read; see ./watch. */
export interface WatchReader {
  /** The number of a watch, the same for equal ones; it is set up when first asked for. */
  id(watch: WatchSpec): number;
  value(id: number): Value | undefined;
}

export type Condition = () => Tri;
/** NaN is unknown: readings are finite, and results that are not finite count as unknown. */
export type Numeric = () => number;
/** undefined is unknown. */
export type Evaluate = () => Value | undefined;

const unknownCondition: Condition = () => UNKNOWN;
const unknownNumber: Numeric = () => Number.NaN;

/** Kleene's strong three-valued logic over closures; nothing is allocated when they run. */
export function compileCondition(expr: Expr, reader: Reader): Condition {
  switch (expr.op) {
    case 'literal': {
      const value: Tri = expr.value === true ? TRUE : expr.value === false ? FALSE : UNKNOWN;
      return () => value;
    }
    case 'not': {
      const of = compileCondition(expr.of, reader);
      return () => {
        const value = of();
        return value === UNKNOWN ? UNKNOWN : value === TRUE ? FALSE : TRUE;
      };
    }
    case 'and': {
      const left = compileCondition(expr.left, reader);
      const right = compileCondition(expr.right, reader);
      return () => {
        const a = left();
        if (a === FALSE) return FALSE;
        const b = right();
        return b === FALSE ? FALSE : a === TRUE ? b : UNKNOWN;
      };
    }
    case 'or': {
      const left = compileCondition(expr.left, reader);
      const right = compileCondition(expr.right, reader);
      return () => {
        const a = left();
        if (a === TRUE) return TRUE;
        const b = right();
        return b === TRUE ? TRUE : a === FALSE ? b : UNKNOWN;
      };
    }
    case 'compare':
      return compileCompare(expr, reader);
    case 'in': {
      const of = compileValue(expr.of, reader);
      const list = expr.list.map((item) => compileValue(item, reader));
      return () => {
        const value = of();
        let result: Tri = FALSE;
        for (let i = 0; i < list.length; i++) {
          const same = equal(value, list[i]!());
          if (same === TRUE) return TRUE;
          if (same === UNKNOWN) result = UNKNOWN;
        }
        return result;
      };
    }
    case 'choose': {
      const when = compileCondition(expr.when, reader);
      const then = compileCondition(expr.yes, reader);
      const otherwise = compileCondition(expr.no, reader);
      return () => {
        const value = when();
        return value === TRUE ? then() : value === FALSE ? otherwise() : UNKNOWN;
      };
    }
    case 'property': {
      const slot = reader.state.slot(expr.key);
      const { state } = reader;
      return () => {
        const value = state.current(slot);
        return value === true ? TRUE : value === false ? FALSE : UNKNOWN;
      };
    }
    case 'watch': {
      const { watches } = reader;
      const id = watches.id(expr.watch);
      return () => {
        const value = watches.value(id);
        return value === true ? TRUE : value === false ? FALSE : UNKNOWN;
      };
    }
    case 'call':
      return conditionCall(expr.name, expr.args, reader);
    case 'now':
    case 'negate':
    case 'arithmetic':
      return unknownCondition;
  }
}

/** Short ways for the shape nearly every rule has, a number against a literal. */
function compileCompare(expr: Expr & { op: 'compare' }, reader: Reader): Condition {
  const { by, left, right } = expr;
  if (left.op === 'literal' && right.op !== 'literal') {
    return compileCompare({ ...expr, left: right, right: left, by: MIRROR[by] }, reader);
  }
  if (right.op === 'literal' && typeof right.value === 'number' && Number.isFinite(right.value)) {
    return left.op === 'property'
      ? compareProperty(by, reader.state, reader.state.slot(left.key), right.value)
      : compareToLimit(by, compileNumber(left, reader), right.value);
  }
  return staticType(left) === 'number' || staticType(right) === 'number'
    ? compareNumbers(by, compileNumber(left, reader), compileNumber(right, reader))
    : compareValues(by, compileValue(left, reader), compileValue(right, reader));
}

function conditionCall(name: string, args: readonly Expr[], reader: Reader): Condition {
  const [first, second] = args;
  if (name === 'known') {
    const of = compileValue(first!, reader);
    return () => (of() === undefined ? FALSE : TRUE);
  }
  if (second === undefined || name === 'min' || name === 'max') return unknownCondition;
  const text = compileValue(first!, reader);
  const part = compileValue(second, reader);
  const test =
    name === 'startsWith'
      ? (a: string, b: string) => a.startsWith(b)
      : name === 'endsWith'
        ? (a: string, b: string) => a.endsWith(b)
        : (a: string, b: string) => a.includes(b);
  return () => {
    const a = text();
    const b = part();
    return typeof a !== 'string' || typeof b !== 'string' ? UNKNOWN : test(a, b) ? TRUE : FALSE;
  };
}

export function compileNumber(expr: Expr, reader: Reader): Numeric {
  switch (expr.op) {
    case 'literal': {
      const value = typeof expr.value === 'number' ? finite(expr.value) : Number.NaN;
      return () => value;
    }
    case 'property': {
      const slot = reader.state.slot(expr.key);
      const { state } = reader;
      return () => {
        const value = state.current(slot);
        return typeof value === 'number' ? value : Number.NaN;
      };
    }
    case 'now': {
      const { time } = reader;
      const { field } = expr;
      return field === 'time' ? unknownNumber : () => time[field];
    }
    case 'negate': {
      const of = compileNumber(expr.of, reader);
      return () => -of();
    }
    case 'arithmetic': {
      const left = compileNumber(expr.left, reader);
      const right = compileNumber(expr.right, reader);
      switch (expr.by) {
        case '+':
          return () => finite(left() + right());
        case '-':
          return () => finite(left() - right());
        case '*':
          return () => finite(left() * right());
        case '/':
          return () => finite(left() / right());
        case '%':
          return () => finite(left() % right());
      }
    }
    // oxlint-disable-next-line no-fallthrough -- the switch above returns in every case
    case 'choose': {
      const when = compileCondition(expr.when, reader);
      const then = compileNumber(expr.yes, reader);
      const otherwise = compileNumber(expr.no, reader);
      return () => {
        const value = when();
        return value === TRUE ? then() : value === FALSE ? otherwise() : Number.NaN;
      };
    }
    case 'watch': {
      const { watches } = reader;
      const id = watches.id(expr.watch);
      return () => {
        const value = watches.value(id);
        return typeof value === 'number' ? value : Number.NaN;
      };
    }
    case 'call':
      return numberCall(expr.name, expr.args, reader);
    case 'not':
    case 'and':
    case 'or':
    case 'compare':
    case 'in':
      return unknownNumber;
  }
}

function numberCall(name: string, args: readonly Expr[], reader: Reader): Numeric {
  if (name === 'size') {
    const of = compileValue(args[0]!, reader);
    return () => {
      const text = of();
      return typeof text === 'string' ? codePoints(text) : Number.NaN;
    };
  }
  const numbers = args.map((arg) => compileNumber(arg, reader));
  const first = numbers[0]!;
  switch (name) {
    case 'abs':
      return () => Math.abs(first());
    case 'round':
      return () => {
        const value = first();
        return value < 0 ? -Math.round(-value) : Math.round(value);
      };
    case 'min':
    case 'max': {
      const pick = name === 'min' ? Math.min : Math.max;
      return () => {
        let result = first();
        for (let i = 1; i < numbers.length; i++) result = pick(result, numbers[i]!());
        return result;
      };
    }
    default:
      return unknownNumber;
  }
}

export function compileValue(expr: Expr, reader: Reader): Evaluate {
  if (expr.op === 'property') {
    const slot = reader.state.slot(expr.key);
    const { state } = reader;
    return () => state.current(slot);
  }
  if (expr.op === 'now' && expr.field === 'time') {
    const { time } = reader;
    return () => time.time;
  }
  switch (staticType(expr)) {
    case 'number': {
      const number = compileNumber(expr, reader);
      return () => {
        const value = number();
        return Number.isNaN(value) ? undefined : value;
      };
    }
    case 'boolean': {
      const condition = compileCondition(expr, reader);
      return () => {
        const value = condition();
        return value === UNKNOWN ? undefined : value === TRUE;
      };
    }
    case 'text':
    case 'any':
      return compileMixed(expr, reader);
  }
}

/** Texts, and what may be of any type: a literal text, a ternary, a sum of properties, `string(x)`. */
function compileMixed(expr: Expr, reader: Reader): Evaluate {
  if (expr.op === 'literal') {
    const { value } = expr;
    return () => value;
  }
  if (expr.op === 'choose') {
    const when = compileCondition(expr.when, reader);
    const then = compileValue(expr.yes, reader);
    const otherwise = compileValue(expr.no, reader);
    return () => {
      const value = when();
      return value === TRUE ? then() : value === FALSE ? otherwise() : undefined;
    };
  }
  if (expr.op === 'arithmetic') {
    const left = compileValue(expr.left, reader);
    const right = compileValue(expr.right, reader);
    return () => {
      const a = left();
      const b = right();
      if (typeof a === 'string' && typeof b === 'string') return a + b;
      if (typeof a !== 'number' || typeof b !== 'number') return undefined;
      const sum = a + b;
      return Number.isFinite(sum) ? sum : undefined;
    };
  }
  if (expr.op === 'call' && expr.name === 'string') {
    const of = compileValue(expr.args[0]!, reader);
    return () => {
      const value = of();
      return value === undefined ? undefined : String(value);
    };
  }
  return () => undefined;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

/** CEL counts Unicode code points. */
function codePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A low surrogate that follows a high one belongs to it.
    if (code >= 0xdc00 && code <= 0xdfff && i > 0 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) continue;
    count++;
  }
  return count;
}
