import type { EntityId, PropertyKey } from '../../runtime/contract/ids.ts';
import { entityOf } from '../../runtime/contract/ids.ts';

/** What the store knows of an entity as a whole. */
export interface EntitySlots {
  readonly slots: number[];
  available: boolean;
  /** Maximum age of its properties, ms; undefined: the store's default. */
  maxAgeMs: number | undefined;
}

/** Hands out slots: property key ↔ small integer, and which slots an entity has. Slots are never taken back. */
export class SlotTable {
  readonly #slots = new Map<string, number>();
  readonly #keys: PropertyKey[] = [];
  readonly #entities = new Map<EntityId, EntitySlots>();
  /** The entity of each slot. */
  readonly #owners: EntitySlots[] = [];

  get size(): number {
    return this.#keys.length;
  }

  find(key: PropertyKey): number | undefined {
    return this.#slots.get(key);
  }

  add(key: PropertyKey): number {
    const slot = this.#keys.length;
    const owner = this.entityEntry(entityOf(key));
    this.#slots.set(key, slot);
    this.#keys.push(key);
    this.#owners.push(owner);
    owner.slots.push(slot);
    return slot;
  }

  key(slot: number): PropertyKey | undefined {
    return this.#keys[slot];
  }

  owner(slot: number): EntitySlots {
    return this.#owners[slot]!;
  }

  findEntity(id: EntityId): EntitySlots | undefined {
    return this.#entities.get(id);
  }

  entityEntry(id: EntityId): EntitySlots {
    let entry = this.#entities.get(id);
    if (entry === undefined) {
      entry = { slots: [], available: true, maxAgeMs: undefined };
      this.#entities.set(id, entry);
    }
    return entry;
  }

  entities(): Iterable<[EntityId, EntitySlots]> {
    return this.#entities;
  }
}
