import type { Call } from '../contract/action.ts';
import type { Refusal } from '../contract/decision.ts';
import type { EntityId } from '../contract/ids.ts';
import type { PolicyMode, PolicyProblem } from '../../policies/index.ts';

/** What policies would have done in a stretch of the past. All times are wall clock, ms. */
export interface ReplayResult {
  readonly fromMs: number;
  readonly toMs: number;
  /** Readings that were replayed; those of properties nobody looks at are left out. */
  readonly readings: number;
  /** Entities of which something was known. */
  readonly entities: number;
  /** What the replay took, ms. */
  readonly tookMs: number;
  readonly policies: readonly PolicyReplay[];
  /** At most 100, oldest first. */
  readonly conflicts: readonly ReplayConflict[];
  readonly conflictCount: number;
  /** What keeps policies from running, and warnings. */
  readonly problems: readonly PolicyProblem[];
  /** Whether there was a record of what was really decided to compare with. */
  readonly compared: boolean;
}

/** What one policy would have done. */
export interface PolicyReplay {
  readonly id: string;
  readonly type: 'rule' | 'decide' | 'veto';
  readonly mode: PolicyMode;
  readonly summary: string;
  /** How often it would have fired. A `decide` policy would have asked its rungs so often; what they would have said is not known. */
  readonly fired: number;
  readonly firstMs?: number;
  readonly lastMs?: number;
  /** Days of the site's time zone on which it would have fired, oldest first. */
  readonly days: readonly { readonly day: string; readonly fired: number }[];
  /** What it would have called, most often first. */
  readonly calls: readonly CallCount[];
  /** Calls that would have been stopped: by a veto, by `limits`, or because the device does not take them. */
  readonly refusals: readonly RefusalCount[];
  /** Times its trigger came true and it did not fire, by the reason. */
  readonly held: readonly { readonly reason: string; readonly count: number; readonly lastMs: number }[];
  /** The first ones, oldest first. */
  readonly examples: readonly ReplayFiring[];
  /** Compared with what was really decided; absent where nobody kept it. */
  readonly real?: RealDecisions;
}

export interface CallCount {
  readonly entity: EntityId;
  readonly command: string;
  readonly count: number;
  /** Those that nothing and nobody would have stopped. */
  readonly carriedOut: number;
  /** Those that would have waited for a person. */
  readonly approval: number;
}

export interface RefusalCount {
  readonly code: Refusal['code'];
  readonly call: string;
  /** The sentence for the first of them. */
  readonly reason: string;
  readonly count: number;
  readonly firstMs: number;
}

export interface ReplayFiring {
  readonly policy: string;
  readonly atMs: number;
  readonly explanation: string;
  readonly calls: readonly Call[];
  readonly refused: readonly Refusal[];
  /** Whether a person would have been asked first. */
  readonly approval: boolean;
}

/** Two policies that pull one entity to and fro. */
export interface ReplayConflict {
  readonly entity: EntityId;
  readonly first: { readonly policy: string; readonly atMs: number; readonly call: string };
  readonly second: { readonly policy: string; readonly atMs: number; readonly call: string };
  /** `opposite`: the second undoes the first. `overridden`: both at one moment; the second gave way. */
  readonly kind: 'opposite' | 'overridden';
}

export interface RealDecisions {
  /** Decisions of this policy in that time. */
  readonly decisions: number;
  /** Those the replay has too, within the tolerance. */
  readonly same: number;
  /** Firings of the replay that did not happen, and decisions that the replay does not have; the first 20 of each. */
  readonly onlyReplayed: readonly number[];
  readonly onlyReal: readonly number[];
}
