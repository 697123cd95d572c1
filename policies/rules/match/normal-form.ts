import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Expr } from '../expression.ts';
import { MIRROR } from '../comparisons.ts';

/** What a test compares: a property of the state, or a watch (see ../watch), by the number the reader gave it. */
export type Subject =
  | { readonly from: 'state'; readonly key: PropertyKey }
  | { readonly from: 'watch'; readonly id: number };

/**
 * One test of one subject whose outcome an index can keep: unknown unless the subject has a value of the right type.
 * `below` is x < limit, `upto` is x <= limit; the other comparisons are their negations.
 */
export type Test =
  | { readonly op: 'below' | 'upto' | 'number'; readonly limit: number }
  | { readonly op: 'text'; readonly text: string }
  | { readonly op: 'true' }
  | { readonly op: 'known' };

/** A condition with its negations pushed down to the tests; Kleene's logic keeps De Morgan's laws. */
export type Normal =
  | { readonly op: 'all' | 'any'; readonly parts: readonly Normal[] }
  | { readonly op: 'test'; readonly subject: Subject; readonly test: Test; readonly positive: boolean }
  /** Whatever no index helps with: it is evaluated when something it reads has changed. */
  | { readonly op: 'leaf'; readonly expr: Expr; readonly positive: boolean };

/** @param watchId the number of a watch; the same for equal ones */
export function normalise(expr: Expr, watchId: (expr: Expr & { op: 'watch' }) => number): Normal {
  const subjectOf = (of: Expr): Subject | undefined => {
    if (of.op === 'property') return { from: 'state', key: of.key };
    return of.op === 'watch' ? { from: 'watch', id: watchId(of) } : undefined;
  };
  const visit = (of: Expr, positive: boolean): Normal => {
    switch (of.op) {
      case 'not':
        return visit(of.of, !positive);
      case 'and':
      case 'or': {
        const op = (of.op === 'and') === positive ? 'all' : 'any';
        return { op, parts: flat(op, [visit(of.left, positive), visit(of.right, positive)]) };
      }
      case 'in': {
        const tests = of.list.map((item) => equality(subjectOf(of.of), item, positive));
        if (tests.length === 0 || tests.some((test) => test === undefined)) break;
        return { op: positive ? 'any' : 'all', parts: tests as Normal[] };
      }
      case 'compare': {
        const swap = of.left.op === 'literal' && of.right.op !== 'literal';
        const [left, right] = swap ? [of.right, of.left] : [of.left, of.right];
        const by = swap ? MIRROR[of.by] : of.by;
        const subject = subjectOf(left);
        if (by === '==' || by === '!=') {
          const test = equality(subject, right, positive === (by === '=='));
          if (test !== undefined) return test;
        } else if (subject !== undefined && right.op === 'literal' && isLimit(right.value)) {
          const op = by === '<' || by === '>=' ? 'below' : 'upto';
          const test: Test = { op, limit: right.value + 0 };
          return { op: 'test', subject, test, positive: positive === (by === '<' || by === '<=') };
        }
        break;
      }
      case 'call': {
        const subject = of.name === 'known' ? subjectOf(of.args[0]!) : undefined;
        if (subject !== undefined) return { op: 'test', subject, test: { op: 'known' }, positive };
        break;
      }
      case 'property':
      case 'watch': {
        const subject = subjectOf(of);
        if (subject !== undefined) return { op: 'test', subject, test: { op: 'true' }, positive };
        break;
      }
      case 'literal':
      case 'now':
      case 'negate':
      case 'arithmetic':
      case 'choose':
        break;
    }
    return { op: 'leaf', expr: of, positive };
  };
  return visit(expr, true);
}

function flat(op: 'all' | 'any', parts: readonly Normal[]): Normal[] {
  return parts.flatMap((part) => (part.op === op ? part.parts : [part]));
}

function equality(subject: Subject | undefined, to: Expr, positive: boolean): Normal | undefined {
  if (subject === undefined || to.op !== 'literal') return undefined;
  const { value } = to;
  if (typeof value === 'string') return { op: 'test', subject, test: { op: 'text', text: value }, positive };
  if (typeof value === 'boolean')
    return { op: 'test', subject, test: { op: 'true' }, positive: positive === value };
  return isLimit(value)
    ? { op: 'test', subject, test: { op: 'number', limit: value + 0 }, positive }
    : undefined;
}

function isLimit(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
