import type { Value } from '../../../runtime/contract/reading.ts';
import { FALSE, type Tri, TRUE, UNKNOWN } from '../tri.ts';
import type { Gates } from './gates.ts';
import type { Test } from './normal-form.ts';

const NONE = new Int32Array(0);

/** The tests of one subject while they are collected. */
export class ColumnPlan {
  /** Literals with `below` and `upto`, and with equality, of a number. */
  readonly less: { limit: number; upto: boolean; literal: number }[] = [];
  readonly equal: { limit: number; literal: number }[] = [];
  readonly texts = new Map<string, number[]>();
  readonly truths: number[] = [];
  readonly knowns: number[] = [];
  readonly leaves: number[] = [];
  readonly conditions: number[] = [];

  /** @param literal the gate the outcome goes to · 2, + 1 if as it is, + 0 if negated */
  add(test: Test, literal: number): void {
    switch (test.op) {
      case 'below':
      case 'upto':
        this.less.push({ limit: test.limit, upto: test.op === 'upto', literal });
        return;
      case 'number':
        this.equal.push({ limit: test.limit, literal });
        return;
      case 'text': {
        const list = this.texts.get(test.text);
        if (list === undefined) this.texts.set(test.text, [literal]);
        else list.push(literal);
        return;
      }
      case 'true':
        this.truths.push(literal);
        return;
      case 'known':
        this.knowns.push(literal);
    }
  }
}

/**
 * All tests of one subject. Numbers stand at a place among the sorted limits: 2i + 1 on limit i, 2i just below it.
 *
 *     limits      10        15        20
 *     place     0  1    2    3    4    5   6
 *     fence      0    1    2    3    4   5          x < limit i holds up to fence 2i, x <= limit i up to 2i + 1
 *
 * A number that moves from one place to another flips exactly the tests of the fences between, which lie side by side.
 */
export class Column {
  /** To be evaluated when the subject changes. */
  readonly leaves: Int32Array;
  /** To be told when the subject changes. */
  readonly conditions: Int32Array;
  readonly #limits: Float64Array;
  /** (2 · limits + 1) where the literals of each fence begin in `#less`. */
  readonly #fences: Int32Array;
  readonly #less: Int32Array;
  /** (limits + 1) where the literals of each limit begin in `#equal`. */
  readonly #points: Int32Array;
  readonly #equal: Int32Array;
  readonly #texts: ReadonlyMap<string, Int32Array>;
  readonly #truths: Int32Array;
  readonly #knowns: Int32Array;
  #value: Value | undefined;
  /** Of a number among the limits. */
  #place = 0;

  constructor(plan: ColumnPlan) {
    const limits = new Set<number>();
    for (const { limit } of plan.less) limits.add(limit);
    for (const { limit } of plan.equal) limits.add(limit);
    this.#limits = Float64Array.from(limits).toSorted();
    const rank = new Map<number, number>();
    for (let i = 0; i < this.#limits.length; i++) rank.set(this.#limits[i]!, i);
    [this.#fences, this.#less] = pack(
      2 * this.#limits.length,
      plan.less.map(({ limit, upto, literal }) => [2 * rank.get(limit)! + (upto ? 1 : 0), literal]),
    );
    [this.#points, this.#equal] = pack(
      this.#limits.length,
      plan.equal.map(({ limit, literal }) => [rank.get(limit)!, literal]),
    );
    this.#texts = new Map([...plan.texts].map(([text, list]) => [text, Int32Array.from(list)]));
    this.#truths = list(plan.truths);
    this.#knowns = list(plan.knowns);
    this.leaves = list(plan.leaves);
    this.conditions = list(plan.conditions);
  }

  /** The subject has this value now. Allocates nothing. */
  take(value: Value | undefined, gates: Gates): void {
    const old = this.#value;
    if (value === old) return;
    this.#value = value;
    const isNumber = typeof value === 'number';
    if (typeof old === 'number') {
      if (isNumber) return this.#walk(value, gates);
      this.#numbers(gates, false);
    } else if (typeof old === 'string') {
      if (typeof value === 'string') {
        turn(this.#texts.get(old), TRUE, FALSE, gates);
        turn(this.#texts.get(value), FALSE, TRUE, gates);
        return;
      }
      for (const [text, literals] of this.#texts) turn(literals, text === old ? TRUE : FALSE, UNKNOWN, gates);
    } else if (old !== undefined) {
      turn(
        this.#truths,
        old ? TRUE : FALSE,
        typeof value === 'boolean' ? (value ? TRUE : FALSE) : UNKNOWN,
        gates,
      );
      if (typeof value === 'boolean') return;
    }
    if (isNumber) {
      this.#place = this.#placeOf(value, 0);
      this.#numbers(gates, true);
    } else if (typeof value === 'string') {
      for (const [text, literals] of this.#texts)
        turn(literals, UNKNOWN, text === value ? TRUE : FALSE, gates);
    } else if (value !== undefined) turn(this.#truths, UNKNOWN, value ? TRUE : FALSE, gates);
    if (old === undefined) turn(this.#knowns, FALSE, TRUE, gates);
    else if (value === undefined) turn(this.#knowns, TRUE, FALSE, gates);
  }

  /** Before the first value: what is never unknown. */
  begin(gates: Gates): void {
    turn(this.#knowns, UNKNOWN, FALSE, gates);
  }

  get bytes(): number {
    const { length } = this.#limits;
    return 16 * length + 4 * (2 * length + this.#less.length + this.#equal.length + this.leaves.length) + 200;
  }

  #walk(value: number, gates: Gates): void {
    const from = this.#place;
    const to = this.#placeOf(value, from >> 1);
    if (to === from) return;
    this.#place = to;
    const up = to > from;
    const start = this.#fences[up ? from : to]!;
    const end = this.#fences[up ? to : from]!;
    for (let i = start; i < end; i++) {
      const literal = this.#less[i]!;
      // Upwards `less` turns false, and its negation true.
      if (up === ((literal & 1) === 1)) gates.move(literal >> 1, TRUE, FALSE);
      else gates.move(literal >> 1, FALSE, TRUE);
    }
    if ((from & 1) === 1) this.#point(from >> 1, TRUE, FALSE, gates);
    if ((to & 1) === 1) this.#point(to >> 1, FALSE, TRUE, gates);
  }

  #placeOf(value: number, near: number): number {
    const limits = this.#limits;
    let i = near;
    while (i < limits.length && limits[i]! < value) i++;
    while (i > 0 && limits[i - 1]! >= value) i--;
    return 2 * i + (i < limits.length && limits[i] === value ? 1 : 0);
  }

  #point(limit: number, before: Tri, after: Tri, gates: Gates): void {
    const end = this.#points[limit + 1]!;
    for (let i = this.#points[limit]!; i < end; i++) turnOne(this.#equal[i]!, before, after, gates);
  }

  /** Every numeric test, from unknown (`known`) or to it. */
  #numbers(gates: Gates, known: boolean): void {
    const place = this.#place;
    for (let fence = 0; fence + 1 < this.#fences.length; fence++) {
      const value = place <= fence ? TRUE : FALSE;
      for (let i = this.#fences[fence]!; i < this.#fences[fence + 1]!; i++) {
        turnOne(this.#less[i]!, known ? UNKNOWN : value, known ? value : UNKNOWN, gates);
      }
    }
    for (let limit = 0; limit < this.#limits.length; limit++) {
      const value = place === 2 * limit + 1 ? TRUE : FALSE;
      this.#point(limit, known ? UNKNOWN : value, known ? value : UNKNOWN, gates);
    }
  }
}

function turnOne(literal: number, before: Tri, after: Tri, gates: Gates): void {
  if ((literal & 1) === 1) gates.move(literal >> 1, before, after);
  else gates.move(literal >> 1, negate(before), negate(after));
}

function turn(literals: Int32Array | undefined, before: Tri, after: Tri, gates: Gates): void {
  if (literals === undefined || before === after) return;
  for (let i = 0; i < literals.length; i++) turnOne(literals[i]!, before, after, gates);
}

function negate(value: Tri): Tri {
  return value === UNKNOWN ? UNKNOWN : value === TRUE ? FALSE : TRUE;
}

function list(numbers: readonly number[]): Int32Array {
  return numbers.length === 0 ? NONE : Int32Array.from(numbers);
}

/** Entries by bucket, side by side: where each bucket begins, and the entries. */
function pack(
  buckets: number,
  entries: readonly (readonly [bucket: number, entry: number])[],
): [Int32Array, Int32Array] {
  const starts = new Int32Array(buckets + 1);
  for (const [bucket] of entries) starts[bucket + 1]!++;
  for (let i = 0; i < buckets; i++) starts[i + 1]! += starts[i]!;
  const packed = new Int32Array(entries.length);
  const next = starts.slice();
  for (const [bucket, entry] of entries) packed[next[bucket]!++] = entry;
  return [starts, packed];
}
