import type { EntityId } from './ids.ts';
import type { Value } from './reading.ts';
import type { WallMs } from './time.ts';

/** A command as policies and models propose it. A tool is called as entity `tool.<name>`, command `run`. */
export interface Call {
  readonly entity: EntityId;
  readonly command: string;
  readonly args: Readonly<Record<string, Value>>;
}

export interface Action extends Call {
  readonly id: string;
  readonly decision: string;
  /** Same key, same effect: a second action with it is refused. */
  readonly idempotencyKey: string;
  /** Not sent after this; one that is in flight is given up. */
  readonly deadline: WallMs;
  readonly repeat: 'safe' | 'never';
  readonly critical: boolean;
  /** The entity's properties before the action, those known: what compensation would restore. */
  readonly before: Readonly<Record<string, Value>>;
}

/**
 * `awaiting-approval` → `pending` → `sent` → one of the outcomes.
 * A `repeat: never` action is marked `sent` before it is published, a safe one after.
 */
export type ActionStage = 'awaiting-approval' | 'pending' | 'sent' | 'done';

export const OUTCOMES = ['confirmed', 'unconfirmed', 'failed', 'refused', 'expired', 'compensated'] as const;
export type OutcomeStatus = (typeof OUTCOMES)[number];

export interface Outcome {
  readonly action: string;
  readonly status: OutcomeStatus;
  readonly at: WallMs;
  /** From the decision to the outcome. */
  readonly latencyMs: number;
  readonly detail?: string;
  /** What a tool or webhook returned, as JSON of at most 4 KiB. */
  readonly result?: string;
}

export interface Feedback {
  readonly id: string;
  readonly decision: string;
  readonly at: WallMs;
  /** −1 … 1 */
  readonly reward: number;
  /**
   * `explicit`: a person's word. `implied`: somebody undid what was done; it certifies nothing, as MQTT does not say who
   * acted. `unsigned`: a rating over MQTT, which does not say who sent it; it is kept and teaches nothing.
   */
  readonly source: 'explicit' | 'implied' | 'unsigned';
  readonly note?: string;
  /** Which of the policy's choices would have been right, as written there. */
  readonly choice?: string;
}
