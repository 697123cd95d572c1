import type { Call } from '../../runtime/contract/action.ts';
import type { Trigger } from '../../runtime/contract/decision.ts';
import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { Frame } from '../../runtime/contract/state.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';

/** Both clocks at one moment. */
export interface Now {
  readonly wall: WallMs;
  readonly mono: MonoMs;
}

/** A policy that would have fired in the same batch but gave way. */
export interface Overridden {
  readonly policy: string;
  readonly reason: string;
}

interface FiringBase {
  readonly policy: string;
  readonly priority: number;
  readonly mode: 'auto' | 'suggest' | 'approve';
  /** Plain words with the values that led here. Put together when it is read: read it before the next change. */
  readonly explanation: string;
  /** Everything the policy reads, as it is; null where not known. */
  readonly inputs: Readonly<Record<PropertyKey, Value | null>>;
  readonly trigger: Trigger;
}

/** Not a plain object: take its parts one by one, a spread would lose them. */
export interface RuleFiring extends FiringBase {
  readonly type: 'rule';
  readonly calls: readonly Call[];
  /** Lower-priority rules that wanted the same entities. */
  readonly overrode: readonly Overridden[];
}

export interface DecideFiring extends FiringBase {
  readonly type: 'decide';
  /** Empty: which choice it is, the ladder finds out. */
  readonly calls: readonly [];
  readonly overrode: readonly [];
  readonly frame: Frame;
}

export type Firing = RuleFiring | DecideFiring;
