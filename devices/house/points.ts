import type { Point } from '../../runtime/contract/house.ts';
import type { Problems } from './problems.ts';

/** The points of the house by who announced them, so that an announcement can be taken back. Bounded. */
export class PointTable {
  readonly #byOwner = new Map<string, readonly Point[]>();
  readonly #limit: number;
  readonly #problems: Problems;
  #count = 0;
  version = 0;
  dropped = 0;

  constructor(limit: number, problems: Problems) {
    this.#limit = limit;
    this.#problems = problems;
  }

  set(owner: string, points: readonly Point[]): void {
    const old = this.#byOwner.get(owner) ?? [];
    if (this.#count - old.length + points.length > this.#limit) {
      this.dropped += points.length;
      this.#problems.add(
        'points',
        `Expected at most ${this.#limit} points but received more; ${owner} is left out.`,
      );
      return;
    }
    this.#count += points.length - old.length;
    if (points.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, points);
    this.version++;
  }

  *all(): Iterable<Point> {
    for (const points of this.#byOwner.values()) yield* points;
  }
}
