import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { Expr } from '../../../policies/rules/expression.ts';
import type { WatchSpec } from '../../../policies/rules/watch/watch.ts';

export const UNKNOWN = Symbol('unknown');
export type Unknown = typeof UNKNOWN;
type Result = Value | Unknown;

/** The semantics of docs/rules.md, written down as plainly as possible: a slow interpreter to compare with. */
export function interpret(
  expr: Expr,
  read: (key: PropertyKey) => Value | undefined,
  now: Partial<Record<string, Value>>,
  past?: (watch: WatchSpec) => Result,
): Result {
  const visit = (part: Expr): Result => interpret(part, read, now, past);
  const truth = (part: Expr): boolean | Unknown => {
    const value = visit(part);
    return typeof value === 'boolean' ? value : UNKNOWN;
  };
  switch (expr.op) {
    case 'literal':
      return expr.value;
    case 'property':
      return read(expr.key) ?? UNKNOWN;
    case 'now':
      return now[expr.field] ?? UNKNOWN;
    case 'not': {
      const value = truth(expr.of);
      return value === UNKNOWN ? UNKNOWN : !value;
    }
    case 'negate': {
      const value = visit(expr.of);
      return typeof value === 'number' ? -value : UNKNOWN;
    }
    case 'and': {
      const both = new Set([truth(expr.left), truth(expr.right)]);
      return both.has(false) ? false : both.has(UNKNOWN) ? UNKNOWN : true;
    }
    case 'or': {
      const both = new Set([truth(expr.left), truth(expr.right)]);
      return both.has(true) ? true : both.has(UNKNOWN) ? UNKNOWN : false;
    }
    case 'compare':
      return compare(expr.by, visit(expr.left), visit(expr.right));
    case 'in': {
      const of = visit(expr.of);
      const same = new Set(expr.list.map((item) => compare('==', of, visit(item))));
      return same.has(true) ? true : same.has(UNKNOWN) ? UNKNOWN : false;
    }
    case 'choose': {
      const when = truth(expr.when);
      return when === UNKNOWN ? UNKNOWN : visit(when ? expr.yes : expr.no);
    }
    case 'arithmetic':
      return arithmetic(expr.by, visit(expr.left), visit(expr.right));
    case 'watch':
      if (past !== undefined) return past(expr.watch);
      throw new TypeError('the plain interpreter knows no past');
    case 'call':
      return call(expr.name, expr.args.map(visit));
  }
}

function compare(by: string, a: Result, b: Result): boolean | Unknown {
  if (a === UNKNOWN || b === UNKNOWN || typeof a !== typeof b) return UNKNOWN;
  if (by === '==') return a === b;
  if (by === '!=') return a !== b;
  if (typeof a === 'boolean') return UNKNOWN;
  return by === '<' ? a < b : by === '<=' ? a <= b : by === '>' ? a > b : a >= b;
}

function arithmetic(by: string, a: Result, b: Result): Result {
  if (by === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
  if (typeof a !== 'number' || typeof b !== 'number') return UNKNOWN;
  const result = by === '+' ? a + b : by === '-' ? a - b : by === '*' ? a * b : by === '/' ? a / b : a % b;
  return Number.isFinite(result) ? result : UNKNOWN;
}

function call(name: string, args: readonly Result[]): Result {
  const [first, second] = args;
  if (name === 'known') return first !== UNKNOWN;
  if (args.includes(UNKNOWN)) return UNKNOWN;
  if (name === 'string') return String(first);
  if (name === 'size') return typeof first === 'string' ? Array.from(first).length : UNKNOWN;
  if (name === 'startsWith' || name === 'endsWith' || name === 'contains') {
    if (typeof first !== 'string' || typeof second !== 'string') return UNKNOWN;
    if (name === 'contains') return first.includes(second);
    return name === 'startsWith' ? first.startsWith(second) : first.endsWith(second);
  }
  const numbers = args.filter((arg) => typeof arg === 'number');
  if (numbers.length !== args.length) return UNKNOWN;
  if (name === 'min') return Math.min(...numbers);
  if (name === 'max') return Math.max(...numbers);
  const number = numbers[0]!;
  if (name === 'abs') return Math.abs(number);
  return number < 0 ? -Math.round(-number) : Math.round(number);
}
