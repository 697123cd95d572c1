import type { EntityId, PropertyKey } from './ids.ts';
import type { Value } from './reading.ts';
import type { WallMs } from './time.ts';

/** `unknown`: never seen. `stale`: older than its property allows. `unavailable`: its device cannot be reached. */
export type Standing = 'unknown' | 'known' | 'stale' | 'unavailable';

/** The latest of one property. `value` stays what it last was while stale or unavailable; undefined while unknown. */
export interface PropertyState {
  readonly value: Value | undefined;
  readonly unit?: string;
  readonly standing: Standing;
  readonly at: WallMs;
}

/**
 * The fused picture of the place, read-only.
 *
 * A property has a slot, a small integer that never changes while the process lives, so that compiled rules read
 * by index. Slots are handed out on first use, also for properties that have not been seen yet.
 */
export interface StateView {
  /** Grows by one with every change. */
  readonly version: number;
  slot(key: PropertyKey): number;
  key(slot: number): PropertyKey;
  /** The value while it is known, else undefined (unknown, stale or unavailable). Allocates nothing. */
  current(slot: number): Value | undefined;
  standing(slot: number): Standing;
  get(key: PropertyKey): PropertyState;
  /** Every property of an entity that was ever seen. */
  entity(id: EntityId): Readonly<Record<string, PropertyState>>;
  entities(): Iterable<EntityId>;
}

/** The shape of `state:` in house.yaml and of `ask --state FILE`. */
export type StateSnapshot = Readonly<Record<EntityId, Readonly<Record<string, Value>>>>;

/** The numeric features of one decision. Missing values are NaN; text and booleans are encoded as `names` say. */
export interface Frame {
  readonly names: readonly string[];
  /** (names.length) */
  readonly values: Float64Array;
  readonly stateVersion: number;
}
