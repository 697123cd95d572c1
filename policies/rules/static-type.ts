import type { Value } from '../../runtime/contract/reading.ts';
import type { Expr } from './expression.ts';
import type { WatchSpec } from './watch/watch.ts';

export type StaticType = 'number' | 'text' | 'boolean' | 'any';

/** The type an expression has whatever the house looks like; `any` where it hangs on a property. */
export function staticType(expr: Expr): StaticType {
  switch (expr.op) {
    case 'literal':
      return typeOf(expr.value);
    case 'property':
      return 'any';
    case 'now':
      return expr.field === 'time' ? 'text' : 'number';
    case 'not':
    case 'and':
    case 'or':
    case 'compare':
    case 'in':
      return 'boolean';
    case 'negate':
      return 'number';
    case 'arithmetic': {
      if (expr.by !== '+') return 'number';
      const left = staticType(expr.left);
      const right = staticType(expr.right);
      if (left === 'text' || right === 'text') return 'text';
      return left === 'any' && right === 'any' ? 'any' : 'number';
    }
    case 'choose': {
      const then = staticType(expr.yes);
      return then === staticType(expr.no) ? then : 'any';
    }
    case 'watch':
      return watchType(expr.watch);
    case 'call':
      if (expr.name === 'string') return 'text';
      if (expr.name === 'known' || expr.name.endsWith('With') || expr.name === 'contains') return 'boolean';
      return 'number';
  }
}

function typeOf(value: Value): 'number' | 'text' | 'boolean' {
  return typeof value === 'string' ? 'text' : (typeof value as 'number' | 'boolean');
}

const NUMBERS: ReadonlySet<WatchSpec['kind']> = new Set([
  'mean',
  'min',
  'max',
  'count',
  'elevation',
  'azimuth',
]);

export function watchType({ kind }: WatchSpec): 'number' | 'boolean' {
  return NUMBERS.has(kind) ? 'number' : 'boolean';
}
