import { isPropertyKey, type PropertyKey } from '../../runtime/contract/ids.ts';
import { formatDuration } from '../rules/duration.ts';
import type { Comparison, Expr } from '../rules/expression.ts';
import type { WatchSpec } from '../rules/watch/watch.ts';

/** A property as conditions write it; ids that are no identifiers are quoted. */
export function reference(key: PropertyKey): string {
  const plain = isPropertyKey(key) && key.split('.').every((part) => /^[a-z_]\w*$/i.test(part));
  return plain ? key : `prop(${JSON.stringify(key)})`;
}

/** What binds tighter has the higher number; CEL's own order. */
const CHOOSE = 0;
const OR = 1;
const AND = 2;
const COMPARE = 3;
const SUM = 4;
const PRODUCT = 5;
const UNARY = 6;
const ATOM = 7;

const OPPOSITE: Readonly<Record<Comparison, Comparison>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/** An expression as text, with no more parentheses than it needs. */
export function printExpr(expr: Expr): string {
  return print(expr, CHOOSE);
}

/** The parts that `&&` joins, each ready to be joined again. */
export function conjunctsOf(expr: Expr): Expr[] {
  return expr.op === 'and' ? [...conjunctsOf(expr.left), ...conjunctsOf(expr.right)] : [expr];
}

/** A part of a conjunction: with parentheses where it needs them there. */
export function printConjunct(expr: Expr): string {
  return print(expr, AND);
}

/** The opposite of a condition, as simple as it can be said. */
export function opposite(expr: Expr): Expr {
  const place = { start: 0, end: 0 };
  if (expr.op === 'not') return expr.of;
  if (expr.op === 'compare') return { ...expr, by: OPPOSITE[expr.by] };
  if (expr.op === 'or' || expr.op === 'and') {
    const op = expr.op === 'or' ? 'and' : 'or';
    return { ...place, op, left: opposite(expr.left), right: opposite(expr.right) };
  }
  return { ...place, op: 'not', of: expr };
}

function print(expr: Expr, around: number): string {
  const [text, own] = printed(expr);
  return own < around ? `(${text})` : text;
}

function printed(expr: Expr): [text: string, binding: number] {
  switch (expr.op) {
    case 'literal':
      return [JSON.stringify(expr.value), ATOM];
    case 'property':
      return [reference(expr.key), ATOM];
    case 'now':
      return [`now.${expr.field}`, ATOM];
    case 'not':
      return [`!${print(expr.of, UNARY)}`, UNARY];
    case 'negate':
      return [`-${print(expr.of, UNARY)}`, UNARY];
    case 'and':
      return [`${print(expr.left, AND)} && ${print(expr.right, AND)}`, AND];
    case 'or':
      // `a && b || c` is read wrongly by people.
      return [
        [expr.left, expr.right].map((part) => print(part, part.op === 'and' ? COMPARE : OR)).join(' || '),
        OR,
      ];
    case 'compare':
      return [`${print(expr.left, SUM)} ${expr.by} ${print(expr.right, SUM)}`, COMPARE];
    case 'in':
      return [`${print(expr.of, SUM)} in [${expr.list.map(printExpr).join(', ')}]`, COMPARE];
    case 'arithmetic': {
      const binding = expr.by === '+' || expr.by === '-' ? SUM : PRODUCT;
      return [`${print(expr.left, binding)} ${expr.by} ${print(expr.right, binding + 1)}`, binding];
    }
    case 'choose':
      return [`${print(expr.when, OR)} ? ${print(expr.yes, OR)} : ${print(expr.no, CHOOSE)}`, CHOOSE];
    case 'call':
      return [printedCall(expr.name, expr.args), ATOM];
    case 'watch':
      return [printedWatch(expr.watch), ATOM];
  }
}

const METHODS: ReadonlySet<string> = new Set(['startsWith', 'endsWith', 'contains']);

function printedCall(name: string, args: readonly Expr[]): string {
  const [first, ...rest] = args;
  if (METHODS.has(name) && first !== undefined)
    return `${print(first, ATOM)}.${name}(${rest.map(printExpr).join(', ')})`;
  return `${name}(${args.map(printExpr).join(', ')})`;
}

function printedWatch(watch: WatchSpec): string {
  const time = (ms: number): string => JSON.stringify(formatDuration(ms));
  switch (watch.kind) {
    case 'changed':
      return `changed(${reference(watch.key)})`;
    case 'rose':
    case 'fell': {
      const within = watch.ms === undefined ? '' : `, ${time(watch.ms)}`;
      return `${watch.kind}(${reference(watch.key)}, ${watch.by}${within})`;
    }
    case 'mean':
    case 'min':
    case 'max':
      return `${watch.kind}(${reference(watch.key)}, ${time(watch.ms)})`;
    case 'count':
      return `count(${printExpr(watch.of)}, ${time(watch.ms)})`;
    case 'sequence':
      return `sequence(${watch.steps.map(printExpr).join(', ')}, ${time(watch.ms)})`;
    case 'cron':
      return `cron(${JSON.stringify(watch.text)})`;
    case 'sunrise':
    case 'sunset': {
      if (watch.offsetMs === 0) return `${watch.kind}()`;
      const sign = watch.offsetMs < 0 ? '-' : '';
      return `${watch.kind}("${sign}${formatDuration(Math.abs(watch.offsetMs))}")`;
    }
    case 'elevation':
    case 'azimuth':
      return `sun.${watch.kind}`;
  }
}
