import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { Clock } from '../../runtime/contract/time.ts';
import { GanglionError } from '../../runtime/errors.ts';
import type { StateStore } from './state.ts';

/** Several sensors of one quantity, made one virtual property. */
export interface RedundantSpec {
  readonly key: PropertyKey;
  readonly members: readonly PropertyKey[];
  /** `mean` and `median` of numbers (others do not count); `vote`: the value most members have, of any type. */
  readonly method: 'mean' | 'median' | 'vote';
}

interface Group {
  readonly key: PropertyKey;
  readonly slot: number;
  /** Slots. */
  readonly members: readonly number[];
  readonly method: RedundantSpec['method'];
  /** The first member's, once it is known. */
  unit: string | undefined;
}

const NONE: readonly number[] = [];

/**
 * Keeps virtual properties in step with their members. Members that are unknown, stale or unavailable drop out; when
 * none is left the virtual property is unavailable. It has no age of its own. Built by `fuseRedundant`.
 */
export class RedundantFusion {
  readonly #state: StateStore;
  readonly #clock: Clock;
  readonly #byMember: ReadonlyMap<number, readonly Group[]>;

  constructor(parts: {
    readonly state: StateStore;
    readonly clock: Clock;
    readonly byMember: ReadonlyMap<number, readonly Group[]>;
  }) {
    this.#state = parts.state;
    this.#clock = parts.clock;
    this.#byMember = parts.byMember;
  }

  /** To be called with every slot that changed. Returns the slots of virtual properties that changed with it. */
  update(slot: number): readonly number[] {
    const groups = this.#byMember.get(slot);
    if (groups === undefined) return NONE;
    return groups.filter((group) => this.#fuse(group)).map((group) => group.slot);
  }

  #fuse(group: Group): boolean {
    const state = this.#state;
    const value = group.method === 'mean' ? this.#mean(group) : this.#combined(group);
    if (value === undefined) return state.setSlotAvailable(group.slot, false);
    const woke = state.setSlotAvailable(group.slot, true);
    group.unit ??= state.get(state.key(group.members[0]!)).unit;
    const { key, unit } = group;
    const [at, received, retained] = [this.#clock.wall(), this.#clock.mono(), false];
    const changed = state.apply(
      unit === undefined
        ? { key, value, at, received, retained }
        : { key, value, unit, at, received, retained },
    );
    return woke || changed !== -1;
  }

  /** The usual method, without a list: this runs for every reading of every member. */
  #mean(group: Group): number | undefined {
    let sum = 0;
    let count = 0;
    for (const member of group.members) {
      const value = this.#state.current(member);
      if (typeof value !== 'number') continue;
      sum += value;
      count++;
    }
    return count === 0 ? undefined : sum / count;
  }

  #combined(group: Group): Value | undefined {
    const values: Value[] = [];
    for (const member of group.members) {
      const value = this.#state.current(member);
      if (value !== undefined && (group.method === 'vote' || typeof value === 'number')) values.push(value);
    }
    if (values.length === 0) return undefined;
    if (group.method === 'vote') return vote(values, this.#state.get(group.key).value);
    return medianOf(values.map(Number));
  }
}

/**
 * Compiles the groups. Throws FUSION_INVALID for a group without members, one that contains a fused property (its own
 * or another's) or a key that two groups claim.
 */
export function fuseRedundant(options: {
  readonly state: StateStore;
  readonly clock: Clock;
  readonly groups: readonly RedundantSpec[];
}): RedundantFusion {
  const { state, clock, groups } = options;
  const fused = new Set(groups.map((group) => group.key));
  if (fused.size < groups.length) {
    const twice = groups.find((group, i) => groups.some((other, j) => j < i && other.key === group.key))!;
    throw new GanglionError('FUSION_INVALID', { key: twice.key, reason: 'two groups have this key' });
  }
  const byMember = new Map<number, Group[]>();
  for (const { key, members, method } of groups) {
    if (members.length === 0) throw new GanglionError('FUSION_INVALID', { key, reason: 'it has no members' });
    const nested = members.find((member) => fused.has(member));
    if (nested !== undefined) {
      throw new GanglionError('FUSION_INVALID', {
        key,
        reason: `its member ${nested} is a fused property itself`,
      });
    }
    const slots = [...new Set(members)].map((member) => state.slot(member));
    const group: Group = { key, slot: state.slot(key), members: slots, method, unit: undefined };
    state.setMaxAge(group.slot, Infinity);
    for (const slot of slots) byMember.set(slot, [...(byMember.get(slot) ?? []), group]);
  }
  return new RedundantFusion({ state, clock, byMember });
}

/** @param numbers not empty; sorted on return */
function medianOf(numbers: number[]): number {
  numbers.sort((a, b) => a - b);
  const middle = numbers.length >> 1;
  if (numbers.length % 2 === 1) return numbers[middle]!;
  return numbers[middle - 1]! / 2 + numbers[middle]! / 2;
}

/** The most frequent value; in a tie the present one if it is among them, else the first member's. */
function vote(values: readonly Value[], present: Value | undefined): Value {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  if (present !== undefined && counts.get(present) === most) return present;
  return values.find((value) => counts.get(value) === most)!;
}
