import type { HouseProblem } from '../../runtime/contract/house.ts';

/** What is wrong with parts of the house, by place; the latest of each place, at most `limit` places. */
export class Problems {
  readonly #limit: number;
  readonly #problems = new Map<string, HouseProblem>();
  dropped = 0;

  constructor(limit = 200) {
    this.#limit = limit;
  }

  /** True if it was not known already. */
  add(where: string, message: string): boolean {
    if (this.#problems.get(where)?.message === message) return false;
    if (!this.#problems.has(where) && this.#problems.size >= this.#limit) {
      this.dropped++;
      return false;
    }
    this.#problems.set(where, { where: where.slice(0, 200), message: message.slice(0, 1000) });
    return true;
  }

  clear(where: string): void {
    this.#problems.delete(where);
  }

  list(): readonly HouseProblem[] {
    return [...this.#problems.values()];
  }
}
