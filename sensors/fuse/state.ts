import type { EntityId, PropertyKey } from '../../runtime/contract/ids.ts';
import { propertyOf } from '../../runtime/contract/ids.ts';
import type { Reading, Value } from '../../runtime/contract/reading.ts';
import type { PropertyState, Standing, StateSnapshot, StateView } from '../../runtime/contract/state.ts';
import type { Clock, MonoMs, WallMs } from '../../runtime/contract/time.ts';
import { ExpiryQueue } from './expiry.ts';
import { SlotTable } from './slots.ts';

export interface StateStoreOptions {
  readonly clock: Clock;
  /** Age after which a value is stale unless its entity or property has one of its own, ms. Default: never. */
  readonly maxAgeMs?: number;
  /** How much older than the present value a reading may say it is and still count as news, ms. Default 2000. */
  readonly skewMs?: number;
  /** For how long after a reading an older one counts as delivered out of order, ms. Default 30 000. */
  readonly reorderMs?: number;
  /** Properties that readings may create; further ones are refused and counted. Default 100 000. */
  readonly maxProperties?: number;
}

export interface StateCounters {
  /** Readings that came after a newer one of their property and were not taken. */
  outOfOrder: number;
  /** Readings of new properties beyond `maxProperties`. */
  overLimit: number;
  /** Numbers that are not finite, texts of over 4096 characters. */
  unusable: number;
}

const UNKNOWN = 0;
const KNOWN = 1;
const STALE = 2;
const UNAVAILABLE = 3;
const STANDINGS: readonly Standing[] = ['unknown', 'known', 'stale', 'unavailable'];
const MAX_TEXT = 4096;

/**
 * The fused picture of the place: the latest value of every property, in arrays indexed by slot.
 *
 *     slot      0     1     2     3
 *     numbers  21.5   —    40     —      numeric values
 *     others    —   'on'    —   true     texts and booleans; undefined where the value is a number
 *     shown     1     1     2     3      known, known, stale, unavailable
 *     base      1     1     2     1      what `shown` is while the entity is available
 *
 * **Order.** A reading whose source time is more than `skewMs` older than the present one arrived out of order and is
 * not taken. A device whose clock is wrong must not freeze, so (1) a source time later than our own clock counts as
 * now, and (2) an older reading is taken after all when the property has had no reading for `reorderMs`: late
 * deliveries come in a burst, a clock that was set back stays back. The worst such a clock costs is `reorderMs` once.
 *
 * **Age** counts from receipt on the monotonic clock, so that neither a device's clock nor a jump of ours makes a value
 * stale; only retained and restored readings, whose receipt says nothing, are as old as they say they are.
 *
 * **Availability** is said by availability messages alone. A reading of an unavailable entity is kept but does not
 * make it available: hubs publish cached values of devices that are gone.
 */
export class StateStore implements StateView {
  readonly counters: StateCounters = { outOfOrder: 0, overLimit: 0, unusable: 0 };
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #skewMs: number;
  readonly #reorderMs: number;
  readonly #maxProperties: number;
  readonly #table = new SlotTable();
  readonly #expiry = new ExpiryQueue();
  #version = 0;
  #numbers = new Float64Array(256);
  #at = new Float64Array(256);
  #received = new Float64Array(256);
  #maxAge = new Float64Array(256);
  #shown = new Uint8Array(256);
  #base = new Uint8Array(256);
  /** Slots that are unavailable on their own account: fused properties without a usable member. */
  readonly #withheld = new Set<number>();
  readonly #others: (string | boolean | undefined)[] = [];
  readonly #units: (string | undefined)[] = [];

  constructor(options: StateStoreOptions) {
    this.#clock = options.clock;
    this.#maxAgeMs = options.maxAgeMs ?? Infinity;
    this.#skewMs = options.skewMs ?? 2000;
    this.#reorderMs = options.reorderMs ?? 30_000;
    this.#maxProperties = options.maxProperties ?? 100_000;
  }

  get version(): number {
    return this.#version;
  }

  /** How many slots there are, seen or not. */
  get size(): number {
    return this.#table.size;
  }

  slot(key: PropertyKey): number {
    return this.#table.find(key) ?? this.#addSlot(key);
  }

  key(slot: number): PropertyKey {
    return this.#table.key(slot)!;
  }

  current(slot: number): Value | undefined {
    if (this.#shown[slot] !== KNOWN) return undefined;
    return this.#others[slot] ?? this.#numbers[slot];
  }

  standing(slot: number): Standing {
    return STANDINGS[this.#shown[slot] ?? UNKNOWN]!;
  }

  get(key: PropertyKey): PropertyState {
    const slot = this.#table.find(key);
    if (slot === undefined) return { value: undefined, standing: 'unknown', at: 0 as WallMs };
    return this.#propertyState(slot);
  }

  entity(id: EntityId): Readonly<Record<string, PropertyState>> {
    const seen = (this.#table.findEntity(id)?.slots ?? []).filter((slot) => this.#base[slot] !== UNKNOWN);
    // fromEntries defines own properties, so that one named __proto__ is just a name.
    return Object.fromEntries(seen.map((slot) => [propertyOf(this.key(slot)), this.#propertyState(slot)]));
  }

  /** Entities of which at least one property was ever seen. */
  *entities(): Iterable<EntityId> {
    for (const [id, { slots }] of this.#table.entities()) {
      if (slots.some((slot) => this.#base[slot] !== UNKNOWN)) yield id;
    }
  }

  /**
   * Takes a reading. Returns its slot if value or standing changed, else −1 (the times are refreshed all the same).
   * Allocates nothing once the property has a slot.
   */
  apply(reading: Reading): number {
    const { value } = reading;
    if (!isUsable(value)) {
      this.counters.unusable++;
      return -1;
    }
    let slot = this.#table.find(reading.key);
    if (slot === undefined) {
      if (this.#table.size >= this.#maxProperties) {
        this.counters.overLimit++;
        return -1;
      }
      slot = this.#addSlot(reading.key);
    }
    const wall = this.#clock.wall();
    const at = Math.min(reading.at, wall);
    const seen = this.#base[slot] !== UNKNOWN;
    if (
      seen &&
      at < this.#at[slot]! - this.#skewMs &&
      reading.received - this.#received[slot]! < this.#reorderMs
    ) {
      this.counters.outOfOrder++;
      return -1;
    }
    return this.#take(slot, reading, at, reading.received - (reading.retained ? wall - at : 0));
  }

  /**
   * An availability message: the entities' properties turn unavailable, keeping their last values, or back to what
   * they would be. Returns the slots whose standing changed.
   */
  setAvailable(entities: Iterable<EntityId>, available: boolean): number[] {
    const changed: number[] = [];
    for (const id of entities) {
      const entry = this.#table.entityEntry(id);
      entry.available = available;
      for (const slot of entry.slots) if (this.#show(slot, this.#standingOf(slot))) changed.push(slot);
    }
    return changed;
  }

  /** The same for one property, whatever its entity's availability. Returns whether its standing changed. */
  setSlotAvailable(slot: number, available: boolean): boolean {
    if (available) this.#withheld.delete(slot);
    else this.#withheld.add(slot);
    return this.#show(slot, this.#standingOf(slot));
  }

  /**
   * A reading that filters held back: not the value, but the property is as fresh as if it had come. Returns the slot
   * if that made a stale value known, else −1.
   */
  refresh(reading: Reading): number {
    const slot = this.#table.find(reading.key);
    if (slot === undefined || this.#base[slot] === UNKNOWN || reading.retained) return -1;
    this.#at[slot] = Math.max(this.#at[slot]!, Math.min(reading.at, this.#clock.wall()));
    return this.#freshen(slot, reading.received, false);
  }

  /** The age after which one property (by slot) or every property of an entity is stale, ms; Infinity: never. */
  setMaxAge(target: number | EntityId, ms: number): void {
    if (typeof target === 'number') {
      this.#setSlotMaxAge(target, ms);
      return;
    }
    const entry = this.#table.entityEntry(target);
    entry.maxAgeMs = ms;
    for (const slot of entry.slots) this.#setSlotMaxAge(slot, ms);
  }

  /** As if nothing had ever been read of these. Returns the slots of those that were known. */
  forget(keys: Iterable<PropertyKey>): number[] {
    const changed: number[] = [];
    for (const key of keys) {
      const slot = this.#table.find(key);
      if (slot === undefined || this.#base[slot] === UNKNOWN) continue;
      this.#base[slot] = UNKNOWN;
      this.#others[slot] = undefined;
      this.#units[slot] = undefined;
      this.#at[slot] = 0;
      if (this.#show(slot, this.#standingOf(slot))) changed.push(slot);
    }
    return changed;
  }

  /** Turns known values into stale ones where they are too old; returns the slots whose standing changed. */
  expire(now: MonoMs = this.#clock.mono()): number[] {
    const changed: number[] = [];
    for (let slot = this.#expiry.takeDue(now); slot !== -1; slot = this.#expiry.takeDue(now)) {
      const deadline = this.#received[slot]! + this.#maxAge[slot]!;
      if (this.#base[slot] !== KNOWN || deadline === Infinity) continue;
      if (deadline > now) {
        this.#expiry.add(slot, deadline);
        continue;
      }
      this.#base[slot] = STALE;
      if (this.#shown[slot] !== UNAVAILABLE && this.#show(slot, STALE)) changed.push(slot);
    }
    return changed;
  }

  /** Before this moment of the monotonic clock `expire` finds nothing, unless readings come. Infinity: never. */
  get nextExpiryMs(): number {
    return this.#expiry.nextMs;
  }

  /** Fills in the last readings of an earlier run, silently. Their age is what the wall clock says. */
  restore(readings: Iterable<Reading>): void {
    const wall = this.#clock.wall();
    const mono = this.#clock.mono();
    for (const reading of readings) {
      if (!isUsable(reading.value)) continue;
      const slot = this.slot(reading.key);
      if (this.#base[slot] !== UNKNOWN) continue;
      const at = Math.min(reading.at, wall);
      this.#take(slot, reading, at, mono - (wall - at));
    }
    this.expire(mono);
  }

  /** Every known value. */
  snapshot(): StateSnapshot {
    const entities: [string, Record<string, Value>][] = [];
    for (const [id, { slots }] of this.#table.entities()) {
      const known = slots.filter((slot) => this.#shown[slot] === KNOWN);
      if (known.length === 0) continue;
      const values = known.map((slot): [string, Value] => [propertyOf(this.key(slot)), this.current(slot)!]);
      entities.push([id, Object.fromEntries(values)]);
    }
    return Object.fromEntries(entities);
  }

  #take(slot: number, reading: Reading, at: number, received: number): number {
    const { value } = reading;
    let changed = this.#base[slot] === UNKNOWN;
    if (typeof value === 'number') {
      changed ||= this.#numbers[slot] !== value || this.#others[slot] !== undefined;
      this.#numbers[slot] = value;
      this.#others[slot] = undefined;
    } else if (this.#others[slot] !== value) {
      changed = true;
      this.#others[slot] = value;
    }
    if (reading.unit !== undefined) this.#units[slot] = reading.unit;
    this.#at[slot] = at;
    return this.#freshen(slot, received, changed);
  }

  #freshen(slot: number, received: number, changed: boolean): number {
    this.#received[slot] = received;
    if (!this.#expiry.has(slot) && this.#maxAge[slot] !== Infinity) {
      this.#expiry.add(slot, received + this.#maxAge[slot]!);
    }
    this.#base[slot] = KNOWN;
    const woke = this.#shown[slot] !== UNAVAILABLE && this.#shown[slot] !== KNOWN;
    if (!changed && !woke) return -1;
    if (woke) this.#shown[slot] = KNOWN;
    this.#version++;
    return slot;
  }

  #standingOf(slot: number): number {
    return this.#table.owner(slot).available && !this.#withheld.has(slot) ? this.#base[slot]! : UNAVAILABLE;
  }

  #show(slot: number, standing: number): boolean {
    if (this.#shown[slot] === standing) return false;
    this.#shown[slot] = standing;
    this.#version++;
    return true;
  }

  #setSlotMaxAge(slot: number, ms: number): void {
    this.#maxAge[slot] = ms;
    const deadline = this.#received[slot]! + ms;
    if (this.#base[slot] === STALE && deadline > this.#clock.mono()) {
      this.#base[slot] = KNOWN;
      if (this.#shown[slot] === STALE) this.#show(slot, KNOWN);
    }
    if (this.#base[slot] === KNOWN && ms !== Infinity) this.#expiry.add(slot, deadline);
  }

  #propertyState(slot: number): PropertyState {
    const unit = this.#units[slot];
    return {
      value: this.#base[slot] === UNKNOWN ? undefined : (this.#others[slot] ?? this.#numbers[slot]),
      ...(unit === undefined ? {} : { unit }),
      standing: this.standing(slot),
      at: this.#at[slot]! as WallMs,
    };
  }

  #addSlot(key: PropertyKey): number {
    const slot = this.#table.add(key);
    if (slot === this.#shown.length) this.#grow(slot * 2);
    const owner = this.#table.owner(slot);
    this.#maxAge[slot] = owner.maxAgeMs ?? this.#maxAgeMs;
    this.#shown[slot] = owner.available ? UNKNOWN : UNAVAILABLE;
    this.#others.push(undefined);
    this.#units.push(undefined);
    return slot;
  }

  #grow(length: number): void {
    const floats = (old: Float64Array) => {
      const grown = new Float64Array(length);
      grown.set(old);
      return grown;
    };
    const bytes = (old: Uint8Array) => {
      const grown = new Uint8Array(length);
      grown.set(old);
      return grown;
    };
    this.#numbers = floats(this.#numbers);
    this.#at = floats(this.#at);
    this.#received = floats(this.#received);
    this.#maxAge = floats(this.#maxAge);
    this.#shown = bytes(this.#shown);
    this.#base = bytes(this.#base);
  }
}

function isUsable(value: Value): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'boolean' || value.length <= MAX_TEXT;
}
