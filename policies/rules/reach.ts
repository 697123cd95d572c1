import type { PropertyKey } from '../../runtime/contract/ids.ts';
import { collectKeys, collectWatches, type Expr, stepsOf } from './expression.ts';
import type { PolicySpec, VetoSpec } from './policy.ts';

/** Every property that policies and rules that forbid look at. */
export function propertiesReadBy(specs: Iterable<PolicySpec | VetoSpec>): Set<PropertyKey> {
  const keys = new Set<PropertyKey>();
  for (const spec of specs) {
    if ('type' in spec && spec.type === 'decide') for (const key of spec.on) keys.add(key);
    for (const expr of expressionsOf(spec)) collectKeys(expr, keys);
  }
  return keys;
}

/** How far back a policy looks: its longest window, `for`, cooldown or interval, ms. */
export function lookBackMs(spec: PolicySpec): number {
  let longest = spec.cooldownMs;
  const take = (ms: number): void => void (longest = Math.max(longest, ms));
  take(spec.type === 'rule' ? spec.forMs : spec.minIntervalMs);
  const window = (expr: Expr): void =>
    collectWatches(expr, (watch) => {
      if ('ms' in watch && watch.ms !== undefined) take(watch.ms);
      for (const step of stepsOf(watch)) window(step);
    });
  for (const expr of expressionsOf(spec)) window(expr);
  return longest;
}

function expressionsOf(spec: PolicySpec | VetoSpec): readonly Expr[] {
  if (!('type' in spec)) return spec.while === undefined ? [] : [spec.while.expr];
  if (spec.type === 'decide') return spec.features.map((feature) => feature.expr);
  const args = spec.calls.flatMap((call) => Object.values(call.args).map((arg) => arg.expr));
  return spec.if === undefined ? [spec.when.expr, ...args] : [spec.when.expr, spec.if.expr, ...args];
}
