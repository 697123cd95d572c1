import type { Area, Entity } from '../../runtime/contract/house.ts';
import type { EntityId } from '../../runtime/contract/ids.ts';
import { kindSpec } from '../../runtime/contract/kinds.ts';
import type { HouseDevice } from './housefile.ts';
import type { ThingPlan } from './plan.ts';

/** The entities by id and by device, and the version that grows with them. */
export class EntityTable {
  readonly #byId = new Map<EntityId, Entity>();
  readonly #byDevice = new Map<string, Entity[]>();
  readonly #listeners = new Set<() => void>();
  #version = 0;

  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: EntityId): Entity | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<Entity> {
    return this.#byId.values();
  }

  ofDevice(device: string): readonly Entity[] {
    return this.#byDevice.get(device) ?? [];
  }

  set(entity: Entity): void {
    this.#forget(entity.id);
    this.#byId.set(entity.id, entity);
    const siblings = this.#byDevice.get(entity.device);
    if (siblings === undefined) this.#byDevice.set(entity.device, [entity]);
    else siblings.push(entity);
  }

  delete(id: EntityId): void {
    this.#forget(id);
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Once after a batch of changes. */
  changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }

  #forget(id: EntityId): void {
    const old = this.#byId.get(id);
    if (old === undefined) return;
    this.#byId.delete(id);
    const rest = this.ofDevice(old.device).filter((entity) => entity.id !== id);
    if (rest.length === 0) this.#byDevice.delete(old.device);
    else this.#byDevice.set(old.device, rest);
  }
}

export interface EntityParts {
  readonly id: EntityId;
  readonly dialect: string;
  readonly device: string;
  readonly deviceName: string;
  readonly thing: ThingPlan;
  readonly area: Area | undefined;
  readonly own: HouseDevice | undefined;
}

/** What discovery found, with house.yaml's name, aliases, area and critical on top. */
export function buildEntity({ id, dialect, device, deviceName, thing, area, own }: EntityParts): Entity {
  const areaId = own?.area ?? area?.id;
  return {
    id,
    kind: thing.kind,
    name: own?.name ?? thing.name ?? nameOf(deviceName, thing),
    aliases: own?.aliases ?? [],
    ...(areaId !== undefined && { area: areaId }),
    device,
    ...(thing.address !== undefined &&
      thing.commands.length > 0 && { target: { dialect, address: thing.address } }),
    critical: own?.critical ?? kindSpec(thing.kind).critical,
    properties: thing.properties,
    commands: thing.commands.filter((name) => Object.hasOwn(kindSpec(thing.kind).commands, name)),
    ...(own?.staleAfterMs !== undefined && { staleAfterMs: own.staleAfterMs }),
  };
}

function nameOf(deviceName: string, thing: ThingPlan): string {
  return thing.suffix === '' ? deviceName : `${deviceName} ${thing.suffix.replaceAll('_', ' ')}`;
}
