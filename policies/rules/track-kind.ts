import { isRule, type Track } from './track.ts';

/** What becomes of a policy whose condition has changed, as one number. */
export const INACTIVE = 0;
export const RULE = 1;
export const DECIDE = 2;
/** A rule with `for`. */
export const HOLDING = 3;

export function kindOf(track: Track): typeof RULE | typeof HOLDING | typeof DECIDE {
  return !isRule(track) ? DECIDE : track.spec.forMs > 0 ? HOLDING : RULE;
}
