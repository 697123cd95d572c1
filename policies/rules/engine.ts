import type { Call } from '../../runtime/contract/action.ts';
import type { PolicyInfo } from '../../runtime/contract/api.ts';
import type { House } from '../../runtime/contract/house.ts';
import type { Reading } from '../../runtime/contract/reading.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';
import { GanglionError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import { nextBoundary } from './boundary.ts';
import type { Reader } from './compile.ts';
import { costsOf, type PolicyCosts } from './costs.ts';
import { boundaryOf, DueHeap, holdOf } from './due-heap.ts';
import { explainTrack, infoOf, type PolicyExplanation } from './explain.ts';
import type { Firing, Now } from './firing.ts';
import type { RuleEngineOptions } from './engine-options.ts';
import { createLocalTime } from './local-time.ts';
import type { ParsedPolicies } from './parse.ts';
import type { PolicySpec, VetoSpec } from './policy.ts';
import type { PolicyProblem } from './problem.ts';
import { samePolicy } from './same.ts';
import { type Candidate, settle } from './settle.ts';
import { type DecideTrack, isRule, type RuleTrack, type Track } from './track.ts';
import { DECIDE, HOLDING, INACTIVE, kindOf, RULE } from './track-kind.ts';
import type { RuleIndex } from './match/rule-index.ts';
import { Roster } from './roster.ts';
import { FALSE, TRUE, UNKNOWN } from './tri.ts';
import { type Overdue, overdueOf } from './watchdog.ts';
import { checkVeto, type Veto, Vetoes, vetoInfo } from './veto.ts';
import { Watches } from './watch/watches.ts';

/** The wall clock is compared with the monotonic one this often while any rule looks at the time, ms. */
const CLOCK_CHECK_MS = 60_000;
/** More than this between the clocks means that somebody set the wall clock, ms. */
const CLOCK_JUMP_MS = 500;
/** Conditions the watchdog evaluates afresh at each look. */
const AUDITED = 200;
const MAX_PER_MINUTE = 30;
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
  readonly #watches: Watches;
  /** Last firings that are known of; those of policies that were taken away stay, as they may come back. */
  readonly #lastFired: Map<string, WallMs>;
  #roster: Roster;
  #index: RuleIndex;
  #vetoes: Vetoes;
  #vetoSpecs: readonly VetoSpec[];
  /** Ids: 0 for the clock check, then those of `boundaryOf` and `holdOf`. */
  #heap = new DueHeap(0);
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
    this.#lastFired = new Map(options.lastFired);
    this.#vetoSpecs = options.vetoes ?? [];
    this.#vetoes = new Vetoes(this.#vetoSpecs, reader);
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
      track.restoreCooldown(this.#lastFired.get(track.spec.id), now);
      track.active = false;
      this.#kind[track.index] = INACTIVE;
      this.#stop(track);
      this.#check(track, now);
      track.release();
    }
    this.#watchClock(now);
  }

  /**
   * Puts other policies in the place of these. Those that do the same as before go on as if nothing had happened: waits
   * and cooldowns run on, windows keep what they have seen, no edge is made or lost. What is new or changed begins with
   * a silent baseline; a cooldown goes by the id. Throws only before anything has changed.
   * @returns what was due
   */
  replace(
    { policies, templates, vetoes }: Pick<ParsedPolicies, 'policies' | 'templates' | 'vetoes'>,
    now: Now,
  ): readonly Firing[] {
    this.#reader.time.set(now.wall);
    this.#watches.renew(now);
    const { house } = this.#roster;
    const { tools, maxFiringsPerMinute: limit = MAX_PER_MINUTE } = this.#options;
    const roster = new Roster({ policies, templates, house, tools }, this.#reader, limit);
    const forbidding = new Vetoes(vetoes, this.#reader);
    // What was to come by now comes from those who were there.
    const due = this.due(now);
    for (const [id, wall] of this.lastFired()) this.#lastFired.set(id, wall);
    const old = this.#roster;
    const before = { heap: this.#heap, value: this.#value, counts: this.#evaluations };
    this.#watches.dropOthers();
    this.#roster = roster;
    this.#index = roster.index;
    this.#vetoes = forbidding;
    this.#vetoSpecs = vetoes;
    this.#heap = new DueHeap(0);
    const { length } = roster.tracks;
    this.#kind = new Uint8Array(length);
    this.#value = new Int8Array(length).fill(UNKNOWN);
    this.#evaluations = new Uint32Array(length);
    this.#index.sync();
    for (const track of roster.tracks) {
      const same = old.byId(track.spec.id);
      if (same !== undefined) track.inherit(same);
      else track.restoreCooldown(this.#lastFired.get(track.spec.id), now);
      if (same !== undefined && samePolicy(same.spec, track.spec)) this.#goOn(track, same, before);
      else track.beginAnew();
      this.#check(track, now);
      track.release();
    }
    this.#watchClock(now);
    // Time may have moved a condition between the last look and this one: that edge counts.
    for (const track of roster.tracks)
      if (isRule(track) && track.active) this.#look(track.index, now, false, 'time');
    const rest = this.#settle(now, [], []);
    return due.length === 0 ? rest : [...due, ...rest];
  }

  /** Takes over what the same policy was waiting for. */
  #goOn(
    track: Track,
    old: Track,
    before: { readonly heap: DueHeap; readonly value: Int8Array; readonly counts: Uint32Array },
  ): void {
    if (isRule(track) && isRule(old)) track.goOn(old);
    else if (!isRule(track) && !isRule(old)) track.goOn(old);
    if (track.active) this.#kind[track.index] = kindOf(track);
    this.#value[track.index] = before.value[old.index]!;
    this.#evaluations[track.index] = before.counts[old.index]!;
    for (const place of [boundaryOf, holdOf]) {
      const at = before.heap.at(place(old.index));
      if (at !== undefined) this.#heap.set(place(track.index), at);
    }
  }

  #watchClock({ mono }: Now): void {
    const { tracks } = this.#roster;
    const timed = tracks.some((track) => isRule(track) && track.boundaries !== undefined);
    if (timed || this.#watches.scheduled) this.#heap.set(CLOCK, mono + CLOCK_CHECK_MS);
  }

  /** Checks the policies again; those whose entities have appeared start with a silent baseline. Call it debounced. */
  recheck(house: House, now: Now): void {
    this.#enter(now);
    const grown = this.#grow(house);
    if (grown) {
      this.#index.sync();
      this.#watchClock(now);
    }
    for (const track of this.#roster.tracks) {
      if (grown) track.restoreCooldown(this.#lastFired.get(track.spec.id), now);
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
    return [...this.#roster.present().map(infoOf), ...this.#vetoSpecs.map(vetoInfo)];
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
    return [
      ...this.#roster.problems(),
      ...this.#vetoSpecs.flatMap((veto) => checkVeto(veto, this.#roster.house)),
    ];
  }

  /** To be stored and handed to the next process as `lastFired`. */
  lastFired(): ReadonlyMap<string, WallMs> {
    return this.#roster.lastFired();
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
    const { length: before } = this.#kind;
    const grown = <T extends Uint8Array | Int8Array | Uint32Array>(old: T, into: T): T => {
      into.set(old);
      return into;
    };
    this.#kind = grown(this.#kind, new Uint8Array(length));
    this.#value = grown(this.#value, new Int8Array(length).fill(UNKNOWN, before));
    this.#evaluations = grown(this.#evaluations, new Uint32Array(length));
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
    // A schedule and what the same rule says of the clock come at one moment: neither is looked at without the other.
    for (let i = 0; i < this.#index.news; i++) this.#index.timeChanged(this.#index.newsAt(i));
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
      onHeld: this.#options.onHeld,
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
}
