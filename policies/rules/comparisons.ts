import type { Value } from '../../runtime/contract/reading.ts';
import type { StateView } from '../../runtime/contract/state.ts';
import type { Comparison } from './expression.ts';
import { FALSE, type Tri, TRUE, UNKNOWN } from './tri.ts';

/** The comparison with its sides swapped. */
export const MIRROR: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** Equality of two values: unknown if either is, or if they are of different types. */
export function equal(a: Value | undefined, b: Value | undefined): Tri {
  if (a === undefined || typeof a !== typeof b) return UNKNOWN;
  return a === b ? TRUE : FALSE;
}

/** Both sides are numbers; NaN is unknown. */
export function compareNumbers(by: Comparison, left: () => number, right: () => number): () => Tri {
  const test = TESTS[by];
  return () => {
    const x = left();
    const y = right();
    return Number.isNaN(x) || Number.isNaN(y) ? UNKNOWN : test(x, y) ? TRUE : FALSE;
  };
}

export function compareValues(
  by: Comparison,
  left: () => Value | undefined,
  right: () => Value | undefined,
): () => Tri {
  if (by === '==') return () => equal(left(), right());
  if (by === '!=') {
    return () => {
      const same = equal(left(), right());
      return same === UNKNOWN ? UNKNOWN : same === TRUE ? FALSE : TRUE;
    };
  }
  const test = TESTS[by];
  return () => {
    const x = left();
    const y = right();
    // Booleans have no order.
    if (x === undefined || y === undefined || typeof x !== typeof y || typeof x === 'boolean') return UNKNOWN;
    return test(x, y) ? TRUE : FALSE;
  };
}

const TESTS: Readonly<Record<Comparison, (a: Value, b: Value) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** A property against a literal number: the shape that has to be fastest, hence a closure per operator. */
export function compareProperty(by: Comparison, state: StateView, slot: number, limit: number): () => Tri {
  switch (by) {
    case '==':
      return () => {
        const v = state.current(slot);
        return typeof v === 'number' ? (v === limit ? TRUE : FALSE) : UNKNOWN;
      };
    case '!=':
      return () => {
        const v = state.current(slot);
        return typeof v === 'number' ? (v === limit ? FALSE : TRUE) : UNKNOWN;
      };
    case '<':
      return () => {
        const v = state.current(slot);
        return typeof v === 'number' ? (v < limit ? TRUE : FALSE) : UNKNOWN;
      };
    case '<=':
      return () => {
        const v = state.current(slot);
        return typeof v === 'number' ? (v <= limit ? TRUE : FALSE) : UNKNOWN;
      };
    case '>':
      return () => {
        const v = state.current(slot);
        return typeof v === 'number' ? (v > limit ? TRUE : FALSE) : UNKNOWN;
      };
    case '>=':
      return () => {
        const v = state.current(slot);
        return typeof v === 'number' ? (v >= limit ? TRUE : FALSE) : UNKNOWN;
      };
  }
}

export function compareToLimit(by: Comparison, left: () => number, limit: number): () => Tri {
  const test = TESTS[by];
  return () => {
    const value = left();
    return Number.isNaN(value) ? UNKNOWN : test(value, limit) ? TRUE : FALSE;
  };
}
