import type { EntityId } from '../../runtime/contract/ids.ts';
import { slugify } from '../../runtime/contract/ids.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import type { Areas } from './areas.ts';
import type { Bindings } from './bindings.ts';
import { Device, IGNORED, mergeThing, type Field } from './device.ts';
import { buildEntity, type EntityTable } from './entities.ts';
import type { HouseDevice } from './housefile.ts';
import { infer } from './infer.ts';
import { placeOf } from './network.ts';
import type { NameBook } from './names.ts';
import { thingKey, type DevicePlan, type Origin, type ThingPlan } from './plan.ts';
import type { Problems } from './problems.ts';

export interface BookLimits {
  /** Devices of all dialects; half of them may be guessed. */
  readonly devices: number;
  readonly fieldsPerDevice: number;
}

export interface BookParts {
  readonly entities: EntityTable;
  readonly names: NameBook;
  readonly bindings: Bindings;
  readonly areas: Areas;
  readonly own: ReadonlyMap<EntityId, HouseDevice>;
  readonly problems: Problems;
  readonly limits: BookLimits;
  /** Zigbee2MQTT base topics. */
  readonly bases: readonly string[];
}

const NONE: readonly Device[] = [];

/** The devices of the house: by name for the hot path, by identity so that a renamed one stays the same. */
export class DeviceBook {
  readonly #parts: BookParts;
  readonly #byDialect = new Map<string, Map<string, Device>>();
  readonly #byIdentity = new Map<string, Device>();
  /** Devices whose fields mean something else than before, until somebody asks. */
  readonly #replanned = new Set<Device>();
  #count = 0;
  #guessed = 0;
  /** Observations given up because a device, or the house, was full. */
  dropped = 0;

  constructor(parts: BookParts) {
    this.#parts = parts;
  }

  find(dialect: string, device: string): Device | undefined {
    return this.#byDialect.get(dialect)?.get(device);
  }

  *all(): Iterable<Device> {
    for (const devices of this.#byDialect.values()) yield* devices.values();
  }

  /** Devices that were planned anew since this was last called. */
  takeReplanned(): readonly Device[] {
    if (this.#replanned.size === 0) return NONE;
    const devices = [...this.#replanned];
    this.#replanned.clear();
    return devices;
  }

  /** The whole truth about a device: what it had and the plan lacks goes. True if anything changed. */
  apply(plan: DevicePlan, origin: Origin): boolean {
    const known = this.#identify(plan);
    const device = known ?? this.#add(plan, origin);
    if (device === undefined) return false;
    const before = known === undefined ? '' : JSON.stringify([known.plan(), known.origin]);
    const guessed = known?.origin === 'inferred' && origin === 'announced';
    this.#adopt(device, plan, origin);
    if (known !== undefined && before === JSON.stringify([plan, origin])) return false;
    const wanted = new Set(plan.things.map((thing) => thingKey(thing.kind, thing.suffix)));
    for (const key of device.things.keys()) {
      if (wanted.has(key)) continue;
      this.#drop(device, key);
      if (guessed) this.#parts.names.release(device.owner(key));
    }
    this.#replanned.add(device);
    this.#bind(device, plan.things);
    for (const thing of plan.things) this.#place(device, thing);
    this.#refresh(device);
    return true;
  }

  remove(device: Device): void {
    for (const key of device.things.keys()) this.#drop(device, key);
    this.#replanned.delete(device);
    this.#byDialect.get(device.dialect)?.delete(device.device);
    if (device.identity !== undefined) this.#byIdentity.delete(`${device.dialect}/${device.identity}`);
    this.#count--;
    if (device.origin === 'inferred') this.#guessed--;
  }

  /** Guesses what a field nobody described is. Leaves a mark where it means nothing, so that it is asked once. */
  learn(dialect: string, observation: Observation): Field | undefined {
    let device = this.find(dialect, observation.device);
    if (device !== undefined && device.fields.size >= this.#parts.limits.fieldsPerDevice) {
      this.dropped++;
      return undefined;
    }
    const guess = observation.field.startsWith('@')
      ? undefined
      : infer(dialect, observation, {
          announced: device?.origin === 'announced',
          device: observation.device,
          place: () => placeOf(observation.device, this.#parts.bases),
          things: device?.things ?? new Map(),
          taken: (property) => device?.things.get('sensor')?.plan.properties[property] !== undefined,
        });
    if (guess === undefined) {
      device?.fields.set(observation.field, IGNORED);
      return undefined;
    }
    device ??= this.#add(
      { dialect, device: observation.device, name: guess.name ?? observation.device, things: [] },
      'inferred',
    );
    if (device === undefined) return undefined;
    if (guess.instead !== undefined) {
      this.#drop(device, guess.instead);
      this.#parts.names.release(device.owner(guess.instead));
      this.#replanned.add(device);
    }
    const key = thingKey(guess.thing.kind, guess.thing.suffix);
    const merged = mergeThing(device.things.get(key)?.plan, guess.thing);
    const others = [...device.things].filter(([other]) => other !== key).map(([, thing]) => thing.plan);
    const all = [...others, merged];
    // A new part may be the one house.yaml means: then an id moves, and every part is placed anew.
    const moved = this.#parts.bindings.of(device.key).length > 0;
    if (moved) {
      this.#bind(device, all);
      this.#replanned.add(device);
    }
    for (const thing of moved ? all : [merged]) this.#place(device, thing);
    this.#refresh(device);
    const field = device.fields.get(observation.field);
    return field === undefined || field === IGNORED ? undefined : field;
  }

  #identify(plan: DevicePlan): Device | undefined {
    if (plan.identity !== undefined) {
      const same = this.#byIdentity.get(`${plan.dialect}/${plan.identity}`);
      if (same !== undefined) {
        if (same.device !== plan.device) this.#rename(same, plan.device);
        return same;
      }
    }
    const named = this.find(plan.dialect, plan.device);
    // The name went over to another device: the old one keeps its identity and will be announced under another name.
    if (named?.identity !== undefined && plan.identity !== undefined && named.identity !== plan.identity) {
      this.remove(named);
      return undefined;
    }
    return named;
  }

  #rename(device: Device, to: string): void {
    const devices = this.#byDialect.get(device.dialect)!;
    const other = devices.get(to);
    if (other !== undefined) this.remove(other);
    devices.delete(device.device);
    device.device = to;
    devices.set(to, device);
  }

  #add(plan: DevicePlan, origin: Origin): Device | undefined {
    const { limits, problems } = this.#parts;
    if (this.#count >= limits.devices || (origin === 'inferred' && this.#guessed >= limits.devices / 2)) {
      this.dropped++;
      problems.add(
        `${plan.dialect} devices`,
        `Expected at most ${limits.devices} devices (half of them guessed from their messages) but received more; ${plan.dialect} device "${plan.device.slice(0, 80)}" and others are left out.`,
      );
      return undefined;
    }
    const device = new Device(plan, origin);
    let devices = this.#byDialect.get(plan.dialect);
    if (devices === undefined) this.#byDialect.set(plan.dialect, (devices = new Map()));
    devices.set(plan.device, device);
    if (plan.identity !== undefined) this.#byIdentity.set(`${plan.dialect}/${plan.identity}`, device);
    this.#count++;
    if (origin === 'inferred') this.#guessed++;
    return device;
  }

  #adopt(device: Device, plan: DevicePlan, origin: Origin): void {
    if (plan.identity !== undefined && device.identity === undefined) {
      for (const key of device.things.keys()) {
        this.#parts.names.move(device.owner(key), `${device.dialect}/${plan.identity}|${key}`);
      }
      device.identity = plan.identity;
      this.#byIdentity.set(`${plan.dialect}/${plan.identity}`, device);
    }
    if (device.origin === 'inferred' && origin !== 'inferred') this.#guessed--;
    device.origin = origin;
    device.name = plan.name;
    device.area = plan.area;
  }

  /** house.yaml's ids first: they may be taken from parts that are placed after. */
  #bind(device: Device, things: readonly ThingPlan[]): void {
    const { names, bindings } = this.#parts;
    for (const thing of things) {
      const bound = bindings.id(device.key, thing, things);
      if (bound !== undefined) names.bind(device.owner(thingKey(thing.kind, thing.suffix)), bound);
    }
  }

  #place(device: Device, thing: ThingPlan): void {
    const { names, bindings, entities } = this.#parts;
    const owner = device.owner(thingKey(thing.kind, thing.suffix));
    const slug = bindings.slug(device.key) ?? slugify(device.name).slice(0, 64);
    const wish: EntityId = `${thing.kind}.${slug}${thing.suffix === '' ? '' : `_${thing.suffix.slice(0, 64)}`}`;
    const id = names.claim(owner, wish, (taken) => entities.get(taken) !== undefined);
    if (id === undefined) {
      this.dropped++;
      return;
    }
    const before = device.things.get(thingKey(thing.kind, thing.suffix))?.id;
    if (before !== undefined && before !== id) entities.delete(before);
    device.set(thing, id);
  }

  #drop(device: Device, key: string): void {
    const thing = device.things.get(key);
    if (thing === undefined) return;
    device.things.delete(key);
    this.#parts.entities.delete(thing.id);
  }

  #refresh(device: Device): void {
    const { entities, areas, own } = this.#parts;
    device.compile();
    const area = areas.find(device.area, device.name);
    for (const thing of device.things.values()) {
      entities.set(
        buildEntity({
          id: thing.id,
          dialect: device.dialect,
          device: device.key,
          deviceName: device.name,
          thing: thing.plan,
          area,
          own: own.get(thing.id),
        }),
      );
    }
  }
}
