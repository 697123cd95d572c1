import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import { MIRROR } from '../comparisons.ts';
import { compileCondition, type Condition, type Reader } from '../compile.ts';
import { collectKeys, collectWatches, type Expr, usesNow } from '../expression.ts';
import { ColumnPlan } from './column-plan.ts';
import { ALL, ANY, GatePlan } from './gates.ts';

/** Whatever no index helps with: it is evaluated when something it reads has changed. */
export interface Leaf {
  readonly evaluate: Condition;
  readonly literal: number;
}

/**
 * Lays out an index, one policy after the other, each with the number it is added as: 0, 1, 2, … Negations are pushed
 * down to the tests, for Kleene's logic keeps De Morgan's laws. An expression is not needed any more once it was added.
 */
export class IndexPlan {
  readonly reader: Reader;
  readonly gates = new GatePlan();
  readonly slots: (ColumnPlan | undefined)[] = [];
  readonly watches: (ColumnPlan | undefined)[] = [];
  readonly leaves: Leaf[] = [];
  /** Per condition that looks at the clock, the leaves that do. */
  readonly timed = new Map<number, number[]>();

  #size = 0;

  constructor(reader: Reader) {
    this.reader = reader;
  }

  /** How many policies it has. */
  get size(): number {
    return this.#size;
  }

  addCondition(expr: Expr): void {
    const op = opOf(expr, true) ?? ALL;
    const root = this.gates.add(op, -1 - this.#size);
    this.#lay(expr, true, root, op);
    this.#size++;
  }

  /** A policy that wants to hear of every change of these slots. */
  addSlots(slots: readonly number[]): void {
    for (const slot of slots) (this.slots[slot] ??= new ColumnPlan()).conditions.push(this.#size);
    this.#size++;
  }

  /** What a condition says goes into a gate of kind `kind`; parts that are joined as it joins go into it directly. */
  #lay(expr: Expr, positive: boolean, gate: number, kind: typeof ALL | typeof ANY): void {
    if (expr.op === 'not') {
      this.#lay(expr.of, !positive, gate, kind);
      return;
    }
    const op = opOf(expr, positive);
    if (op !== undefined) {
      let into = gate;
      if (op !== kind) {
        this.gates.feed(gate);
        into = this.gates.add(op, gate);
      }
      if (expr.op === 'and' || expr.op === 'or') {
        this.#lay(expr.left, positive, into, op);
        this.#lay(expr.right, positive, into, op);
      } else if (expr.op === 'in') {
        const column = this.#columnOf(expr.of)!;
        for (const item of expr.list) {
          this.gates.feed(into);
          column.addEqual(limitOf(item)!, 2 * into + Number(positive));
        }
      }
      return;
    }
    this.gates.feed(gate);
    if (!this.#test(expr, 2 * gate + Number(positive))) this.#addLeaf(expr, 2 * gate + Number(positive));
  }

  /** One test of one subject whose outcome a column can keep; false if this is none. */
  #test(expr: Expr, literal: number): boolean {
    if (expr.op === 'compare') {
      const swap = expr.left.op === 'literal';
      const [left, right] = swap ? [expr.right, expr.left] : [expr.left, expr.right];
      const by = swap ? MIRROR[expr.by] : expr.by;
      const value = limitOf(right);
      if (value === undefined || !isSubject(left)) return false;
      if (by === '==' || by === '!=') {
        this.#columnOf(left)!.addEqual(value, by === '==' ? literal : literal ^ 1);
        return true;
      }
      if (typeof value !== 'number') return false;
      const column = this.#columnOf(left)!;
      // x > limit is not x <= limit, and unknown where that is.
      if (by === '<' || by === '<=') column.addLess(value, by === '<=', literal);
      else column.addLess(value, by === '>', literal ^ 1);
      return true;
    }
    if (expr.op === 'call' && expr.name === 'known') {
      const column = this.#columnOf(expr.args[0]!);
      column?.knowns.push(literal);
      return column !== undefined;
    }
    const column = this.#columnOf(expr);
    column?.truths.push(literal);
    return column !== undefined;
  }

  #addLeaf(expr: Expr, literal: number): void {
    const leaf = this.leaves.length;
    this.leaves.push({ evaluate: compileCondition(expr, this.reader), literal });
    const keys = new Set<PropertyKey>();
    collectKeys(expr, keys, 'direct');
    for (const key of keys) this.#slot(key).leaves.push(leaf);
    const watches = new Set<number>();
    collectWatches(expr, (watch) => watches.add(this.reader.watches.id(watch)));
    for (const id of watches) (this.watches[id] ??= new ColumnPlan()).leaves.push(leaf);
    if (!usesNow(expr)) return;
    const timed = this.timed.get(this.#size);
    if (timed === undefined) this.timed.set(this.#size, [leaf]);
    else timed.push(leaf);
  }

  /** The column of a property or a watch; undefined for every other expression. */
  #columnOf(expr: Expr): ColumnPlan | undefined {
    if (expr.op === 'property') return this.#slot(expr.key);
    return expr.op === 'watch'
      ? (this.watches[this.reader.watches.id(expr.watch)] ??= new ColumnPlan())
      : undefined;
  }

  #slot(key: PropertyKey): ColumnPlan {
    return (this.slots[this.reader.state.slot(key)] ??= new ColumnPlan());
  }
}

/** How an expression joins several parts; undefined for one that is a part itself. */
function opOf(expr: Expr, positive: boolean): typeof ALL | typeof ANY | undefined {
  if (expr.op === 'not') return opOf(expr.of, !positive);
  if (expr.op === 'and') return positive ? ALL : ANY;
  if (expr.op === 'or') return positive ? ANY : ALL;
  if (expr.op !== 'in' || expr.list.length === 0 || !isSubject(expr.of)) return undefined;
  if (expr.list.some((item) => limitOf(item) === undefined)) return undefined;
  return positive ? ANY : ALL;
}

function isSubject(expr: Expr): boolean {
  return expr.op === 'property' || expr.op === 'watch';
}

/** A fixed value that a subject can be compared with; zero has one sign. */
function limitOf(expr: Expr): Value | undefined {
  if (expr.op !== 'literal') return undefined;
  const { value } = expr;
  if (typeof value !== 'number') return value;
  return Number.isFinite(value) ? value + 0 : undefined;
}
