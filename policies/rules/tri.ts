/** Kleene's three truth values as small integers: 1 true, 0 false, −1 unknown. */
export type Tri = 1 | 0 | -1;

export const TRUE = 1;
export const FALSE = 0;
export const UNKNOWN = -1;

/** How `explain` and `PolicyInfo` show a truth value. */
export function triValue(value: Tri): boolean | 'unknown' {
  return value === UNKNOWN ? 'unknown' : value === TRUE;
}
