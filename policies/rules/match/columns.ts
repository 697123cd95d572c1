import type { Value } from '../../../runtime/contract/reading.ts';
import { FALSE, type Tri, TRUE, UNKNOWN } from '../tri.ts';
import type { ColumnPlan } from './column-plan.ts';
import type { Gates } from './gates.ts';

const NONE = new Int32Array(0);
const ABSENT = 0;
const NUMBER = 1;
const TEXT = 2;
const TRUTH = 3;

/** What a column has beside limits. */
interface Rest {
  /** Limits that equality is asked of, by their index among all limits. */
  readonly equal: ReadonlyMap<number, Int32Array>;
  readonly texts: ReadonlyMap<string, Int32Array>;
  readonly truths: Int32Array;
  readonly knowns: Int32Array;
  /** To be evaluated when the subject changes. */
  readonly leaves: Int32Array;
  /** To be told when the subject changes. */
  readonly conditions: Int32Array;
}

/**
 * All tests of all subjects (the slots of a state, or watches), by their numbers. Numbers stand at a place among the
 * sorted limits of their column, which lie side by side in one array with −∞ and ∞ around them: 2i + 1 on limit i, 2i
 * just below it.
 *
 *     limits     −∞       10        15        20        ∞
 *     index       0        1         2         3        4
 *     place     0   1   2  3    4    5    6    7    8
 *     fences    0   1   2  3    4    5    6    7    8         x < limit i holds up to fence 2i, x <= limit i up to 2i + 1
 *
 * The literals of all fences lie side by side too: a number that moves from one place to another flips exactly those
 * between. So a reading costs two comparisons and what it really flips.
 */
export class Columns {
  readonly #limits: Float64Array;
  /** (2 · limits + 1) where the literals of each fence begin in `#less`. */
  readonly #fences: Int32Array;
  readonly #less: Int32Array;
  /** Per column: what kind of value it has, the first of its limits, and the place of its number. */
  readonly #kinds: Uint8Array;
  readonly #firsts: Int32Array;
  readonly #places: Int32Array;
  /** Texts and truths it has now. */
  readonly #values: (Value | undefined)[];
  readonly #rest: readonly (Rest | undefined)[];
  /** Whether anything but limits is asked of a number. */
  readonly #more: Uint8Array;
  readonly #gates: Gates;

  constructor(plans: readonly (ColumnPlan | undefined)[], gates: Gates) {
    const count = plans.length;
    this.#gates = gates;
    this.#kinds = new Uint8Array(count);
    this.#firsts = new Int32Array(count + 1);
    this.#places = new Int32Array(count);
    this.#more = new Uint8Array(count);
    this.#values = Array.from({ length: count }, () => undefined);
    // Not `map`: it leaves out what has never been set.
    const own = Array.from(plans, (plan) => (plan === undefined ? undefined : limitsOf(plan)));
    for (let c = 0; c < count; c++) this.#firsts[c + 1] = this.#firsts[c]! + (own[c]?.length ?? 0);
    this.#limits = new Float64Array(this.#firsts[count]!);
    for (let c = 0; c < count; c++) if (own[c] !== undefined) this.#limits.set(own[c]!, this.#firsts[c]);
    [this.#fences, this.#less] = this.#pack(plans);
    this.#rest = Array.from(plans, (plan, c) => this.#restOf(plan, c));
  }

  /** Before the first value: what is never unknown. */
  begin(): void {
    for (const rest of this.#rest) if (rest !== undefined) turn(rest.knowns, UNKNOWN, FALSE, this.#gates);
  }

  /** Whether a column asks anything. */
  has(column: number): boolean {
    return column < this.#places.length && this.#firsts[column + 1]! > this.#firsts[column]!;
  }

  get count(): number {
    return this.#places.length;
  }

  /** The subject has this value now. Allocates nothing. */
  take(column: number, value: Value | undefined): void {
    if (typeof value === 'number' && this.#kinds[column] === NUMBER) {
      const from = this.#places[column]!;
      const limits = this.#limits;
      let i = from >> 1;
      // Most readings pass no limit.
      if (!(limits[i]! > value && limits[i - 1]! < value)) {
        while (limits[i]! < value) i++;
        while (limits[i - 1]! >= value) i--;
        const to = 2 * i + (limits[i] === value ? 1 : 0);
        if (to !== from) this.#walk(column, from, to);
      } else if ((from & 1) === 1) this.#walk(column, from, 2 * i);
    } else this.#change(column, value);
  }

  /** Leaves and conditions that want to hear of any change; undefined if there are none. */
  listeners(column: number): Rest | undefined {
    return (this.#more[column]! & 2) === 0 ? undefined : this.#rest[column];
  }

  get bytes(): number {
    return (
      this.#limits.byteLength + this.#fences.byteLength + this.#less.byteLength + 200 * this.#places.length
    );
  }

  #walk(column: number, from: number, to: number): void {
    this.#places[column] = to;
    const gates = this.#gates;
    const less = this.#less;
    if (to > from) {
      const end = this.#fences[to]!;
      // Upwards `less` turns false, and its negation true.
      for (let i = this.#fences[from]!; i < end; i++) gates.flip(less[i]! >> 1, (less[i]! & 1) === 0);
    } else {
      const end = this.#fences[from]!;
      for (let i = this.#fences[to]!; i < end; i++) gates.flip(less[i]! >> 1, (less[i]! & 1) === 1);
    }
    if ((this.#more[column]! & 1) === 0) return;
    const { equal } = this.#rest[column]!;
    if ((from & 1) === 1) turn(equal.get(from >> 1), TRUE, FALSE, gates);
    if ((to & 1) === 1) turn(equal.get(to >> 1), FALSE, TRUE, gates);
  }

  /** Everything but a number that follows a number. */
  #change(column: number, value: Value | undefined): void {
    const rest = this.#rest[column];
    if (rest === undefined) return;
    const gates = this.#gates;
    const old = this.#values[column];
    const was = this.#kinds[column]!;
    const kind = kindOf(value);
    if (was === kind && (kind === ABSENT || old === value)) return;
    this.#kinds[column] = kind;
    this.#values[column] = kind === NUMBER ? undefined : value;
    if (was === TEXT && kind === TEXT) {
      turn(rest.texts.get(old as string), TRUE, FALSE, gates);
      turn(rest.texts.get(value as string), FALSE, TRUE, gates);
      return;
    }
    if (was === TRUTH && kind === TRUTH) {
      turn(rest.truths, old === true ? TRUE : FALSE, value === true ? TRUE : FALSE, gates);
      return;
    }
    if (was === NUMBER) this.#numbers(column, false);
    else if (was === TEXT) turnTexts(rest.texts, old as string, false, gates);
    else if (was === TRUTH) turn(rest.truths, old === true ? TRUE : FALSE, UNKNOWN, gates);
    if (kind === NUMBER) {
      this.#places[column] = this.#find(column, value as number);
      this.#numbers(column, true);
    } else if (kind === TEXT) turnTexts(rest.texts, value as string, true, gates);
    else if (kind === TRUTH) turn(rest.truths, UNKNOWN, value === true ? TRUE : FALSE, gates);
    if (was === ABSENT) turn(rest.knowns, FALSE, TRUE, gates);
    else if (kind === ABSENT) turn(rest.knowns, TRUE, FALSE, gates);
  }

  #find(column: number, value: number): number {
    let low = this.#firsts[column]! + 1;
    let high = this.#firsts[column + 1]! - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#limits[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return 2 * low + (this.#limits[low] === value ? 1 : 0);
  }

  /** Every numeric test, from unknown (`known`) or to it. */
  #numbers(column: number, known: boolean): void {
    const place = this.#places[column]!;
    const last = 2 * this.#firsts[column + 1]!;
    for (let fence = 2 * this.#firsts[column]!; fence < last; fence++) {
      const value = place <= fence ? TRUE : FALSE;
      const end = this.#fences[fence + 1]!;
      for (let i = this.#fences[fence]!; i < end; i++) {
        turnOne(this.#less[i]!, known ? UNKNOWN : value, known ? value : UNKNOWN, this.#gates);
      }
    }
    for (const [limit, literals] of this.#rest[column]!.equal) {
      const value = place === 2 * limit + 1 ? TRUE : FALSE;
      turn(literals, known ? UNKNOWN : value, known ? value : UNKNOWN, this.#gates);
    }
  }

  /** Literals by fence, side by side: where each fence begins, and the literals. */
  #pack(plans: readonly (ColumnPlan | undefined)[]): [Int32Array, Int32Array] {
    const starts = new Int32Array(2 * this.#limits.length + 1);
    const fences = Array.from(plans, (plan, c) =>
      plan === undefined
        ? NONE
        : Int32Array.from(plan.limits, (limit, i) => (this.#find(c, limit) & ~1) + (plan.less[i]! & 1)),
    );
    for (const list of fences) for (const fence of list) starts[fence + 1]!++;
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
    const packed = new Int32Array(starts.at(-1)!);
    const next = starts.slice();
    for (const [c, list] of fences.entries()) {
      for (let i = 0; i < list.length; i++) packed[next[list[i]!]!++] = plans[c]!.less[i]! >> 1;
    }
    return [starts, packed];
  }

  #restOf(plan: ColumnPlan | undefined, column: number): Rest | undefined {
    if (plan === undefined) return undefined;
    const equal = new Map<number, number[]>();
    for (let i = 0; i < plan.points.length; i++) {
      const limit = this.#find(column, plan.points[i]!) >> 1;
      const list = equal.get(limit);
      if (list === undefined) equal.set(limit, [plan.equal[i]!]);
      else list.push(plan.equal[i]!);
    }
    const listens = plan.leaves.length + plan.conditions.length > 0;
    this.#more[column] = (equal.size > 0 ? 1 : 0) + (listens ? 2 : 0);
    return {
      equal: new Map([...equal].map(([limit, literals]) => [limit, Int32Array.from(literals)])),
      texts: new Map([...plan.texts].map(([text, literals]) => [text, Int32Array.from(literals)])),
      truths: list(plan.truths),
      knowns: list(plan.knowns),
      leaves: list(plan.leaves),
      conditions: list(plan.conditions),
    };
  }
}

/** The limits of a column, each once, ascending, between −∞ and ∞. */
function limitsOf(plan: ColumnPlan): Float64Array {
  const all = new Float64Array(plan.limits.length + plan.points.length + 2);
  all.set(plan.limits);
  all.set(plan.points, plan.limits.length);
  all[all.length - 2] = Number.NEGATIVE_INFINITY;
  all[all.length - 1] = Number.POSITIVE_INFINITY;
  all.sort();
  let count = 0;
  for (let i = 0; i < all.length; i++) if (i === 0 || all[i] !== all[i - 1]) all[count++] = all[i]!;
  return all.subarray(0, count);
}

function kindOf(value: Value | undefined): number {
  if (value === undefined) return ABSENT;
  return typeof value === 'number' ? NUMBER : typeof value === 'string' ? TEXT : TRUTH;
}

function turnOne(literal: number, before: Tri, after: Tri, gates: Gates): void {
  if ((literal & 1) === 1) gates.move(literal >> 1, before, after);
  else gates.move(literal >> 1, negate(before), negate(after));
}

function turn(literals: Int32Array | undefined, before: Tri, after: Tri, gates: Gates): void {
  if (literals === undefined || before === after) return;
  for (let i = 0; i < literals.length; i++) turnOne(literals[i]!, before, after, gates);
}

/** Every comparison with a text, from unknown (`known`) or to it. */
function turnTexts(texts: ReadonlyMap<string, Int32Array>, text: string, known: boolean, gates: Gates): void {
  for (const [other, literals] of texts) {
    const value = other === text ? TRUE : FALSE;
    turn(literals, known ? UNKNOWN : value, known ? value : UNKNOWN, gates);
  }
}

function negate(value: Tri): Tri {
  return value === UNKNOWN ? UNKNOWN : value === TRUE ? FALSE : TRUE;
}

function list(numbers: readonly number[]): Int32Array {
  return numbers.length === 0 ? NONE : Int32Array.from(numbers);
}
