import type { WallMs } from '../../runtime/contract/time.ts';
import { collectWatches, countParts, type Expr } from './expression.ts';
import { isRule, type Track } from './track.ts';
import type { Watches } from './watch/watches.ts';

/** What one policy has cost since the process started. */
export interface PolicyCosts {
  readonly id: string;
  readonly fired: number;
  readonly lastFired?: WallMs;
  /** Times its condition changed and it was looked at. */
  readonly evaluations: number;
  /** CPU time of its firings: `if`, arguments, conflicts. Matching is shared by all rules and counted for none. */
  readonly cpuMs: number;
  /** What it keeps, estimated: expressions, its place in the index, and its watches even where others share them. */
  readonly memoryBytes: number;
}

/** An estimate for Node 20: the policy itself, and a node of an expression with its place in the index. */
const POLICY_BYTES = 1000;
const NODE_BYTES = 110;

export function costsOf(track: Track, evaluations: number, watches: Watches): PolicyCosts {
  const { spec } = track;
  const exprs: Expr[] = isRule(track)
    ? [
        track.spec.when.expr,
        ...(track.spec.if === undefined ? [] : [track.spec.if.expr]),
        ...track.spec.calls.flatMap((call) => Object.values(call.args).map((arg) => arg.expr)),
      ]
    : track.spec.features.map((feature) => feature.expr);
  const ids = new Set<number>();
  for (const expr of exprs) collectWatches(expr, (watch) => ids.add(watches.id(watch)));
  const nodes = exprs.reduce((sum, expr) => sum + countParts(expr), 0);
  const watched = [...ids].reduce((sum, id) => sum + watches.bytes(id), 0);
  return {
    id: spec.id,
    fired: track.fired,
    ...(track.lastFiredWall === undefined ? {} : { lastFired: track.lastFiredWall }),
    evaluations,
    cpuMs: track.cpuMs,
    memoryBytes: POLICY_BYTES + NODE_BYTES * nodes + watched,
  };
}
