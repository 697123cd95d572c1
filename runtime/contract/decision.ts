import type { Action, Call } from './action.ts';
import type { PropertyKey } from './ids.ts';
import type { Reading } from './reading.ts';
import type { WallMs } from './time.ts';

/** The ladder, fastest first. `link` answers requests whose meaning is certain without a model. */
export const RUNGS = ['rule', 'link', 'tree', 'cache', 'onnx', 'llm', 'remote', 'abstain'] as const;
/** Custom rungs have names of their own. */
export type RungName = (typeof RUNGS)[number] | (string & {});

export interface Refusal {
  readonly call: Call;
  /** `not-allowed`, `out-of-range`, … are stable; `reason` is the sentence for people. */
  readonly code:
    | 'not-allowed'
    | 'unknown-entity'
    | 'unknown-command'
    | 'bad-argument'
    | 'out-of-range'
    | 'no-target'
    | 'journal-down'
    | 'queue-full'
    | 'vetoed';
  readonly reason: string;
}

export interface SkippedRung {
  readonly rung: RungName;
  readonly reason: string;
}

export interface TokenCounts {
  readonly cached: number;
  readonly prompt: number;
  readonly generated: number;
}

/** What set a decision off. A reading is stored with its decision, so that a restart knows it was dealt with. */
export type Trigger =
  | { readonly kind: 'reading'; readonly readings: readonly Reading[] }
  | { readonly kind: 'time' }
  | { readonly kind: 'request'; readonly text: string };

/** What a `decide` policy's decision was made of: to learn from it, and to judge what was learned. */
export interface Sample {
  /** The choice that was taken, as written in the policy; absent where nobody answered. */
  readonly choice?: string;
  /** In the order of the policy's features; null: missing. */
  readonly features: readonly (number | null)[];
  /** Where several choices were equally good: the probability with which this one was taken, and which they were. */
  readonly propensity?: number;
  readonly admissible?: readonly string[];
}

export interface Decision {
  readonly id: string;
  readonly at: WallMs;
  readonly rung: RungName;
  /** The rule or `decide` policy that asked; absent for requests in words. */
  readonly policy?: string;
  readonly trigger: Trigger;
  readonly actions: readonly Action[];
  readonly refused: readonly Refusal[];
  /** 0–1 */
  readonly confidence: number;
  readonly explanation: string;
  /** From the receipt of the trigger to the decision. */
  readonly latencyMs: number;
  readonly skipped: readonly SkippedRung[];
  readonly tokens?: TokenCounts;
  /** False: the journal could not store it (disk full or read-only). */
  readonly durable: boolean;
  /** The properties the decision looked at, as they were: for `explain`, caches and later training. */
  readonly inputs: Readonly<Record<PropertyKey, string | number | boolean | null>>;
  /** Of `decide` policies. */
  readonly sample?: Sample;
}
