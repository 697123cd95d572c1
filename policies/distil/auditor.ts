import type { WallMs } from '../../runtime/contract/time.ts';

const DAY_MS = 86_400_000;

/** Why a decision of the tree is also asked of the teacher: by chance, or because the day has had too few. */
export type Audit = 'chance' | 'quota';

export interface AuditState {
  readonly dayStart: number;
  readonly today: number;
}

/** Chooses which decisions of a tree its teacher checks. Chance and time are handed in. */
export class Auditor {
  readonly #random: () => number;
  readonly #perDay: number;
  #dayStart: number;
  #today: number;

  constructor(options: { random: () => number; perDay: number; state?: AuditState }) {
    this.#random = options.random;
    this.#perDay = options.perDay;
    this.#dayStart = options.state?.dayStart ?? Number.NEGATIVE_INFINITY;
    this.#today = options.state?.today ?? 0;
  }

  get state(): AuditState {
    return { dayStart: Number.isFinite(this.#dayStart) ? this.#dayStart : 0, today: this.#today };
  }

  /**
   * @param share of all decisions, 0–1
   * @returns undefined: not this one
   */
  pick(at: WallMs, share: number): Audit | undefined {
    // A clock that was set back, or forward by a day, starts a new day.
    if (!(at >= this.#dayStart && at < this.#dayStart + DAY_MS)) {
      this.#dayStart = at;
      this.#today = 0;
    }
    const byChance = this.#random() < share;
    const due = Math.floor((this.#perDay * (at - this.#dayStart)) / DAY_MS) + 1;
    const behind = this.#today < Math.min(due, this.#perDay);
    if (!byChance && !behind) return undefined;
    this.#today++;
    return byChance ? 'chance' : 'quota';
  }
}
