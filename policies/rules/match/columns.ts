import type { Value } from '../../../runtime/contract/reading.ts';
import { FALSE, type Tri, TRUE, UNKNOWN } from '../tri.ts';
import type { ColumnPlan } from './column-plan.ts';
import type { Gates } from './gates.ts';

const NONE = new Int32Array(0);
const ABSENT = 0;
const NUMBER = 1;
const TEXT = 2;
const TRUTH = 3;
const ASKS_EQUAL = 1;
const LISTENS = 2;

/** What a column has beside limits. */
interface Rest {
  /** By the number that equality is asked of. */
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
 * All tests of all subjects (the slots of a state, or watches), by their numbers. The tests x < limit and x <= limit of
 * a column lie side by side, sorted by limit, `<` before `<=`, with −∞ and ∞ around them:
 *
 *     limits     −∞   < 10   <= 10   < 15   < 20   ∞
 *     index       0     1       2      3      4    5
 *
 * A number stands at the first test that holds, as all after it do: 10 at 2, 12 at 3. One that moves flips exactly the
 * tests between its old and its new place. So a reading costs two comparisons and what it really flips.
 */
export class Columns {
  readonly #limits: Float64Array;
  /** Beside each limit 2 · literal, + 1 for `<=`. */
  readonly #tests: Int32Array;
  /** Per column: what kind of value it has, the first of its limits, and the place of its number. */
  readonly #kinds: Uint8Array;
  readonly #firsts: Int32Array;
  readonly #places: Int32Array;
  /** The values themselves: the numbers where equality is asked of some, the others where they are none. */
  readonly #numbers: Float64Array;
  readonly #values: (Value | undefined)[];
  readonly #rest: readonly (Rest | undefined)[];
  /** ASKS_EQUAL, LISTENS */
  readonly #flags: Uint8Array;
  readonly #gates: Gates;

  constructor(plans: readonly (ColumnPlan | undefined)[], gates: Gates) {
    const count = plans.length;
    this.#gates = gates;
    this.#kinds = new Uint8Array(count);
    this.#places = new Int32Array(count);
    this.#numbers = new Float64Array(count);
    this.#flags = new Uint8Array(count);
    this.#values = Array.from({ length: count }, () => undefined);
    this.#firsts = new Int32Array(count + 1);
    for (let c = 0; c < count; c++) {
      const plan = plans[c];
      this.#firsts[c + 1] = this.#firsts[c]! + (plan === undefined ? 0 : plan.limits.length + 2);
    }
    this.#limits = new Float64Array(this.#firsts[count]!);
    this.#tests = new Int32Array(this.#firsts[count]!);
    for (let c = 0; c < count; c++) if (plans[c] !== undefined) this.#sort(plans[c]!, this.#firsts[c]!);
    // Not `map`: it leaves out what has never been set.
    this.#rest = Array.from(plans, (plan) => (plan === undefined ? undefined : restOf(plan)));
    for (let c = 0; c < count; c++) {
      const rest = this.#rest[c];
      if (rest === undefined) continue;
      if (rest.equal.size > 0) this.#flags[c]! |= ASKS_EQUAL;
      if (rest.leaves.length + rest.conditions.length > 0) this.#flags[c]! |= LISTENS;
    }
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
    if (typeof value !== 'number' || this.#kinds[column] !== NUMBER) {
      this.#change(column, value);
      return;
    }
    const limits = this.#limits;
    const place = this.#places[column]!;
    // Most readings pass no limit.
    if (!(limits[place]! > value && limits[place - 1]! < value)) this.#walk(column, place, value);
    if ((this.#flags[column]! & ASKS_EQUAL) !== 0) this.#point(column, value);
  }

  /** Leaves and conditions that want to hear of any change; undefined if there are none. */
  listeners(column: number): Rest | undefined {
    return (this.#flags[column]! & LISTENS) === 0 ? undefined : this.#rest[column];
  }

  #walk(column: number, place: number, value: number): void {
    const limits = this.#limits;
    const tests = this.#tests;
    const gates = this.#gates;
    let i = place;
    // Upwards a test turns false, and its negation true.
    for (; limits[i]! < value || (limits[i] === value && (tests[i]! & 1) === 0); i++)
      gates.flip(tests[i]! >> 2, (tests[i]! & 2) === 0);
    for (; limits[i - 1]! > value || (limits[i - 1] === value && (tests[i - 1]! & 1) === 1); i--)
      gates.flip(tests[i - 1]! >> 2, (tests[i - 1]! & 2) !== 0);
    this.#places[column] = i;
  }

  #point(column: number, value: number): void {
    const old = this.#numbers[column]!;
    if (old === value) return;
    const { equal } = this.#rest[column]!;
    turn(equal.get(old), TRUE, FALSE, this.#gates);
    turn(equal.get(value), FALSE, TRUE, this.#gates);
    this.#numbers[column] = value;
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
    if (was === NUMBER) this.#allNumbers(column, rest, false);
    else if (was === TEXT) turnTexts(rest.texts, old as string, false, gates);
    else if (was === TRUTH) turn(rest.truths, old === true ? TRUE : FALSE, UNKNOWN, gates);
    if (kind === NUMBER) {
      this.#numbers[column] = value as number;
      this.#places[column] = this.#find(column, value as number);
      this.#allNumbers(column, rest, true);
    } else if (kind === TEXT) turnTexts(rest.texts, value as string, true, gates);
    else if (kind === TRUTH) turn(rest.truths, UNKNOWN, value === true ? TRUE : FALSE, gates);
    if (was === ABSENT) turn(rest.knowns, FALSE, TRUE, gates);
    else if (kind === ABSENT) turn(rest.knowns, TRUE, FALSE, gates);
  }

  /** The first test of a column that holds for a number. */
  #find(column: number, value: number): number {
    let low = this.#firsts[column]! + 1;
    let high = this.#firsts[column + 1]! - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const limit = this.#limits[middle]!;
      if (limit < value || (limit === value && (this.#tests[middle]! & 1) === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Every numeric test, from unknown (`known`) or to it. */
  #allNumbers(column: number, rest: Rest, known: boolean): void {
    const place = this.#places[column]!;
    const last = this.#firsts[column + 1]! - 1;
    for (let i = this.#firsts[column]! + 1; i < last; i++) {
      const value = i >= place ? TRUE : FALSE;
      turnOne(this.#tests[i]! >> 1, known ? UNKNOWN : value, known ? value : UNKNOWN, this.#gates);
    }
    for (const [point, literals] of rest.equal) {
      const value = point === this.#numbers[column] ? TRUE : FALSE;
      turn(literals, known ? UNKNOWN : value, known ? value : UNKNOWN, this.#gates);
    }
  }

  #sort({ limits, less }: ColumnPlan, first: number): void {
    const order = Array.from(limits, (_, i) => i).toSorted(
      (a, b) => limits[a]! - limits[b]! || (less[a]! & 1) - (less[b]! & 1),
    );
    this.#limits[first] = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < order.length; i++) {
      this.#limits[first + 1 + i] = limits[order[i]!]!;
      this.#tests[first + 1 + i] = less[order[i]!]!;
    }
    this.#limits[first + 1 + order.length] = Number.POSITIVE_INFINITY;
  }
}

function restOf(plan: ColumnPlan): Rest {
  const equal = new Map<number, number[]>();
  for (let i = 0; i < plan.points.length; i++) {
    const list = equal.get(plan.points[i]!);
    if (list === undefined) equal.set(plan.points[i]!, [plan.equal[i]!]);
    else list.push(plan.equal[i]!);
  }
  return {
    equal: new Map([...equal].map(([point, literals]) => [point, Int32Array.from(literals)])),
    texts: new Map([...plan.texts].map(([text, literals]) => [text, Int32Array.from(literals)])),
    truths: list(plan.truths),
    knowns: list(plan.knowns),
    leaves: list(plan.leaves),
    conditions: list(plan.conditions),
  };
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
  if (before === UNKNOWN || after === UNKNOWN) {
    for (let i = 0; i < literals.length; i++) turnOne(literals[i]!, before, after, gates);
    return;
  }
  const straight = after === TRUE ? 1 : 0;
  for (let i = 0; i < literals.length; i++) gates.flip(literals[i]! >> 1, (literals[i]! & 1) === straight);
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
