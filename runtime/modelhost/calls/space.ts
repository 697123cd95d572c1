import type { Entity } from '../../contract/house.ts';
import type { EntityId } from '../../contract/ids.ts';
import type { CallSpace } from '../../contract/rung.ts';

/** What may be called, with the pointers that stand for its entities. */
export interface PointedSpace {
  /** Likeliest first, without those that take no command that can be written. */
  readonly entities: readonly Pointed[];
  readonly maxCalls: number;
}

export interface Pointed {
  /** 3 for `e3`. */
  readonly pointer: number;
  readonly entity: Entity;
}

export function pointed(space: CallSpace, pointerOf: (id: EntityId) => number): PointedSpace {
  const entities = space.entities.map((entity) => ({ pointer: pointerOf(entity.id), entity }));
  return { entities, maxCalls: space.maxCalls };
}
