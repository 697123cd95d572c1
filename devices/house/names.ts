import type { EntityId } from '../../runtime/contract/ids.ts';
import { isEntityId } from '../../runtime/contract/ids.ts';
import { array } from './json.ts';

/**
 * Which entity id belongs to which part of which device, for good: an id that was handed out stays with its owner
 * while the device is away, renamed or announced anew. Bounded: when full, ids of absent owners are given up, oldest
 * first.
 */
export class NameBook {
  readonly #limit: number;
  /** In the order they were handed out. */
  readonly #ids = new Map<string, EntityId>();
  readonly #owners = new Map<EntityId, string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The owner's id: the one it had, else `wish`, else `wish_2`, `wish_3`, … Undefined when there is no room. */
  claim(owner: string, wish: EntityId, inUse: (id: EntityId) => boolean): EntityId | undefined {
    const had = this.#ids.get(owner);
    if (had !== undefined) return had;
    if (this.#ids.size >= this.#limit && !this.#giveUp(inUse)) return undefined;
    let id = wish;
    for (let n = 2; this.#owners.has(id); n++) id = `${wish}_${n}`;
    this.#set(owner, id);
    return id;
  }

  /** Binds an id to an owner whatever was before: house.yaml says so. */
  bind(owner: string, id: EntityId): void {
    const had = this.#ids.get(owner);
    if (had === id) return;
    if (had !== undefined) this.#owners.delete(had);
    const other = this.#owners.get(id);
    if (other !== undefined) this.#ids.delete(other);
    this.#set(owner, id);
  }

  /** The same id under another owner key: a guessed device that a hub has now announced. */
  move(from: string, to: string): void {
    const id = this.#ids.get(from);
    if (id === undefined || this.#ids.has(to)) return;
    this.#ids.delete(from);
    this.#set(to, id);
  }

  /** Gives an id up for good: it was guessed, and wrong. */
  release(owner: string): void {
    const id = this.#ids.get(owner);
    if (id === undefined) return;
    this.#ids.delete(owner);
    this.#owners.delete(id);
  }

  get size(): number {
    return this.#ids.size;
  }

  save(): unknown {
    return [...this.#ids];
  }

  load(saved: unknown): void {
    for (const pair of array(saved).slice(0, this.#limit)) {
      const [owner, id] = array(pair);
      if (typeof owner !== 'string' || typeof id !== 'string' || !isEntityId(id)) continue;
      if (!this.#ids.has(owner) && !this.#owners.has(id)) this.#set(owner, id);
    }
  }

  #set(owner: string, id: EntityId): void {
    this.#ids.set(owner, id);
    this.#owners.set(id, owner);
  }

  #giveUp(inUse: (id: EntityId) => boolean): boolean {
    for (const [owner, id] of this.#ids) {
      if (inUse(id)) continue;
      this.#ids.delete(owner);
      this.#owners.delete(id);
      return true;
    }
    return false;
  }
}
