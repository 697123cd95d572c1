import type { StateView } from '../../runtime/contract/state.ts';
import { compileCondition, type Condition, type Reader } from './compile.ts';
import { createLocalTime } from './local-time.ts';
import type { RuleSpec } from './policy.ts';
import { Watches } from './watch/watches.ts';

/** The conditions of rules compiled to closures without any index: what the rules bench compares the index with. */
export function compileScan(
  rules: readonly RuleSpec[],
  state: StateView,
  timezone: string,
): readonly Condition[] {
  const watches = new Watches(undefined);
  const reader: Reader = { state, time: createLocalTime(timezone), watches };
  watches.attach(reader);
  return rules.map((rule) => compileCondition(rule.when.expr, reader));
}
