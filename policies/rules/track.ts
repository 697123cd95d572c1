import type { Call } from '../../runtime/contract/action.ts';
import type { House } from '../../runtime/contract/house.ts';
import { type EntityId, entityOf, type PropertyKey } from '../../runtime/contract/ids.ts';
import type { ArgSpec } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';
import { type Boundaries, boundariesOf } from './boundary.ts';
import { signatureOf, type ToolSignature } from './call-check.ts';
import { actsOn } from './check.ts';
import { compileCondition, compileValue, type Condition, type Evaluate, type Reader } from './compile.ts';
import { collectKeys, collectWatches, type Expr } from './expression.ts';
import type { Now } from './firing.ts';
import { FrameBuilder } from './frame.ts';
import { PLAUSIBLE_FROM_MS } from './local-time.ts';
import { LoopGuard } from './loop-guard.ts';
import type { CallTemplate, DecideSpec, RuleSpec } from './policy.ts';
import type { PolicyProblem } from './problem.ts';

/** What has become of a policy since the process started. */
class Past {
  lastFiredWall: WallMs | undefined;
  fired = 0;
  cpuMs = 0;
  whyNot: WhyNot | undefined;
  blocked: WhyNot | undefined;
  guard: LoopGuard | undefined;
}

interface WhyNot {
  readonly at: WallMs;
  readonly reason: string;
}

/**
 * A policy while it runs. Most of a hundred thousand rules rest: what only firing and explaining need is worked out when
 * first asked for.
 */
abstract class Policy {
  /** Its place in the index, and its ids in the due heap. */
  index: number;
  /** Place in file order. */
  order: number;
  /** Its template does not make it any more. */
  retired = false;
  readonly reader: Reader;
  /** Everything it reads or acts on. */
  readonly names: readonly EntityId[];
  /** Checked against the house and not switched off. */
  active = false;
  problems: readonly PolicyProblem[] = NO_PROBLEMS;
  #past: Past | undefined;
  #inputs: readonly (readonly [key: PropertyKey, slot: number])[] | undefined;
  readonly #limit: number;
  readonly #times: Times;

  constructor(place: TrackPlace, keys: ReadonlySet<PropertyKey>, targets: readonly EntityId[]) {
    this.index = place.index;
    this.order = place.order;
    this.reader = place.reader;
    this.#limit = place.maxPerMinute;
    this.#times = place.times;
    const names = new Set<EntityId>();
    for (const key of keys) names.add(place.names.ofKey(key));
    for (const target of targets) names.add(place.names.of(target));
    // Of just the length it needs: a list that grew would keep room for more.
    this.names = Array.from(names);
  }

  get lastFiredMono(): number {
    return this.#times.lastFired(this.index);
  }
  get lastFiredWall(): WallMs | undefined {
    return this.#past?.lastFiredWall;
  }
  get fired(): number {
    return this.#past?.fired ?? 0;
  }
  /** What its firings have taken, ms. */
  get cpuMs(): number {
    return this.#past?.cpuMs ?? 0;
  }
  get pausedUntil(): number {
    return this.#times.pausedUntil(this.index);
  }
  get whyNot(): WhyNot | undefined {
    return this.#past?.whyNot;
  }
  /** The same, if that was not meant; until it fires again. */
  get blocked(): WhyNot | undefined {
    return this.#past?.blocked;
  }

  /** It fired before this process did anything. */
  restore(mono: number, wall: WallMs): void {
    (this.#past ??= new Past()).lastFiredWall = wall;
    this.#times.fire(this.index, mono);
  }

  /** Wall time that has passed since the last firing counts; a clock that cannot say restarts the cooldown. */
  restoreCooldown(last: WallMs | undefined, { mono, wall }: Now): void {
    if (last === undefined || this.lastFiredWall !== undefined) return;
    this.restore(mono - (wall < PLAUSIBLE_FROM_MS ? 0 : Math.max(0, wall - last)), last);
  }

  /** It fires. */
  record({ mono, wall }: Now): void {
    const past = (this.#past ??= new Past());
    past.fired++;
    this.#times.fire(this.index, mono);
    past.lastFiredWall = wall;
    past.blocked = undefined;
  }

  /** It could have fired and did not. @param meant whether its conditions say so themselves */
  refuse(at: WallMs, reason: string, meant: boolean): void {
    const past = (this.#past ??= new Past());
    past.whyNot = { at, reason };
    if (!meant) past.blocked = past.whyNot;
  }

  spend(cpuMs: number): void {
    (this.#past ??= new Past()).cpuMs += cpuMs;
  }

  /** Forgets what can be read again from the text. */
  abstract release(): void;

  abstract readonly spec: RuleSpec | DecideSpec;

  /** Everything it reads. */
  protected abstract keys(): ReadonlySet<PropertyKey>;

  /** Whether it may fire now without firing too often. */
  admit(mono: MonoMs): boolean {
    const past = (this.#past ??= new Past());
    if (past.guard === undefined) {
      // All that was before the last firing lies further back still.
      if (mono - this.lastFiredMono >= MINUTE_MS) return true;
      past.guard = new LoopGuard(this.#limit);
      if (past.fired > 0) past.guard.admit(this.lastFiredMono);
    }
    return past.guard.admit(mono);
  }

  /** After a pause the count begins anew. */
  pause(until: number): void {
    this.#times.pause(this.index, until);
    this.#past?.guard?.clear();
  }

  /** Takes over what it did under this id before, in whatever words: a cooldown is about what was done last. */
  inherit(before: Policy): void {
    this.#past = before.#past;
    this.#times.fire(this.index, before.lastFiredMono);
    this.#times.pause(this.index, before.pausedUntil);
  }

  /** Why it did not fire is another story where it says something else now. */
  beginAnew(): void {
    if (this.#past === undefined) return;
    this.#past.whyNot = undefined;
    this.#past.blocked = undefined;
  }

  /** Everything it reads, with the slots. */
  get inputs(): readonly (readonly [key: PropertyKey, slot: number])[] {
    const { state } = this.reader;
    return (this.#inputs ??= [...this.keys()].map((key) => [key, state.slot(key)] as const));
  }
}

const MINUTE_MS = 60_000;
const NO_PROBLEMS: readonly PolicyProblem[] = [];

export interface TrackPlace {
  readonly index: number;
  readonly order: number;
  readonly reader: Reader;
  readonly maxPerMinute: number;
  readonly names: Names;
  readonly times: Times;
}

/** When each policy fired last and until when it is paused, side by side: every firing asks for both. */
export class Times {
  #times: Float64Array;

  constructor(policies: number) {
    this.#times = new Float64Array(2 * policies).fill(Number.NEGATIVE_INFINITY);
  }

  lastFired(policy: number): number {
    return this.#times[2 * policy]!;
  }
  pausedUntil(policy: number): number {
    return this.#times[2 * policy + 1]!;
  }
  fire(policy: number, mono: number): void {
    this.#times[2 * policy] = mono;
  }
  pause(policy: number, until: number): void {
    this.#times[2 * policy + 1] = until;
  }
  /** Makes room for more policies. */
  grow(policies: number): void {
    const times = new Float64Array(2 * policies).fill(Number.NEGATIVE_INFINITY);
    times.set(this.#times);
    this.#times = times;
  }
}

/** One string for each entity's name, however many policies have it. */
export class Names {
  readonly #entities = new Map<string, EntityId>();
  readonly #keys = new Map<PropertyKey, EntityId>();

  of(name: EntityId): EntityId {
    let known = this.#entities.get(name);
    if (known === undefined) this.#entities.set(name, (known = name));
    return known;
  }

  /** The entity of a property. */
  ofKey(key: PropertyKey): EntityId {
    let known = this.#keys.get(key);
    if (known === undefined) this.#keys.set(key, (known = this.of(entityOf(key))));
    return known;
  }
}

/** A rule while it runs. */
export class RuleTrack extends Policy {
  readonly spec: RuleSpec;
  readonly boundaries: Boundaries | undefined;
  /** Whether it looks back or at a schedule. */
  readonly watching: boolean;
  /** `when` turned true by news and `for` has not run out yet, perhaps interrupted by unknown. */
  armed = false;
  #when: Condition | undefined;
  #only: Condition | undefined;
  #calls: readonly CompiledCall[] | undefined;
  #entities: readonly string[] | undefined;
  #ready: readonly Call[] | undefined;
  #readyFor = -1;

  constructor(spec: RuleSpec, place: TrackPlace) {
    super(place, keysOf(spec), targetsOf(spec.calls));
    this.spec = spec;
    this.boundaries = boundariesOf(spec.when.expr);
    // Watches must be there from the start: what they look back on begins now.
    let watching = false;
    const found = (watch: Parameters<Reader['watches']['id']>[0]): void => {
      watching = true;
      place.reader.watches.id(watch);
    };
    collectWatches(spec.when.expr, found);
    if (spec.if !== undefined) collectWatches(spec.if.expr, found);
    for (const call of spec.calls) for (const arg of argumentsOf(call)) collectWatches(arg, found);
    this.watching = watching;
  }

  get when(): Condition {
    return (this.#when ??= compileCondition(this.spec.when.expr, this.reader));
  }

  get only(): Condition | undefined {
    if (this.spec.if === undefined) return undefined;
    return (this.#only ??= compileCondition(this.spec.if.expr, this.reader));
  }

  get calls(): readonly CompiledCall[] {
    return (this.#calls ??= this.spec.calls.map((template) => new CompiledCall(template, this.reader)));
  }

  /** Its calls as they were made before, if nothing about them can have changed since. */
  readyCalls({ version }: House): readonly Call[] | undefined {
    return this.#readyFor === version ? this.#ready : undefined;
  }

  /** Remembers calls that were checked and whose arguments are fixed. */
  keepCalls(calls: readonly Call[], { version }: House): void {
    this.#ready = calls;
    this.#readyFor = version;
    this.#calls = undefined;
  }

  /** Entities it acts on. */
  get entities(): readonly string[] {
    return (this.#entities ??= actsOn(this.spec));
  }

  release(): void {
    this.spec.when.release?.();
    this.spec.if?.release?.();
    for (const { args } of this.spec.calls) for (const name in args) args[name]!.release?.();
  }

  goOn(before: RuleTrack): void {
    this.active = before.active;
    this.armed = before.armed;
  }

  protected keys(): ReadonlySet<PropertyKey> {
    return keysOf(this.spec);
  }
}

/** A `decide` policy while it runs. */
export class DecideTrack extends Policy {
  readonly spec: DecideSpec;
  /** What can set it off. */
  readonly slots: readonly number[];
  readonly frames: FrameBuilder;
  /** Per slot of `slots`, the last value seen. */
  readonly seen: (Value | undefined)[];

  constructor(spec: DecideSpec, place: TrackPlace) {
    super(
      place,
      decideKeys(spec),
      spec.choices.flatMap((choice) => choice.calls.map((call) => call.entity)),
    );
    this.spec = spec;
    this.slots = [...new Set(spec.on)].map((key) => place.reader.state.slot(key));
    this.frames = new FrameBuilder(spec.features, place.reader);
    this.seen = this.slots.map(() => undefined);
  }

  release(): void {}

  goOn(before: DecideTrack): void {
    this.active = before.active;
    for (const [i, value] of before.seen.entries()) this.seen[i] = value;
  }

  protected keys(): ReadonlySet<PropertyKey> {
    return decideKeys(this.spec);
  }
}

export type Track = RuleTrack | DecideTrack;

/** A call with its arguments ready to be evaluated. */
export class CompiledCall {
  readonly template: CallTemplate;
  readonly #reader: Reader;
  #args: readonly (readonly [name: string, evaluate: Evaluate])[] | undefined;

  constructor(template: CallTemplate, reader: Reader) {
    this.template = template;
    this.#reader = reader;
  }

  get args(): readonly (readonly [name: string, evaluate: Evaluate])[] {
    return (this.#args ??= Object.entries(this.template.args).map(
      ([name, { expr }]) => [name, compileValue(expr, this.#reader)] as const,
    ));
  }

  /** The arguments it may have, or the sentence why it cannot be made. */
  signature(house: House, tools: readonly ToolSignature[]): Readonly<Record<string, ArgSpec>> | string {
    return signatureOf(this.template.entity, this.template.command, house, tools);
  }
}

function keysOf(spec: RuleSpec): Set<PropertyKey> {
  const keys = new Set<PropertyKey>();
  collectKeys(spec.when.expr, keys);
  if (spec.if !== undefined) collectKeys(spec.if.expr, keys);
  for (const call of spec.calls) for (const arg of argumentsOf(call)) collectKeys(arg, keys);
  return keys;
}

function decideKeys(spec: DecideSpec): Set<PropertyKey> {
  const keys = new Set(spec.on);
  for (const feature of spec.features) collectKeys(feature.expr, keys);
  return keys;
}

function targetsOf(calls: readonly CallTemplate[]): readonly EntityId[] {
  return calls.map((call) => call.entity);
}

function argumentsOf(call: CallTemplate): Expr[] {
  return Object.values(call.args).map((arg) => arg.expr);
}

export function isRule(track: Track): track is RuleTrack {
  return track instanceof RuleTrack;
}

/** How long until the cooldown is over, ms; 0 if it is. */
export function cooldownLeft(track: Track, mono: MonoMs): number {
  return Math.max(0, track.lastFiredMono + track.spec.cooldownMs - mono);
}
