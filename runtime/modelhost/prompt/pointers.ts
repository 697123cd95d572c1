import type { House } from '../../contract/house.ts';
import type { EntityId } from '../../contract/ids.ts';

/** So many entities that are gone keep their number, should they come back. */
const KEPT = 200;

/**
 * The numbers by which prompts name entities: `e3`. An entity keeps its number while the house changes around it, so
 * that the prompt changes only where the house did. New ones take the lowest number that is free, in the order of
 * their ids: a house that is read anew gets the same numbers.
 */
export class Pointers {
  readonly #numbers = new Map<EntityId, number>();
  readonly #taken = new Set<number>();
  #house: House | undefined;
  #version = -1;

  /** Brings the numbers up to date with the house. Costs nothing while it stays the same. */
  follow(house: House): this {
    if (this.#house === house && this.#version === house.version) return this;
    this.#house = house;
    this.#version = house.version;
    const ids = [...house.entities()].map(({ id }) => id).toSorted();
    this.#forget(new Set(ids));
    for (const id of ids) this.of(id);
    return this;
  }

  /** 1 or more. */
  of(id: EntityId): number {
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = 1;
      while (this.#taken.has(number)) number++;
      this.#numbers.set(id, number);
      this.#taken.add(number);
    }
    return number;
  }

  /** Those longest gone first: a map keeps the order things came in. */
  #forget(present: ReadonlySet<EntityId>): void {
    const gone = [...this.#numbers].filter(([id]) => !present.has(id));
    for (const [id, number] of gone.slice(0, Math.max(0, gone.length - KEPT))) {
      this.#numbers.delete(id);
      this.#taken.delete(number);
    }
  }
}
