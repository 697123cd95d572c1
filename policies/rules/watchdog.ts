import type { WallMs } from '../../runtime/contract/time.ts';
import { collectWatches, type Expr } from './expression.ts';
import { isRule, type Track } from './track.ts';
import type { Watches } from './watch/watches.ts';

/** A policy that should have fired and did not. */
export interface Overdue {
  readonly policy: string;
  readonly since: WallMs;
  readonly reason: string;
}

/**
 * What one policy should have done and did not: a scheduled time nobody was there for, and a trigger that came true and
 * led to nothing because something was unknown, out of range, or because it was paused. What its own conditions,
 * cooldown or a higher priority kept it from does not count: that is how it was meant.
 */
export function overdueOf(track: Track, watches: Watches): Overdue[] {
  const found: Overdue[] = [];
  const report = (since: number, reason: string): void =>
    void found.push({ policy: track.spec.id, since: since as WallMs, reason });
  const { blocked } = track;
  if (blocked !== undefined) report(blocked.at, blocked.reason);
  if (!isRule(track)) return found;
  const exprs: readonly Expr[] = [track.spec.when.expr];
  for (const expr of exprs) {
    collectWatches(expr, (watch) => {
      for (const moment of watches.missed(watches.id(watch))) {
        const time = `${new Date(moment).toISOString().slice(0, 19)}Z`;
        report(moment, `its time ${time} passed while the clock was wrong or the machine slept`);
      }
    });
  }
  return found;
}
