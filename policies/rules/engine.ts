import type { Call } from '../../runtime/contract/action.ts';
import type { PolicyInfo } from '../../runtime/contract/api.ts';
import type { House } from '../../runtime/contract/house.ts';
import type { Reading } from '../../runtime/contract/reading.ts';
import type { StateView } from '../../runtime/contract/state.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';
import { GanglionError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import { nextBoundary } from './boundary.ts';
import type { ToolSignature } from './call-check.ts';
import type { Reader } from './compile.ts';
import { costsOf, type PolicyCosts } from './costs.ts';
import { DueHeap } from './due-heap.ts';
import { explainTrack, infoOf, type PolicyExplanation } from './explain.ts';
import type { Firing, Now } from './firing.ts';
import { createLocalTime, PLAUSIBLE_FROM_MS } from './local-time.ts';
import type { PolicySpec, VetoSpec } from './policy.ts';
import type { PolicyProblem } from './problem.ts';
import { type Candidate, settle } from './settle.ts';
import { type DecideTrack, isRule, type RuleTrack, type Track } from './track.ts';
import type { TemplateSpec } from './template.ts';
import type { RuleIndex } from './match/rule-index.ts';
import { Roster } from './roster.ts';
import { FALSE, TRUE, UNKNOWN } from './tri.ts';
import { type Overdue, overdueOf } from './watchdog.ts';
import { checkVeto, type Veto, Vetoes } from './veto.ts';
import type { Site } from './watch/sun.ts';
import { Watches } from './watch/watches.ts';

export interface RuleEngineOptions {
  readonly policies: readonly PolicySpec[];
  readonly vetoes?: readonly VetoSpec[];
  /** Rules for each area or entity; what they become is worked out anew when the house has grown. */
  readonly templates?: readonly TemplateSpec[];
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly state: StateView;
  /** IANA name of the site's time zone. */
  readonly timezone: string;
  /** Where the house stands; without it everything about the sun is unknown. */
  readonly site?: Site;
  /** Wall clock of each policy's last firing before this process, so that cooldowns outlive a restart. */
  readonly lastFired?: ReadonlyMap<string, WallMs>;
  /** A policy that fires more often within a minute is paused for one. */
  readonly maxFiringsPerMinute?: number;
  /** A clock for the CPU time of firings, ms; without it no CPU time is kept. */
  readonly cpuMs?: () => number;
  /** Told when that happens, with POLICY_LOOP. */
  readonly onPaused?: (error: GanglionError) => void;
}

/** The wall clock is compared with the monotonic one this often while any rule looks at the time, ms. */
const CLOCK_CHECK_MS = 60_000;
/** More than this between the clocks means that somebody set the wall clock, ms. */
const CLOCK_JUMP_MS = 500;
/** Conditions the watchdog evaluates afresh at each look. */
const AUDITED = 200;
const MAX_PER_MINUTE = 30;
const INACTIVE = 0;
const RULE = 1;
const DECIDE = 2;
/** A rule with `for`. */
const HOLDING = 3;
/** The clock check in the heap of what is due. */
const CLOCK = 0;
const NOTHING: readonly Firing[] = [];

/** Throws TIMEZONE_UNKNOWN. */
export function createRuleEngine(options: RuleEngineOptions): RuleEngine {
  const watches = new Watches(options.site);
  const reader: Reader = {
    state: options.state,
    time: createLocalTime(options.timezone),
    watches,
    nameOf: (id) => options.house.entity(id)?.name,
  };
  watches.attach(reader);
  const limit = options.maxFiringsPerMinute ?? MAX_PER_MINUTE;
  return new RuleEngine(options, reader, watches, new Roster(options, reader, limit));
}

/**
 * Runs rules and notices when `decide` policies are due. Pure: it is told the time, keeps no timers and does no I/O.
 *
 * Construct → prime (a silent baseline) → changed on every change of state, due when `nextDue` says so, recheck when
 * the house has changed.
 */
export class RuleEngine {
  readonly #options: RuleEngineOptions;
  readonly #reader: Reader;
  readonly #roster: Roster;
  #index: RuleIndex;
  readonly #watches: Watches;
  readonly #vetoes: Vetoes;
  /** Ids: 0 for the clock check, then those of `boundaryOf` and `holdOf`. */
  readonly #heap = new DueHeap(0);
  // What the hot path reads lies side by side, by policy, so that a rule that does not change costs no walk through objects.
  #kind = new Uint8Array(0);
  #value = new Int8Array(0);
  #evaluations = new Uint32Array(0);
  #clockGap = Number.NaN;
  #candidates: Candidate[] = [];
  #audited = 0;

  constructor(options: RuleEngineOptions, reader: Reader, watches: Watches, roster: Roster) {
    this.#options = options;
    this.#watches = watches;
    this.#vetoes = new Vetoes(options.vetoes ?? [], reader);
    this.#reader = reader;
    this.#roster = roster;
    this.#index = roster.index;
    this.#widen();
  }

  /** Checks every policy against the house and takes the present state as baseline: nothing fires. */
  prime(now: Now): void {
    this.#reader.time.set(now.wall);
    this.#clockGap = now.wall - now.mono;
    this.#watches.begin(now);
    this.#grow(this.#roster.house);
    this.#index.sync();
    for (const track of this.#roster.tracks) {
      this.#restoreCooldown(track, now);
      track.active = false;
      this.#kind[track.index] = INACTIVE;
      this.#stop(track);
      this.#check(track, now);
      track.release();
    }
    if (
      this.#watches.scheduled ||
      this.#roster.tracks.some((track) => isRule(track) && track.boundaries !== undefined)
    ) {
      this.#heap.set(CLOCK, now.mono + CLOCK_CHECK_MS);
    }
  }

  /** Checks the policies again; those whose entities have appeared start with a silent baseline. Call it debounced. */
  recheck(house: House, now: Now): void {
    this.#enter(now);
    if (this.#grow(house)) this.#index.sync();
    for (const track of this.#roster.tracks) {
      if (this.#check(track, now)) track.release();
    }
  }

  /**
   * The state of these slots has changed. Only policies that read one of them are looked at.
   * @param retained the change came from retained messages: it becomes the baseline and fires nothing
   * @returns what fires, highest priority first
   */
  changed(
    slots: readonly number[],
    now: Now,
    retained: boolean,
    readings: readonly Reading[],
  ): readonly Firing[] {
    this.#enter(now);
    if (!retained) this.#elapse(now);
    for (let i = 0; i < slots.length; i++) {
      this.#index.slotChanged(slots[i]!);
      this.#watches.slotChanged(slots[i]!);
    }
    this.#watches.look(now, retained, this.#onWatch);
    this.#hear(now, retained, 'reading');
    if (retained) this.#elapse(now);
    return this.#settle(now, slots, readings);
  }

  /** What fires because time has passed. Harmless to call early. */
  due(now: Now): readonly Firing[] {
    this.#enter(now);
    this.#elapse(now);
    return this.#settle(now, [], []);
  }

  /** When `due` should be called next; undefined if nothing waits for time. */
  nextDue(): MonoMs | undefined {
    const next = this.#heap.next();
    const watch = this.#watches.nextDue();
    return (next === undefined || (watch !== undefined && watch < next) ? watch : next) as MonoMs | undefined;
  }

  /** Throws POLICY_UNKNOWN. */
  explain(id: string, now: Now): PolicyExplanation {
    const track = this.#track(id);
    this.#reader.time.set(now.wall);
    return explainTrack(track, this.#reader, now, {
      holdDue: this.#heap.at(holdOf(track.index)),
      evaluations: this.#evaluations[track.index]!,
      watches: this.#watches,
    });
  }

  infos(): PolicyInfo[] {
    return this.#roster.present().map(infoOf);
  }

  policy(id: string): PolicySpec | undefined {
    return this.#roster.byId(id)?.spec;
  }

  /** Whether a rule forbids a call, whoever wants it. */
  veto(call: Call, now: Now): Veto | undefined {
    this.#reader.time.set(now.wall);
    return this.#vetoes.find(call);
  }

  /** What one policy has cost so far. Throws POLICY_UNKNOWN. */
  costs(id: string): PolicyCosts {
    const track = this.#track(id);
    return costsOf(track, this.#evaluations[track.index]!, this.#watches);
  }

  /**
   * The watchdog: policies that should have fired and did not, oldest first; each is named until it fires again.
   * It also evaluates some conditions afresh, the next ones each time: one the index has lost is named, and put right.
   */
  overdue(now: Now): Overdue[] {
    this.#enter(now);
    const found = this.#roster.present().flatMap((track) => overdueOf(track, this.#watches));
    let lost = false;
    for (let i = 0; i < Math.min(AUDITED, this.#roster.tracks.length); i++) {
      const track = this.#roster.tracks[this.#audited++ % this.#roster.tracks.length]!;
      if (!isRule(track) || !track.active || track.boundaries !== undefined) continue;
      if (track.when() === this.#index.value(track.index)) continue;
      lost = true;
      found.push({
        policy: track.spec.id,
        since: now.wall,
        reason:
          'the index had lost track of its condition, which is a mistake of this program; it is right again',
      });
    }
    if (lost) this.#index.sync();
    return found.toSorted((a, b) => a.since - b.since);
  }

  /** What keeps policies from running now, and warnings. */
  problems(): PolicyProblem[] {
    const vetoes = this.#options.vetoes ?? [];
    return [...this.#roster.problems(), ...vetoes.flatMap((veto) => checkVeto(veto, this.#roster.house))];
  }

  /** To be stored and handed to the next process as `lastFired`. */
  lastFired(): ReadonlyMap<string, WallMs> {
    const result = new Map<string, WallMs>();
    for (const { spec, lastFiredWall } of this.#roster.present()) {
      if (lastFiredWall !== undefined) result.set(spec.id, lastFiredWall);
    }
    return result;
  }

  #track(id: string): Track {
    const track = this.#roster.byId(id);
    if (track !== undefined) return track;
    throw new GanglionError('POLICY_UNKNOWN', {
      id,
      hint: didYouMean(
        id,
        this.#roster.specs().map((spec) => spec.id),
      ),
    });
  }

  /** Takes over what templates become in the house as it is now; the index has to be synchronised if that was news. */
  #grow(house: House): boolean {
    if (!this.#roster.turnTo(house)) return false;
    this.#index = this.#roster.index;
    this.#widen();
    return true;
  }

  /** Room for all policies there are. */
  #widen(): void {
    const { length } = this.#roster.tracks;
    const before = this.#kind.length;
    const [kind, value, evaluations] = [this.#kind, this.#value, this.#evaluations];
    this.#kind = new Uint8Array(length);
    this.#value = new Int8Array(length).fill(UNKNOWN, before);
    this.#evaluations = new Uint32Array(length);
    this.#kind.set(kind);
    this.#value.set(value);
    this.#evaluations.set(evaluations);
  }

  /** Moves `now`; a wall clock that was set makes every time-dependent rule look again. */
  #enter(now: Now): void {
    this.#reader.time.set(now.wall);
    const gap = now.wall - now.mono;
    if (Math.abs(gap - this.#clockGap) <= CLOCK_JUMP_MS) return;
    this.#clockGap = gap;
    for (const track of this.#roster.tracks) {
      if (isRule(track) && track.active && track.boundaries !== undefined)
        this.#heap.set(boundaryOf(track.index), now.mono);
    }
    this.#watches.clockSet(now, this.#onWatch);
    this.#hear(now, false, 'time');
  }

  readonly #onWatch = (id: number): void => this.#index.watchChanged(id);

  /** Looks at the policies the index has news of. */
  #hear(now: Now, silent: boolean, by: 'reading' | 'time'): void {
    const index = this.#index;
    for (let i = 0; i < index.news; i++) {
      const policy = index.newsAt(i);
      const kind = this.#kind[policy];
      if (kind === RULE || kind === HOLDING) this.#look(policy, now, silent, by);
      else if (kind === DECIDE) this.#notice(this.#roster.tracks[policy] as DecideTrack, now, silent);
    }
    index.forget();
  }

  #elapse(now: Now): void {
    this.#watches.elapse(now, this.#onWatch);
    this.#hear(now, false, 'time');
    for (;;) {
      const id = this.#heap.take(now.mono);
      if (id < 0) return;
      if (id === CLOCK) {
        this.#heap.set(CLOCK, now.mono + CLOCK_CHECK_MS);
        continue;
      }
      const track = this.#roster.tracks[(id >> 1) - 1]!;
      if (!isRule(track)) this.#candidates.push({ track, by: 'time' });
      else if ((id & 1) === 0) {
        this.#index.timeChanged(track.index);
        this.#hear(now, false, 'time');
        this.#schedule(track, now);
      } else {
        track.armed = false;
        this.#candidates.push({ track, by: 'time' });
      }
    }
  }

  /** One look at `when`: edges fire or start a hold, everything else is remembered. Allocates only on an edge. */
  #look(policy: number, now: Now, silent: boolean, by: 'reading' | 'time'): void {
    const before = this.#value[policy];
    const value = this.#index.value(policy);
    this.#evaluations[policy]!++;
    if (value === before) return;
    this.#value[policy] = value;
    if (this.#kind[policy] === HOLDING) this.#hold(policy, before, now, silent);
    else if (value === TRUE && before === FALSE && !silent) {
      this.#candidates.push({ track: this.#roster.tracks[policy]!, by });
    }
  }

  /** `when` of a rule with `for` has changed: its wait begins, begins anew, or ends. */
  #hold(policy: number, before: number | undefined, now: Now, silent: boolean): void {
    const track = this.#roster.tracks[policy] as RuleTrack;
    const value = this.#value[policy];
    const hold = holdOf(policy);
    if (value !== TRUE) {
      this.#heap.clear(hold);
      if (value === FALSE) track.armed = false;
    } else if (silent) track.armed = false;
    else if (before === FALSE || track.armed) {
      track.armed = true;
      this.#heap.set(hold, now.mono + track.spec.forMs);
    }
  }

  /** A property of `on` has changed: decide now, or at the end of the interval. */
  #notice(track: DecideTrack, now: Now, silent: boolean): void {
    this.#evaluations[track.index]!++;
    let news = false;
    for (let i = 0; i < track.slots.length; i++) {
      const value = this.#reader.state.current(track.slots[i]!);
      if (value === track.seen[i]) continue;
      track.seen[i] = value;
      news ||= value !== undefined;
    }
    const deferred = boundaryOf(track.index);
    if (!news || silent || this.#heap.at(deferred) !== undefined) return;
    const earliest = track.lastFiredMono + track.spec.minIntervalMs;
    if (earliest > now.mono) this.#heap.set(deferred, earliest);
    else this.#candidates.push({ track, by: 'reading' });
  }

  #settle(now: Now, slots: readonly number[], readings: readonly Reading[]): readonly Firing[] {
    const firings = this.#candidates.length === 0 ? NOTHING : this.#fire(now, slots, readings);
    this.#watches.rest(now, this.#onWatch);
    this.#hear(now, true, 'time');
    return firings;
  }

  #fire(now: Now, slots: readonly number[], readings: readonly Reading[]): readonly Firing[] {
    const candidates = this.#candidates;
    this.#candidates = [];
    return settle(candidates, {
      reader: this.#reader,
      house: this.#roster.house,
      tools: this.#options.tools,
      now,
      slots,
      readings,
      cpuMs: this.#options.cpuMs,
      failed: false,
      onPaused: this.#onPaused,
    });
  }

  readonly #onPaused = (policy: string): void =>
    this.#options.onPaused?.(
      new GanglionError('POLICY_LOOP', {
        policy,
        limit: this.#options.maxFiringsPerMinute ?? MAX_PER_MINUTE,
        pausedS: 60,
      }),
    );

  /** Returns whether it had to look. */
  #check(track: Track, now: Now): boolean {
    const checked = this.#roster.recheck(track);
    const active =
      !track.retired &&
      track.spec.mode !== 'off' &&
      !track.problems.some(({ severity, waits }) => severity === 'error' || waits);
    if (active === track.active) return checked;
    this.#stop(track);
    track.active = active;
    this.#kind[track.index] = active ? kindOf(track) : INACTIVE;
    if (!active) return true;
    if (isRule(track)) {
      this.#index.timeChanged(track.index);
      this.#look(track.index, now, true, 'time');
      this.#schedule(track, now);
    } else this.#notice(track, now, true);
    return true;
  }

  /** Forgets what a policy was waiting for. */
  #stop(track: Track): void {
    this.#heap.clear(boundaryOf(track.index));
    this.#heap.clear(holdOf(track.index));
    this.#value[track.index] = UNKNOWN;
    if (isRule(track)) track.armed = false;
  }

  #schedule(track: RuleTrack, now: Now): void {
    if (track.boundaries === undefined) return;
    const { time } = this.#reader;
    const wait = time.plausible ? nextBoundary(track.boundaries, now.wall, time) - now.wall : CLOCK_CHECK_MS;
    this.#heap.set(boundaryOf(track.index), now.mono + Math.max(1, wait));
  }

  /** Wall time that has passed since the last firing counts; a clock that cannot say restarts the cooldown. */
  #restoreCooldown(track: Track, now: Now): void {
    const last = this.#options.lastFired?.get(track.spec.id);
    if (last === undefined || track.lastFiredWall !== undefined) return;
    track.restore(now.mono - (now.wall < PLAUSIBLE_FROM_MS ? 0 : Math.max(0, now.wall - last)), last);
  }
}

function kindOf(track: Track): typeof RULE | typeof HOLDING | typeof DECIDE {
  return !isRule(track) ? DECIDE : track.spec.forMs > 0 ? HOLDING : RULE;
}

/** Its time boundary or deferred decision. */
function boundaryOf(policy: number): number {
  return 2 * policy + 2;
}

/** Its `for`. */
function holdOf(policy: number): number {
  return 2 * policy + 3;
}
