import type { Reader } from './compile.ts';
import type { HouseCheck } from './house-check.ts';
import { IndexPlan } from './match/index-plan.ts';
import { RuleIndex } from './match/rule-index.ts';
import type { PolicySpec } from './policy.ts';
import { DecideTrack, isRule, Names, RuleTrack, Times, type Track } from './track.ts';

/** What policies are laid out with. */
export interface LayParts {
  readonly reader: Reader;
  readonly check: HouseCheck;
  readonly maxPerMinute: number;
}

/** Policies ready to run, in file order, checked against the house, and what their conditions are found by. */
export function layPolicies(
  policies: readonly PolicySpec[],
  { reader, check, maxPerMinute }: LayParts,
): { readonly tracks: readonly Track[]; readonly index: RuleIndex } {
  const names = new Names();
  const times = new Times(policies.length);
  const plan = new IndexPlan(reader);
  // One policy after the other, from its text to the index: what only this needs is gone before the next one comes.
  const tracks = policies.map((spec, index): Track => {
    const place = { index, reader, maxPerMinute, names, times };
    const track = spec.type === 'rule' ? new RuleTrack(spec, place) : new DecideTrack(spec, place);
    if (isRule(track)) plan.addCondition(track.spec.when.expr);
    else plan.addSlots(track.slots);
    check.check(track);
    track.release();
    return track;
  });
  return { tracks, index: new RuleIndex(plan) };
}
