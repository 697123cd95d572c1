import type { Area } from '../../../runtime/contract/house.ts';
import type { EntityId } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { Meant } from './meant.ts';

export const TASKS = ['request', 'refusal', 'question', 'event', 'rule'] as const;
export type Task = (typeof TASKS)[number];

/** What is known when an event is looked at. */
export type KnownFact =
  | { readonly type: 'property'; readonly entity: EntityId; readonly property: string; readonly value: Value }
  | { readonly type: 'clock'; readonly minutes: number; readonly weekend: boolean };

/** A made-up text and what it means in its home. */
export interface Example {
  readonly task: Task;
  /** As a person would type it; for an event the house's guidance. */
  readonly text: string;
  readonly meant: Meant;
  /** Of an event: first what changed. */
  readonly facts: readonly KnownFact[];
  readonly here?: Area;
}
