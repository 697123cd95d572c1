import type { MonoMs } from '../../runtime/contract/time.ts';
import type { Learner } from './arms.ts';
import type { Random } from './distributions.ts';
import { doublyRobust, type Estimate, inversePropensity, type LoggedChoice } from './off-policy.ts';
import { isQuiet, type QuietHours } from './quiet-hours.ts';

export interface BanditAction {
  /** As the policy lists it. */
  readonly label: string;
  /** May be taken to find out what it is worth. */
  readonly safe: boolean;
}

export interface BanditOptions {
  /** All actions of the policy; the first is what is done without a bandit. */
  readonly actions: readonly BanditAction[];
  readonly learner: Learner;
  readonly random: Random;
  /** Share of decisions, outside quiet hours, in which a safe action is drawn by chance: what later judgement rests on. */
  readonly tryShare: number;
  readonly quiet: readonly QuietHours[];
  /** How long a reward is waited for, ms; no news by then is a reward of 0. */
  readonly patienceMs: number;
  /** Decisions waiting for their reward, and such as are logged for judgement; the oldest go first. */
  readonly capacity: number;
}

export interface BanditChoice {
  readonly label: string;
  readonly action: number;
  /** Probability with which it was taken. */
  readonly propensity: number;
  readonly explored: boolean;
  readonly explanation: string;
}

export interface BanditJudgement {
  /** Of what the learner would do, by both estimates; of what is done without it; and how much more the first brings. */
  readonly learned: Estimate;
  readonly byPropensity: Estimate;
  readonly usual: Estimate;
  readonly advantage: Estimate;
  readonly good: boolean;
  /** A sentence. */
  readonly text: string;
}

export interface BanditStats {
  readonly choices: number;
  readonly explored: number;
  readonly rewards: number;
  /** Feedback for decisions that are not waiting for any: unknown, answered, or too old. */
  readonly late: number;
  /** Decisions whose time ran out. */
  readonly silent: number;
  readonly waiting: number;
}

/** A choice of an earlier run. */
export interface PastChoice {
  readonly decision: string;
  readonly row: Float64Array;
  /** As the policy lists it, and what was admissible then. */
  readonly label: string;
  readonly admissible: readonly string[];
  readonly propensity: number;
  readonly at: MonoMs;
}

interface Waiting {
  readonly row: Float64Array;
  readonly action: number;
  readonly admissible: readonly number[];
  readonly propensity: number;
  readonly at: MonoMs;
}

/** Of a decision, feedback that people gave outweighs what was read from their doing. */
const IMPLIED_SCALE = 0.5;
/** Draws of the learner that a try is weighed by. */
const DRAWS = 16;
/** Below this nothing is judged. */
const LEAST_LOGGED = 100;
const LEAST_EFFECTIVE = 30;

/**
 * Chooses among actions that are equally admissible by what they brought before. It takes an action that is not the best
 * known only if that is marked safe, outside quiet hours, and in `tryShare` of the decisions; until it is `live` it does
 * only that, and otherwise leaves the first admissible action as it is.
 */
export class Bandit {
  readonly #options: BanditOptions;
  readonly #indexOf: ReadonlyMap<string, number>;
  /** By decision, the oldest first. */
  readonly #waiting = new Map<string, Waiting>();
  #log: LoggedChoice[] = [];
  #live = false;
  readonly #stats = { choices: 0, explored: 0, rewards: 0, late: 0, silent: 0 };

  constructor(options: BanditOptions) {
    this.#options = options;
    this.#indexOf = new Map(options.actions.map(({ label }, i) => [label, i]));
  }

  get live(): boolean {
    return this.#live;
  }

  /**
   * @param admissible labels, those the rest of the ladder holds for equally good; the first is what is done by default
   * @param minuteOfDay local, 0–1439
   * @returns undefined if none of them is an action of the policy
   */
  choose(
    decision: string,
    row: Float64Array,
    admissible: readonly string[],
    { at, minuteOfDay }: { at: MonoMs; minuteOfDay: number },
  ): BanditChoice | undefined {
    const known = admissible.flatMap((label) => this.#indexOf.get(label) ?? []);
    const [first] = known;
    if (first === undefined) return undefined;
    this.expire(at);
    const best = this.#live ? this.#best(row, known) : first;
    const { actions, quiet, tryShare, random } = this.#options;
    const safe = isQuiet(quiet, minuteOfDay) ? [] : known.filter((action) => actions[action]!.safe);
    const others = safe.filter((action) => action !== best);
    const chances = others.length > 0 ? this.#chances(row, safe) : [];
    const tries = chances.length > 0 && random() < tryShare;
    const action = tries ? safe[draw(chances, random)]! : best;
    const explored = action !== best;
    const tried = tryShare * (chances[safe.indexOf(action)] ?? 0);
    const propensity = chances.length === 0 ? 1 : tried + (action === best ? 1 - tryShare : 0);
    this.#wait(decision, { row: row.slice(), action, admissible: known, propensity, at });
    this.#stats.choices++;
    if (explored) this.#stats.explored++;
    return {
      label: actions[action]!.label,
      action,
      propensity,
      explored,
      explanation: explored
        ? 'tried to find out what it is worth'
        : this.#live
          ? `has been worth ${this.#options.learner.expect(row, [action])[0]!.toFixed(2)} on average`
          : 'as without learning',
    };
  }

  /** A judgement on a decision, −1 … 1. The first one counts; explicit feedback fully, implied feedback half. */
  reward(decision: string, reward: number, source: 'explicit' | 'implied', at: MonoMs): boolean {
    this.expire(at);
    const waiting = this.#waiting.get(decision);
    if (waiting === undefined || !Number.isFinite(reward)) {
      this.#stats.late++;
      return false;
    }
    this.#waiting.delete(decision);
    this.#stats.rewards++;
    this.#learn(waiting, scaled(reward, source));
    return true;
  }

  /**
   * Takes up a choice of an earlier run, the oldest first: it waits on for its reward, or is learned from.
   * @param reward what it brought, where that is known or the wait is over
   */
  recall(
    past: PastChoice,
    reward: { readonly value: number; readonly source: 'explicit' | 'implied' } | undefined,
  ): void {
    const { row, propensity, at } = past;
    const action = this.#indexOf.get(past.label);
    const admissible = past.admissible.flatMap((label) => this.#indexOf.get(label) ?? []);
    // The policy may list other actions now.
    if (action === undefined || !admissible.includes(action) || !(propensity > 0)) return;
    const waiting: Waiting = { row, action, admissible, propensity, at };
    if (reward === undefined) this.#wait(past.decision, waiting);
    else this.#learn(waiting, scaled(reward.value, reward.source));
  }

  /** Decisions nobody said anything about in time were all right, no more: a reward of 0. */
  expire(at: MonoMs): void {
    for (const [decision, waiting] of this.#waiting) {
      if (at - waiting.at < this.#options.patienceMs) break;
      this.#waiting.delete(decision);
      this.#stats.silent++;
      this.#learn(waiting, 0);
    }
  }

  /**
   * Whether what has been learned would have brought more than what is done without it, by the logged decisions: the
   * advantage less two standard errors is above 0. Goes live only by `goLive`.
   */
  judge(): BanditJudgement {
    const { learner, capacity } = this.#options;
    const log = this.#log.slice(-capacity);
    const model = (row: Float64Array, action: number): number => learner.expect(row, [action])[0]!;
    const chosen = (row: Float64Array, admissible: readonly number[]): number[] => {
      const best = this.#best(row, admissible);
      return admissible.map((action) => (action === best ? 1 : 0));
    };
    const first = (_row: Float64Array, admissible: readonly number[]): number[] =>
      admissible.map((_, i) => (i === 0 ? 1 : 0));
    const learned = doublyRobust(log, chosen, model);
    const usual = doublyRobust(log, first, model);
    // The estimate is linear in the chances, so the difference is estimated row by row, where most of the noise cancels.
    const more = (row: Float64Array, admissible: readonly number[]): number[] =>
      chosen(row, admissible).map((chance, i) => chance - (i === 0 ? 1 : 0));
    const advantage = doublyRobust(log, more, model);
    const enough = log.length >= LEAST_LOGGED && learned.effective >= LEAST_EFFECTIVE;
    const margin = 2 * advantage.standardError;
    const text = enough
      ? `What has been learned would have brought ${learned.value.toFixed(3)} where ${usual.value.toFixed(3)} was usual: ${advantage.value.toFixed(3)} ± ${margin.toFixed(3)} more.`
      : `Too few of ${log.length} logged decisions did what has been learned (${learned.effective.toFixed(0)}); let it try more.`;
    const good = enough && advantage.value > margin;
    return { learned, byPropensity: inversePropensity(log, chosen), usual, advantage, good, text };
  }

  /** Acts on what has been learned from now on, if `judge` finds it good. Returns whether it does. */
  goLive(): boolean {
    this.#live ||= this.judge().good;
    return this.#live;
  }

  goBack(): void {
    this.#live = false;
  }

  /** What each action has been worth so far by what was learned, −1 … 1, in the order of the actions. */
  worth(row: Float64Array): number[] {
    return this.#options.learner.expect(
      row,
      this.#options.actions.map((_, i) => i),
    );
  }

  stats(): BanditStats {
    return { ...this.#stats, waiting: this.#waiting.size };
  }

  #best(row: Float64Array, known: readonly number[]): number {
    const worth = this.#options.learner.expect(row, known);
    return known[worth.indexOf(Math.max(...worth))]!;
  }

  /**
   * How likely each safe action is to be tried: half evenly, so that each has a chance that judgement can rest on, half as
   * the learner favours them in some draws. Tried is by these very chances, so they are exact whatever the learner is.
   */
  #chances(row: Float64Array, safe: readonly number[]): number[] {
    const wins = safe.map(() => 0);
    for (let i = 0; i < DRAWS; i++) {
      const scores = this.#options.learner.explore(row, safe);
      wins[scores.indexOf(Math.max(...scores))]! += 1 / DRAWS;
    }
    return wins.map((share) => 0.5 / safe.length + 0.5 * share);
  }

  #wait(decision: string, waiting: Waiting): void {
    this.#waiting.delete(decision);
    this.#waiting.set(decision, waiting);
    if (this.#waiting.size <= this.#options.capacity) return;
    const [oldest] = this.#waiting.keys();
    this.#waiting.delete(oldest!);
    this.#stats.silent++;
  }

  #learn({ row, action, admissible, propensity }: Waiting, reward: number): void {
    this.#options.learner.learn(row, action, reward);
    this.#log.push({ row, action, admissible, propensity, reward });
    if (this.#log.length > 2 * this.#options.capacity) this.#log = this.#log.slice(-this.#options.capacity);
  }
}

function scaled(reward: number, source: 'explicit' | 'implied'): number {
  const bounded = Math.max(-1, Math.min(1, reward));
  return source === 'implied' ? bounded * IMPLIED_SCALE : bounded;
}

/** An index by chances that sum to 1. */
function draw(chances: readonly number[], random: Random): number {
  let rest = random();
  for (const [i, chance] of chances.entries()) {
    rest -= chance;
    if (rest < 0) return i;
  }
  return chances.length - 1;
}
