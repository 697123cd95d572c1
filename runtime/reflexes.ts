import type { Firing, Overdue, ParsedPolicies, RuleEngine } from '../policies/index.ts';
import type { House } from './contract/house.ts';
import type { Reading } from './contract/reading.ts';
import type { Clock, MonoMs, Timer } from './contract/time.ts';

export interface ReflexesOptions {
  readonly engine: RuleEngine;
  readonly clock: Clock;
  /** Takes all that one cause set off, with when it was received. */
  readonly onFirings: (firings: readonly Firing[], since: MonoMs) => void;
  /** The policies were checked against a house that has changed. */
  readonly onRechecked: () => void;
  /** The watchdog names a policy that should have fired and did not; once for each time. Without it there is no watchdog. */
  readonly onOverdue?: (overdue: Overdue) => void;
  /** A look that time alone set off has failed; it is repeated. */
  readonly onError: (error: unknown) => void;
}

/** New devices announce themselves in bursts; the rules are checked again when a burst is over. */
const RECHECK_MS = 250;
const WATCHDOG_MS = 60_000;
/** So many of the watchdog's findings are remembered as said. */
const SAID = 1000;
/** After a look that failed, the next one waits at least so long: it may fail again. */
const RETRY_MS = 1000;

/** Keeps the rule engine, which knows no time, on time: looks after every change, at every boundary and hold. */
export class Reflexes {
  readonly #options: ReflexesOptions;
  #due: Timer | undefined;
  #dueAt = Infinity;
  #recheck: Timer | undefined;
  #watchdog: Timer | undefined;
  readonly #said = new Set<string>();
  #stopped = false;

  constructor(options: ReflexesOptions) {
    this.#options = options;
  }

  /** Takes the restored state as it is; nothing fires. */
  prime(): void {
    this.#options.engine.prime(this.#now());
    this.#schedule();
    this.#watch();
  }

  changed(slots: readonly number[], retained: boolean, readings: readonly Reading[]): void {
    if (slots.length === 0 || this.#stopped) return;
    const since = readings[0]?.received ?? this.#options.clock.mono();
    this.#fire(this.#options.engine.changed(slots, this.#now(), retained, readings), since);
    this.#schedule();
  }

  /** Other policies take the place of these; what was due fires first. Throws only before anything has changed. */
  replace(policies: Pick<ParsedPolicies, 'policies' | 'templates' | 'vetoes'>): void {
    const firings = this.#options.engine.replace(policies, this.#now());
    try {
      this.#fire(firings, this.#options.clock.mono());
    } catch (error) {
      this.#options.onError(error);
    }
    this.#schedule();
  }

  /** The house has other entities than before. */
  houseChanged(house: House): void {
    this.#recheck ??= this.#options.clock.schedule(RECHECK_MS, () => {
      this.#recheck = undefined;
      try {
        this.#options.engine.recheck(house, this.#now());
        this.#schedule();
        this.#options.onRechecked();
      } catch (error) {
        this.#options.onError(error);
      }
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#due?.cancel();
    this.#recheck?.cancel();
    this.#watchdog?.cancel();
  }

  #schedule(atLeastMs = 0): void {
    const next = this.#options.engine.nextDue() ?? Infinity;
    if (next === this.#dueAt) return;
    this.#due?.cancel();
    this.#dueAt = next;
    if (next === Infinity || this.#stopped) return;
    const delayMs = Math.max(atLeastMs, next - this.#options.clock.mono());
    this.#due = this.#options.clock.schedule(delayMs, () => this.#look());
  }

  #look(): void {
    this.#dueAt = Infinity;
    try {
      this.#fire(this.#options.engine.due(this.#now()), this.#options.clock.mono());
      this.#schedule();
    } catch (error) {
      this.#options.onError(error);
      this.#schedule(RETRY_MS);
    }
  }

  #watch(): void {
    this.#watchdog?.cancel();
    const { onOverdue } = this.#options;
    if (this.#stopped || onOverdue === undefined) return;
    this.#watchdog = this.#options.clock.schedule(WATCHDOG_MS, () => {
      try {
        for (const overdue of this.#options.engine.overdue(this.#now())) {
          const name = `${overdue.policy} ${overdue.since}`;
          if (this.#said.has(name)) continue;
          if (this.#said.size === SAID) this.#said.clear();
          this.#said.add(name);
          onOverdue(overdue);
        }
      } catch (error) {
        this.#options.onError(error);
      }
      this.#watch();
    });
  }

  #fire(firings: readonly Firing[], since: MonoMs): void {
    if (firings.length > 0) this.#options.onFirings(firings, since);
  }

  #now(): { wall: ReturnType<Clock['wall']>; mono: MonoMs } {
    return { wall: this.#options.clock.wall(), mono: this.#options.clock.mono() };
  }
}
