import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { WatchSpec } from './watch/watch.ts';

export const NOW_FIELDS = ['hour', 'minute', 'weekday', 'day', 'month', 'time', 'epoch'] as const;
export type NowField = (typeof NOW_FIELDS)[number];
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type Arithmetic = '+' | '-' | '*' | '/' | '%';

/** Functions and how many arguments they take; methods (`text.startsWith(x)`) count their receiver. */
export const FUNCTIONS = {
  known: [1, 1],
  size: [1, 1],
  abs: [1, 1],
  round: [1, 1],
  min: [1, 16],
  max: [1, 16],
  string: [1, 1],
  startsWith: [2, 2],
  endsWith: [2, 2],
  contains: [2, 2],
} as const satisfies Record<string, readonly [least: number, most: number]>;
export type FunctionName = keyof typeof FUNCTIONS;
export const METHODS: readonly string[] = ['startsWith', 'endsWith', 'contains', 'size'];

/** Character range in the source text, for problems. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** A condition or value expression: what is left of CEL once everything this project does not support is refused. */
export type Expr = Place &
  (
    | { readonly op: 'literal'; readonly value: Value }
    | { readonly op: 'property'; readonly key: PropertyKey }
    | { readonly op: 'now'; readonly field: NowField }
    | { readonly op: 'not' | 'negate'; readonly of: Expr }
    | { readonly op: 'and' | 'or'; readonly left: Expr; readonly right: Expr }
    | { readonly op: 'compare'; readonly by: Comparison; readonly left: Expr; readonly right: Expr }
    | { readonly op: 'arithmetic'; readonly by: Arithmetic; readonly left: Expr; readonly right: Expr }
    | { readonly op: 'in'; readonly of: Expr; readonly list: readonly Expr[] }
    | { readonly op: 'choose'; readonly when: Expr; readonly yes: Expr; readonly no: Expr }
    | { readonly op: 'call'; readonly name: FunctionName; readonly args: readonly Expr[] }
    | { readonly op: 'watch'; readonly watch: WatchSpec }
  );

/** An expression together with the text it was written as. */
export interface Expression {
  readonly source: string;
  readonly expr: Expr;
  /** Forgets `expr`, which is several times as large as the text, until it is asked for again. */
  release?(): void;
}

/** The direct parts of an expression. */
export function parts(expr: Expr): readonly Expr[] {
  switch (expr.op) {
    case 'literal':
    case 'property':
    case 'now':
    case 'watch':
      return [];
    case 'not':
    case 'negate':
      return [expr.of];
    case 'and':
    case 'or':
    case 'compare':
    case 'arithmetic':
      return [expr.left, expr.right];
    case 'in':
      return [expr.of, ...expr.list];
    case 'choose':
      return [expr.when, expr.yes, expr.no];
    case 'call':
      return expr.args;
  }
}

/** Adds every property an expression reads to `into`; `direct`: without those that only its watches read. */
export function collectKeys(expr: Expr, into: Set<PropertyKey>, which: 'all' | 'direct' = 'all'): void {
  switch (expr.op) {
    case 'property':
      into.add(expr.key);
      return;
    // Nearly all nodes are these; the list of their parts need not be made.
    case 'and':
    case 'or':
    case 'compare':
    case 'arithmetic':
      collectKeys(expr.left, into, which);
      collectKeys(expr.right, into, which);
      return;
    case 'watch':
      if (which === 'direct') return;
      if ('key' in expr.watch) into.add(expr.watch.key);
      for (const step of stepsOf(expr.watch)) collectKeys(step, into);
      return;
    case 'literal':
    case 'now':
      return;
    case 'not':
    case 'negate':
    case 'in':
    case 'choose':
    case 'call':
      for (const part of parts(expr)) collectKeys(part, into, which);
  }
}

/** Every watch of an expression, without those inside of watches. */
export function collectWatches(expr: Expr, found: (watch: WatchSpec) => void): void {
  switch (expr.op) {
    case 'watch':
      found(expr.watch);
      return;
    case 'and':
    case 'or':
    case 'compare':
    case 'arithmetic':
      collectWatches(expr.left, found);
      collectWatches(expr.right, found);
      return;
    case 'literal':
    case 'now':
    case 'property':
      return;
    case 'not':
    case 'negate':
    case 'in':
    case 'choose':
    case 'call':
      for (const part of parts(expr)) collectWatches(part, found);
  }
}

/** The conditions inside of a watch. */
export function stepsOf(watch: WatchSpec): readonly Expr[] {
  if (watch.kind === 'sequence') return watch.steps;
  return watch.kind === 'count' ? [watch.of] : [];
}

/** Whether an expression looks at the clock by itself; schedules are woken up by their watch. */
export function usesNow(expr: Expr): boolean {
  switch (expr.op) {
    case 'now':
      return true;
    case 'and':
    case 'or':
    case 'compare':
    case 'arithmetic':
      return usesNow(expr.left) || usesNow(expr.right);
    case 'literal':
    case 'property':
      return false;
    case 'not':
    case 'negate':
    case 'in':
    case 'choose':
    case 'call':
    case 'watch':
      return parts(expr).some(usesNow);
  }
}

/** How many nodes it has, those inside of watches included. */
export function countParts(expr: Expr): number {
  const inner = expr.op === 'watch' ? stepsOf(expr.watch) : parts(expr);
  return inner.reduce((sum, part) => sum + countParts(part), 1);
}
