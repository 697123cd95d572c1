import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { Expr } from '../expression.ts';
import type { Now } from '../firing.ts';
import type { CronTimes } from './cron.ts';

/** What a condition can ask that the present state alone does not say: what came before, and what the clock brings. */
export type WatchSpec =
  | { readonly kind: 'changed'; readonly key: PropertyKey }
  | { readonly kind: 'rose' | 'fell'; readonly key: PropertyKey; readonly by: number; readonly ms?: number }
  | { readonly kind: 'mean' | 'min' | 'max'; readonly key: PropertyKey; readonly ms: number }
  | { readonly kind: 'count'; readonly of: Expr; readonly ms: number }
  | { readonly kind: 'sequence'; readonly steps: readonly Expr[]; readonly ms: number }
  | { readonly kind: 'cron'; readonly text: string; readonly times: CronTimes }
  | { readonly kind: 'sunrise' | 'sunset'; readonly offsetMs: number }
  | { readonly kind: 'elevation' | 'azimuth' };

/**
 * A watch while it runs. Several conditions that ask the same share one.
 *
 * begin (a silent baseline) → look when a slot or watch it reads has changed, elapse when it is due, clockSet when the
 * wall clock was set, rest after every batch in which it was a pulse.
 */
export interface Watch {
  /** Properties whose change concerns it, as slots. */
  readonly slots: readonly number[];
  /** Watches inside of it; they have smaller numbers. */
  readonly inner: readonly number[];
  /** What conditions see; undefined is unknown. */
  readonly value: Value | undefined;
  /** When time alone will change it, monotonic ms; Infinity if it will not. */
  readonly due: number;
  begin(now: Now): void;
  look(now: Now, silent: boolean): void;
  elapse(now: Now): void;
  /** The wall clock says something else than before; only schedules care. */
  clockSet?(now: Now): void;
  /** The batch is over: a pulse, which is true for one moment only, ends. */
  rest?(): void;
  /** Memory it keeps, bytes. */
  readonly bytes: number;
  /** Moments that passed without anyone being able to act on them; a schedule's alone. */
  readonly missed?: readonly number[];
}

/** Whether it is true for one moment only. */
export function isPulse(spec: WatchSpec): boolean {
  switch (spec.kind) {
    case 'changed':
    case 'sequence':
    case 'cron':
    case 'sunrise':
    case 'sunset':
      return true;
    case 'rose':
    case 'fell':
      return spec.ms === undefined;
    case 'mean':
    case 'min':
    case 'max':
    case 'count':
    case 'elevation':
    case 'azimuth':
      return false;
  }
}

/** Whether it hangs on the wall clock. */
export function isSchedule(spec: WatchSpec): boolean {
  return ['cron', 'sunrise', 'sunset', 'elevation', 'azimuth'].includes(spec.kind);
}
