import type { Call } from '../../runtime/contract/action.ts';
import type { Area, Entity, House, PropertyInfo } from '../../runtime/contract/house.ts';
import { type EntityId, entityOf, kindOf, type PropertyKey, propertyOf } from '../../runtime/contract/ids.ts';
import { isKind, kindSpec } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { RungRequest } from '../../runtime/contract/rung.ts';
import type { PropertyState, Standing, StateView } from '../../runtime/contract/state.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';
import type { Now } from '../../policies/index.ts';
import type { Reader } from '../../policies/rules/compile.ts';
import type { LocalTime } from '../../policies/rules/local-time.ts';
import { Watches } from '../../policies/rules/watch/watches.ts';

/** A state that tests write to directly. */
export class TestState implements StateView {
  version = 0;
  readonly #slots = new Map<PropertyKey, number>();
  readonly #keys: PropertyKey[] = [];
  readonly #values: (Value | undefined)[] = [];
  readonly #standing: Standing[] = [];
  readonly units = new Map<PropertyKey, string>();

  slot(key: PropertyKey): number {
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#keys.length;
      this.#slots.set(key, slot);
      this.#keys.push(key);
      this.#values.push(undefined);
      this.#standing.push('unknown');
    }
    return slot;
  }

  key(slot: number): PropertyKey {
    return this.#keys[slot]!;
  }

  current(slot: number): Value | undefined {
    return this.#standing[slot] === 'known' ? this.#values[slot] : undefined;
  }

  standing(slot: number): Standing {
    return this.#standing[slot] ?? 'unknown';
  }

  get(key: PropertyKey): PropertyState {
    const slot = this.slot(key);
    const unit = this.units.get(key);
    return {
      value: this.#values[slot],
      standing: this.standing(slot),
      at: 0 as WallMs,
      ...(unit === undefined ? {} : { unit }),
    };
  }

  entity(id: EntityId): Record<string, PropertyState> {
    const mine = this.#keys.filter((key) => entityOf(key) === id);
    return Object.fromEntries(mine.map((key) => [propertyOf(key), this.get(key)]));
  }

  entities(): Iterable<EntityId> {
    return new Set(this.#keys.map(entityOf));
  }

  /** Writes a value, or undefined for one whose device is away; returns the slot. */
  set(key: PropertyKey, value: Value | undefined): number {
    const slot = this.slot(key);
    this.version++;
    if (value !== undefined) this.#values[slot] = value;
    this.#standing[slot] = value === undefined ? 'unavailable' : 'known';
    return slot;
  }
}

/** What compiled expressions read, over a state and a time. */
export function readerOf(state: StateView, time: LocalTime): Reader {
  const watches = new Watches(undefined);
  const reader: Reader = { state, time, watches };
  watches.attach(reader);
  return reader;
}

export interface TestEntity {
  readonly properties?: Readonly<Record<string, PropertyInfo>>;
  readonly commands?: readonly string[];
  /** Default: its id. */
  readonly name?: string;
  readonly area?: string;
}

/** A house of the given entities; those of acting kinds take all commands of their kind. */
export class TestHouse implements House {
  version = 0;
  readonly #entities = new Map<EntityId, Entity>();

  constructor(entities: Readonly<Record<EntityId, TestEntity>>) {
    for (const [id, entity] of Object.entries(entities)) this.add(id as EntityId, entity);
  }

  add(id: EntityId, { properties = {}, commands, name = id, area }: TestEntity = {}): void {
    const kind = kindOf(id);
    if (!isKind(kind)) throw new TypeError(`no kind ${kind}`);
    this.version++;
    this.#entities.set(id, {
      id,
      kind,
      name,
      aliases: [],
      device: `test/${id}`,
      ...(area === undefined ? {} : { area }),
      critical: kindSpec(kind).critical,
      properties,
      commands: commands ?? Object.keys(kindSpec(kind).commands),
    });
  }

  remove(id: EntityId): void {
    this.version++;
    this.#entities.delete(id);
  }

  entity(id: EntityId): Entity | undefined {
    return this.#entities.get(id);
  }
  entities(): Iterable<Entity> {
    return this.#entities.values();
  }
  /** Areas are those that entities are in. */
  area(id: string): Area | undefined {
    return [...this.areas()].find((area) => area.id === id);
  }
  areas(): Iterable<Area> {
    const ids = new Set([...this.#entities.values()].flatMap(({ area }) => area ?? []));
    return [...ids].map((id) => ({ id, name: `The ${id}`, aliases: [] }));
  }
  ofDevice(device: string): readonly Entity[] {
    return [...this.#entities.values()].filter((entity) => entity.device === device);
  }
}

/** 2026-03-04 is a Wednesday. */
export const START = Date.UTC(2026, 2, 4, 12, 0);

export function at(offsetMs: number, startWall = START): Now {
  return { wall: (startWall + offsetMs) as WallMs, mono: (1000 + offsetMs) as MonoMs };
}

/** What the tests' house has: a hall with light, motion and illuminance, and a living room. */
export function testHouse(): TestHouse {
  return new TestHouse({
    'light.hall': {},
    'light.kitchen': {},
    'fan.living': {},
    'cover.living_window': {},
    'lock.door': {},
    'notify.phone': {},
    'binary_sensor.hall_motion': {},
    'binary_sensor.door': { properties: { state: { values: ['on', 'off'] } } },
    'sensor.hall': { properties: { illuminance: { unit: 'lx' }, mode: { values: ['day', 'night'] } } },
    'sensor.living': { properties: { co2: { unit: 'ppm' }, temperature: { unit: '°C' } } },
    'person.anna': {},
  });
}

/** A request of policy `fresh-air` with two features and three choices. */
export function request(values: readonly number[], changes: Partial<RungRequest> = {}): RungRequest {
  const fan: Call = { entity: 'fan.living', command: 'turn_on', args: { speed: 60 } };
  const open: Call = { entity: 'cover.living_window', command: 'open', args: {} };
  return {
    policy: 'fresh-air',
    choices: [
      { label: 'none', calls: [] },
      { label: 'fan.living.turn_on(speed: 60)', calls: [fan] },
      { label: 'cover.living_window.open', calls: [open] },
    ],
    frame: { names: FEATURES, values: Float64Array.from(values), stateVersion: 1 },
    guidance: 'Keep CO2 under 1000 ppm.',
    state: new TestState(),
    house: testHouse(),
    budgetMs: 1000,
    ...changes,
  };
}

export const FEATURES: readonly string[] = ['sensor.living.co2', 'now.hour'];
