import type { HouseProblem } from '../../runtime/contract/house.ts';

/** What is wrong with parts of the house, by place; the latest of each place, at most `limit` places. */
export class Problems {
  readonly #limit: number;
  readonly #problems = new Map<string, HouseProblem>();
  readonly #onAdded: ((problem: HouseProblem) => void) | undefined;
  dropped = 0;

  constructor(limit = 200, onAdded?: (problem: HouseProblem) => void) {
    this.#limit = limit;
    this.#onAdded = onAdded;
  }

  /** True if it was not known already. */
  add(where: string, message: string): boolean {
    if (this.#problems.get(where)?.message === message) return false;
    if (!this.#problems.has(where) && this.#problems.size >= this.#limit) {
      this.dropped++;
      return false;
    }
    const problem = { where: where.slice(0, 200), message: message.slice(0, 1000) };
    this.#problems.set(where, problem);
    this.#onAdded?.(problem);
    return true;
  }

  clear(where: string): void {
    this.#problems.delete(where);
  }

  list(): readonly HouseProblem[] {
    return [...this.#problems.values()];
  }
}
