import type { Lane } from '../../runtime/contract/engine.ts';
import type { Clock, Timer } from '../../runtime/contract/time.ts';
import { complaintsOf, type Complaint } from './complaints.ts';
import type { Vitals } from './vitals.ts';

export const GOVERNOR_LEVELS = ['normal', 'careful', 'minimal'] as const;
export type GovernorLevel = (typeof GOVERNOR_LEVELS)[number];

/** What may be done on a level. */
export interface Allowance {
  /** Lanes of the model host whose requests wait. */
  readonly heldLanes: readonly Lane[];
  /** Of the model's threads, 0–1; at least one always works. */
  readonly threadsFactor: number;
  /** Tokens per decode call at most; absent: as the model was set up. */
  readonly batchTokens?: number;
  /** Whether answers of trees and caches are still checked against the model beside the work. */
  readonly audits: boolean;
}

const ALLOWANCES: Readonly<Record<GovernorLevel, Allowance>> = {
  normal: { heldLanes: [], threadsFactor: 1, audits: true },
  careful: { heldLanes: ['background'], threadsFactor: 0.75, batchTokens: 128, audits: false },
  minimal: { heldLanes: ['background', 'event'], threadsFactor: 0.5, batchTokens: 32, audits: false },
};

export interface GovernorState {
  readonly level: GovernorLevel;
  /** Why, as one sentence without its full stop; empty on level normal. */
  readonly reason: string;
  /** What that means for the work, in words; empty on level normal. */
  readonly effect: string;
  readonly allowance: Allowance;
  /** Since when, monotonic ms. */
  readonly sinceMs: number;
}

export interface GovernorOptions {
  /** What the board says now; `lookAtVitals`. One that throws changes nothing. */
  readonly probe: () => Vitals;
  readonly clock: Clock;
  /** Told of every change of level, after it took effect. */
  readonly onChange: (state: GovernorState, before: GovernorLevel) => void;
  readonly times?: Partial<GovernorTimes>;
}

export interface GovernorTimes {
  /** Between two looks. */
  readonly pollMs: number;
  /** A level is kept at least so long before a lower one takes its place. */
  readonly dwellMs: number;
  /** And nothing may have spoken against the lower level for so long. */
  readonly calmMs: number;
}

/** Heat sinks cool in a minute or so: a shorter calm would swing to and fro with the model's own work. */
const DEFAULT_TIMES: GovernorTimes = { pollMs: 5000, dwellMs: 30_000, calmMs: 60_000 };

export interface Governor {
  readonly current: GovernorState;
  /** Whether requests of this lane are to wait. */
  holds(lane: Lane): boolean;
  /** Looks at once, and then every few seconds. */
  start(): void;
  stop(): void;
  readonly gauges: Readonly<Record<string, number>>;
}

/**
 * Lowers work while the board throttles, is hot or runs short of memory. It goes up at once and comes down one level at a
 * time, after a calm, and by thresholds that lie lower than those it went up by.
 * Construct → start → stop.
 */
export function createGovernor(options: GovernorOptions): Governor {
  return new PollingGovernor(options);
}

class PollingGovernor implements Governor {
  readonly #options: GovernorOptions;
  readonly #times: GovernorTimes;
  #state: GovernorState;
  /** When something last spoke against a lower level. */
  #uneasyMs = 0;
  #timer: Timer | undefined;
  #changes = 0;
  #failures = 0;
  #celsius: number | undefined;

  constructor(options: GovernorOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
    this.#state = stateOf('normal', [], 0);
  }

  get current(): GovernorState {
    return this.#state;
  }

  holds(lane: Lane): boolean {
    return this.#state.allowance.heldLanes.includes(lane);
  }

  get gauges(): Record<string, number> {
    return {
      governor_level: GOVERNOR_LEVELS.indexOf(this.#state.level),
      governor_changes: this.#changes,
      governor_failed_looks: this.#failures,
      ...(this.#celsius === undefined ? {} : { board_celsius: this.#celsius }),
    };
  }

  start(): void {
    this.#timer?.cancel();
    // Before the look: whoever is told of a change may stop the governor.
    this.#timer = this.#options.clock.schedule(this.#times.pollMs, () => this.start());
    this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    let vitals: Vitals;
    try {
      vitals = this.#options.probe();
    } catch {
      this.#failures++;
      return;
    }
    this.#celsius = vitals.thermal.celsius;
    const nowMs = this.#options.clock.mono();
    const level = rank(this.#state.level);
    const rising = complaintsOf(vitals, 'rising');
    const wanted = worst(rising);
    if (wanted > level) {
      this.#change(wanted, rising, nowMs);
      return;
    }
    if (level === 0) return;
    // What keeps the level is judged by the lower thresholds, so that it does not swing around one value.
    const falling = complaintsOf(vitals, 'falling');
    if (worst(falling) >= level) {
      this.#uneasyMs = nowMs;
      this.#state = stateOf(this.#state.level, falling, this.#state.sinceMs);
      return;
    }
    const dwelt = nowMs - this.#state.sinceMs >= this.#times.dwellMs;
    if (dwelt && nowMs - this.#uneasyMs >= this.#times.calmMs) this.#change(level - 1, falling, nowMs);
  }

  #change(to: number, complaints: readonly Complaint[], nowMs: number): void {
    const before = this.#state;
    const level = GOVERNOR_LEVELS[to] ?? 'normal';
    const state = stateOf(level, complaints, nowMs);
    // Halfway down nothing may complain any more: what was the matter explains the level between.
    const past = `recovering; last seen: ${before.reason}`;
    this.#state = level !== 'normal' && state.reason === '' ? { ...state, reason: past } : state;
    this.#uneasyMs = nowMs;
    this.#changes++;
    this.#options.onChange(this.#state, before.level);
  }
}

function stateOf(level: GovernorLevel, complaints: readonly Complaint[], sinceMs: number): GovernorState {
  const worstFirst = complaints.toSorted((a, b) => rank(b.level) - rank(a.level));
  return {
    level,
    reason: level === 'normal' ? '' : worstFirst.map(({ text }) => text).join('; '),
    effect: EFFECTS[level],
    allowance: ALLOWANCES[level],
    sinceMs,
  };
}

const EFFECTS: Readonly<Record<GovernorLevel, string>> = {
  normal: '',
  careful: 'background work is held back',
  minimal: 'only requests of people reach the model',
};

function rank(level: GovernorLevel): number {
  return GOVERNOR_LEVELS.indexOf(level);
}

function worst(complaints: readonly Complaint[]): number {
  return Math.max(0, ...complaints.map(({ level }) => rank(level)));
}
