import { Bandit, GaussianThompson, LinUcb, type Learner } from '../../policies/index.ts';
import type { DecideSpec, ExploreSpec } from '../../policies/index.ts';
import type { Feedback } from '../contract/action.ts';
import type { DecisionRecord } from '../contract/api.ts';
import type { ExploringReport } from '../contract/learning.ts';
import type { Clock, MonoMs } from '../contract/time.ts';
import type { Proposal } from '../decide.ts';
import { newId } from '../lib/id.ts';
import { minuteOfDay } from './minute-of-day.ts';
import { percent } from './words.ts';

export interface ExplorerOptions {
  readonly spec: DecideSpec & { readonly explore: ExploreSpec };
  readonly timezone: string;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Choices that are learned from, and such as may wait for a judgement. */
const CAPACITY = 1000;

/**
 * Where a policy lists choices that are equally good, one of them is taken by what they were worth before; one that is
 * safe is tried now and then. All it knows is rebuilt from the decisions in the journal and what was said about them.
 */
export class Explorer {
  readonly spec: DecideSpec;
  readonly #explore: ExploreSpec;
  readonly #options: ExplorerOptions;
  readonly #bandit: Bandit;
  /** The features of the last choice: what a choice is worth may hang on them. */
  #row: Float64Array;

  constructor(options: ExplorerOptions) {
    const { spec, random } = options;
    const { explore } = spec;
    const { among, safe, share, quiet, patienceMs, by } = explore;
    this.spec = spec;
    this.#explore = explore;
    this.#options = options;
    this.#row = new Float64Array(spec.features.length);
    const learner: Learner =
      by === 'features'
        ? new LinUcb(among.length, spec.features.length)
        : new GaussianThompson(among.length, random);
    this.#bandit = new Bandit({
      actions: among.map((label) => ({ label, safe: safe.includes(label) })),
      learner,
      random,
      tryShare: share,
      quiet,
      patienceMs,
      capacity: CAPACITY,
    });
  }

  /** Decisions read back at a start. */
  static readonly capacity = CAPACITY;

  /**
   * @param records of this policy, oldest first
   * @param live whether it was acted upon before
   * @returns why it is not any more, or undefined
   */
  recall(records: readonly DecisionRecord[], live: boolean): string | undefined {
    const { clock } = this.#options;
    const { patienceMs } = this.#explore;
    const wall = clock.wall();
    for (const { decision, feedback } of records) {
      const { sample, id } = decision;
      if (sample?.choice === undefined || sample.propensity === undefined) continue;
      if (sample.features.length !== this.spec.features.length) continue;
      const ageMs = wall - decision.at;
      const first = feedback.filter(isHeard).find(({ at }) => at - decision.at < patienceMs);
      const silent = ageMs < patienceMs && ageMs >= 0 ? undefined : SILENT;
      this.#bandit.recall(
        {
          decision: id,
          row: Float64Array.from(sample.features, (value) => value ?? Number.NaN),
          label: sample.choice,
          admissible: sample.admissible ?? [sample.choice],
          propensity: sample.propensity,
          at: (clock.mono() - Math.max(0, ageMs)) as MonoMs,
        },
        first === undefined ? silent : { value: first.reward, source: first.source },
      );
    }
    return live ? this.setLive(true) : undefined;
  }

  /** The proposal with the choice that experience prefers, or that is tried; the same where there is nothing to choose. */
  refine(proposal: Proposal): Proposal {
    const { sample } = proposal;
    const usual = sample?.choice;
    const { among, quiet } = this.#explore;
    if (sample === undefined || usual === undefined || !among.includes(usual)) return proposal;
    const { clock, timezone } = this.#options;
    const at = clock.wall();
    const minute = minuteOfDay(at, timezone);
    const id = newId(at);
    const row = Float64Array.from(sample.features, (value) => value ?? Number.NaN);
    this.#row = row;
    // A clock that is not set says nothing about quiet hours: then all of them are.
    const admissible = minute === undefined && quiet.length > 0 ? [usual] : rotated(among, usual);
    const when = { at: clock.mono(), minuteOfDay: minute ?? 0 };
    const choice = this.#bandit.choose(id, row, admissible, when);
    const taken = this.spec.choices.find(({ label }) => label === choice?.label);
    if (choice === undefined || taken === undefined) return proposal;
    const chance = choice.propensity < 1 ? `, at a chance of ${percent(choice.propensity)}` : '';
    const why =
      choice.label === usual
        ? ''
        : `; of equally good choices ${choice.label} instead of ${usual}: ${choice.explanation}${chance}`;
    return {
      ...proposal,
      id,
      calls: taken.calls,
      explanation: `${proposal.explanation}${why}`,
      sample: { ...sample, choice: choice.label, propensity: choice.propensity, admissible },
    };
  }

  reward(feedback: Feedback): void {
    if (!isHeard(feedback)) return;
    const { decision, reward, source } = feedback;
    this.#bandit.reward(decision, reward, source, this.#options.clock.mono());
  }

  get live(): boolean {
    return this.#bandit.live;
  }

  /** @returns why it does not go live, or undefined */
  setLive(live: boolean): string | undefined {
    if (!live) {
      this.#bandit.goBack();
      return undefined;
    }
    return this.#bandit.goLive() ? undefined : this.#bandit.judge().text;
  }

  report(): ExploringReport {
    const bandit = this.#bandit;
    bandit.expire(this.#options.clock.mono());
    const { choices, explored, rewards, silent, waiting } = bandit.stats();
    const { good, text, learned, byPropensity, usual, advantage } = bandit.judge();
    const { among, safe } = this.#explore;
    const worth = bandit.worth(this.#row);
    return {
      live: bandit.live,
      actions: among.map((label, i) => ({ label, safe: safe.includes(label), worth: worth[i] ?? 0 })),
      choices,
      explored,
      rewards,
      silent,
      waiting,
      judgement: {
        good,
        text,
        doublyRobust: known(learned.value),
        inversePropensity: known(byPropensity.value),
        usual: known(usual.value),
        advantage: known(advantage.value),
        standardError: known(advantage.standardError),
      },
    };
  }
}

/** Nobody said anything in time: it was all right, no more. */
const SILENT = { value: 0, source: 'explicit' } as const;

/** What nobody signed is no judgement. */
function isHeard(feedback: Feedback): feedback is Feedback & { readonly source: 'explicit' | 'implied' } {
  return feedback.source !== 'unsigned';
}

/** What would be done without learning comes first. */
function rotated(labels: readonly string[], first: string): string[] {
  return [first, ...labels.filter((label) => label !== first)];
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
