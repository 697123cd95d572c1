import { MIRROR } from './comparisons.ts';
import { compileCondition, type Reader } from './compile.ts';
import { type Comparison, type Expr, type Expression, usesNow } from './expression.ts';
import { FALSE, TRUE, type Tri, triValue, UNKNOWN } from './tri.ts';
import { isPulse } from './watch/watch.ts';
import { evidence, label, showValue } from './words.ts';

/** A part of a condition as it is wanted, and how it stands. Negations are carried down to the parts. */
export interface ConditionPart {
  /** As written; `!(…)` where it is wanted false. */
  readonly source: string;
  readonly value: boolean | 'unknown';
  /** The values it saw. */
  readonly because: string;
  /** How the parts inside of it make it: all of them must be true, or any. */
  readonly join?: 'all' | 'any';
  readonly parts?: readonly ConditionPart[];
  /** What would have to change for it to be true, in plain words; absent where it is true, or where its parts say it. */
  readonly needs?: string;
}

/** The parts of a condition; a chain of && or || is one level. */
export function partsOf({ expr, source }: Expression, reader: Reader): ConditionPart {
  return part(expr, true, { reader, source });
}

interface Place {
  readonly reader: Reader;
  readonly source: string;
}

function part(expr: Expr, wanted: boolean, place: Place): ConditionPart {
  if (expr.op === 'not') return part(expr.of, !wanted, place);
  const raw = compileCondition(expr, place.reader)();
  const value: Tri = raw === UNKNOWN || wanted ? raw : raw === TRUE ? FALSE : TRUE;
  const text = place.source.slice(expr.start, expr.end);
  const base = {
    source: wanted ? text : `!(${text})`,
    value: triValue(value),
    because: evidence({ expr, source: place.source }, place.reader, () => false),
  };
  if (expr.op === 'and' || expr.op === 'or') {
    const join = (expr.op === 'and') === wanted ? 'all' : 'any';
    return { ...base, join, parts: chain(expr, expr.op).map((one) => part(one, wanted, place)) };
  }
  return value === TRUE ? base : { ...base, needs: needs(expr, wanted, place) };
}

function chain(expr: Expr, op: 'and' | 'or'): readonly Expr[] {
  return expr.op === op ? [...chain(expr.left, op), ...chain(expr.right, op)] : [expr];
}

const RISES: Readonly<Record<Comparison, string>> = {
  '==': 'would have to be',
  '!=': 'would have to be something other than',
  '<': 'would have to fall below',
  '<=': 'would have to fall to at most',
  '>': 'would have to rise above',
  '>=': 'would have to rise to at least',
};
const OTHERWISE: Readonly<Record<Comparison, Comparison>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};
function needs(expr: Expr, wanted: boolean, { reader, source }: Place): string {
  const text = source.slice(expr.start, expr.end);
  if (expr.op === 'compare') {
    const told = comparison(expr, wanted, reader);
    if (told !== undefined) return told;
  }
  if (expr.op === 'property') {
    const { value, standing } = reader.state.get(expr.key);
    const now = standing === 'known' ? showValue(value ?? '') : standing;
    return `${label(expr.key, reader)} would have to be ${String(wanted)} (it is ${now})`;
  }
  if (expr.op === 'watch' && isPulse(expr.watch) && wanted)
    return `${text} would have to happen: it is true for one moment only`;
  if (usesNow(expr) && reader.time.plausible)
    return `it would have to be a time at which ${text} is ${String(wanted)} (it is ${reader.time.time ?? 'unknown'})`;
  return `${text} would have to be ${String(wanted)}`;
}

/** A property, or a window over one, against a fixed value. */
function comparison(expr: Expr & { op: 'compare' }, wanted: boolean, reader: Reader): string | undefined {
  const mirrored = expr.left.op === 'literal';
  const [subject, limit] = mirrored ? [expr.right, expr.left] : [expr.left, expr.right];
  if (subject.op !== 'property' || limit.op !== 'literal') return undefined;
  const straight = mirrored ? MIRROR[expr.by] : expr.by;
  const by = wanted ? straight : OTHERWISE[straight];
  const { value, unit, standing } = reader.state.get(subject.key);
  const name = label(subject.key, reader);
  const limitText = showValue(limit.value, unit);
  const verb = RISES[by];
  if (standing === 'known' && value !== undefined)
    return `${name} ${verb} ${limitText} (it is ${showValue(value, unit)})`;
  return `${name} would have to be known, and ${by} ${limitText} (it is ${standing})`;
}
