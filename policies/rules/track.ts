import type { Entity, House } from '../../runtime/contract/house.ts';
import { type EntityId, entityOf, type PropertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';
import { type Boundaries, boundariesOf } from './boundary.ts';
import { actsOn } from './check.ts';
import { compileCondition, compileValue, type Condition, type Evaluate, type Reader } from './compile.ts';
import { collectKeys } from './expression.ts';
import { FrameBuilder } from './frame.ts';
import { LoopGuard } from './loop-guard.ts';
import type { CallTemplate, DecideSpec, RuleSpec } from './policy.ts';
import type { PolicyProblem } from './problem.ts';

interface TrackBase {
  /** Place in file order; also its ids in the due heap. */
  readonly index: number;
  /** Everything it reads. */
  readonly keys: readonly PropertyKey[];
  /** What can set it off. */
  readonly slots: readonly number[];
  readonly guard: LoopGuard;
  /** Everything it reads or acts on, and what the house said of it when it was last checked. */
  readonly names: readonly EntityId[];
  checkedAgainst: readonly (Entity | undefined)[] | undefined;
  /** Checked against the house and not switched off. */
  active: boolean;
  problems: readonly PolicyProblem[];
  lastFiredMono: number;
  lastFiredWall: WallMs | undefined;
  fired: number;
  pausedUntil: number;
  whyNot: { readonly at: WallMs; readonly reason: string } | undefined;
}

/** A rule while it runs. */
export interface RuleTrack extends TrackBase {
  readonly spec: RuleSpec;
  readonly when: Condition;
  readonly only: Condition | undefined;
  readonly calls: readonly CompiledCall[];
  readonly boundaries: Boundaries | undefined;
  /** Entities it acts on. */
  readonly entities: readonly string[];
  /** `when` turned true by news and `for` has not run out yet, perhaps interrupted by unknown. */
  armed: boolean;
}

/** A `decide` policy while it runs. */
export interface DecideTrack extends TrackBase {
  readonly spec: DecideSpec;
  readonly frames: FrameBuilder;
  /** Per slot of `slots`, the last value seen. */
  readonly seen: (Value | undefined)[];
}

export type Track = RuleTrack | DecideTrack;

export interface CompiledCall {
  readonly template: CallTemplate;
  readonly args: readonly (readonly [name: string, evaluate: Evaluate])[];
}

function base(
  index: number,
  keys: Set<PropertyKey>,
  targets: readonly EntityId[],
  slots: readonly number[],
  maxPerMinute: number,
): TrackBase {
  return {
    index,
    keys: [...keys],
    slots,
    guard: new LoopGuard(maxPerMinute),
    names: [...new Set([...[...keys].map(entityOf), ...targets])],
    checkedAgainst: undefined,
    active: false,
    problems: [],
    lastFiredMono: Number.NEGATIVE_INFINITY,
    lastFiredWall: undefined,
    fired: 0,
    pausedUntil: Number.NEGATIVE_INFINITY,
    whyNot: undefined,
  };
}

export function trackRule(spec: RuleSpec, index: number, reader: Reader, maxPerMinute: number): RuleTrack {
  const whenKeys = new Set<PropertyKey>();
  collectKeys(spec.when.expr, whenKeys);
  const keys = new Set(whenKeys);
  if (spec.if !== undefined) collectKeys(spec.if.expr, keys);
  for (const call of spec.calls) for (const arg of Object.values(call.args)) collectKeys(arg.expr, keys);
  const slots = [...whenKeys].map((key) => reader.state.slot(key));
  return {
    ...base(
      index,
      keys,
      spec.calls.map((call) => call.entity),
      slots,
      maxPerMinute,
    ),
    spec,
    when: compileCondition(spec.when.expr, reader),
    only: spec.if === undefined ? undefined : compileCondition(spec.if.expr, reader),
    calls: spec.calls.map((template) => ({
      template,
      args: Object.entries(template.args).map(
        ([name, arg]) => [name, compileValue(arg.expr, reader)] as const,
      ),
    })),
    boundaries: boundariesOf(spec.when.expr),
    entities: actsOn(spec),
    armed: false,
  };
}

export function trackDecide(
  spec: DecideSpec,
  index: number,
  reader: Reader,
  maxPerMinute: number,
): DecideTrack {
  const keys = new Set(spec.on);
  for (const feature of spec.features) collectKeys(feature.expr, keys);
  const targets = spec.choices.flatMap((choice) => choice.calls.map((call) => call.entity));
  const slots = [...new Set(spec.on)].map((key) => reader.state.slot(key));
  return {
    ...base(index, keys, targets, slots, maxPerMinute),
    spec,
    frames: new FrameBuilder(spec.features, reader),
    seen: slots.map(() => undefined),
  };
}

export function isRule(track: Track): track is RuleTrack {
  return track.spec.type === 'rule';
}

/**
 * Whether a policy without problems can be left as it is: the house says the same of all its entities. A house
 * replaces entities, it does not change them in place.
 */
export function stillChecked(track: Track, house: House): boolean {
  const { names, checkedAgainst, problems } = track;
  if (checkedAgainst === undefined || problems.length > 0) return false;
  return names.every((name, i) => house.entity(name) === checkedAgainst[i]);
}

/** How long until the cooldown is over, ms; 0 if it is. */
export function cooldownLeft(track: Track, mono: MonoMs): number {
  return Math.max(0, track.lastFiredMono + track.spec.cooldownMs - mono);
}
