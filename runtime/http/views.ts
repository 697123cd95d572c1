import type { RuntimeApi } from '../contract/api.ts';
import type { Entity, PropertyInfo } from '../contract/house.ts';
import { entityOf, type EntityId } from '../contract/ids.ts';
import type { PropertyState } from '../contract/state.ts';
import { GanglionError } from '../errors.ts';
import { didYouMean } from '../lib/suggest.ts';

export interface EntityView {
  readonly name: string;
  readonly kind: string;
  readonly area?: string;
  readonly properties: Readonly<Record<string, PropertyState>>;
}

export interface StateReply {
  readonly node: string;
  readonly version: number;
  readonly entities: Readonly<Record<EntityId, EntityView>>;
}

export interface AreaView {
  readonly id: string;
  readonly name: string;
  readonly floor?: string;
}

export interface DeviceView {
  /** `<dialect>/<device>` */
  readonly device: string;
  readonly dialect: string;
  readonly entities: readonly DeviceEntityView[];
}

export interface DeviceEntityView {
  readonly id: EntityId;
  readonly kind: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly area?: string;
  readonly critical: boolean;
  /** With what the device says of their units and ranges. */
  readonly properties: Readonly<Record<string, PropertyInfo>>;
  readonly commands: readonly string[];
}

export interface DevicesReply {
  readonly areas: readonly AreaView[];
  readonly devices: readonly DeviceView[];
}

/** All entities of house and state, or one. Throws HTTP_NOT_FOUND for one nobody has heard of. */
export function stateReply(api: RuntimeApi, only: EntityId | undefined): StateReply {
  const ids = new Set<EntityId>();
  if (only === undefined) {
    for (const entity of api.house.entities()) ids.add(entity.id);
    for (const id of api.state.entities()) ids.add(id);
  } else {
    requireEntity(api, only);
    ids.add(only);
  }
  const entries = [...ids].toSorted().map((id) => [id, entityView(api, id)] as const);
  // fromEntries defines own properties: a property named __proto__ stays data.
  return { node: api.node, version: api.state.version, entities: Object.fromEntries(entries) };
}

/** Throws HTTP_NOT_FOUND with what was probably meant. */
export function requireEntity(api: RuntimeApi, id: EntityId): void {
  if (api.house.entity(id) !== undefined || hasAny(api.state.entity(id))) return;
  const known = [...api.house.entities()].map((entity) => entity.id);
  throw new GanglionError('HTTP_NOT_FOUND', { what: `the entity ${id}`, hint: didYouMean(id, known) });
}

/** Throws HTTP_NOT_FOUND if neither house nor state know the property's entity. */
export function requireProperty(api: RuntimeApi, key: `${string}.${string}.${string}`): void {
  requireEntity(api, entityOf(key));
}

export function devicesReply(api: RuntimeApi): DevicesReply {
  const devices = new Map<string, DeviceEntityView[]>();
  for (const entity of api.house.entities()) {
    const list = devices.get(entity.device);
    if (list === undefined) devices.set(entity.device, [deviceEntityView(entity)]);
    else list.push(deviceEntityView(entity));
  }
  return {
    areas: [...api.house.areas()].map(({ id, name, floor }) => ({
      id,
      name,
      ...(floor !== undefined && { floor }),
    })),
    devices: [...devices]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([device, entities]) => ({ device, dialect: device.split('/', 1)[0] ?? '', entities })),
  };
}

function entityView(api: RuntimeApi, id: EntityId): EntityView {
  const entity = api.house.entity(id);
  return {
    name: entity?.name ?? id,
    kind: entity?.kind ?? id.slice(0, id.indexOf('.')),
    ...(entity?.area !== undefined && { area: entity.area }),
    properties: api.state.entity(id),
  };
}

function deviceEntityView(entity: Entity): DeviceEntityView {
  return {
    id: entity.id,
    kind: entity.kind,
    name: entity.name,
    aliases: entity.aliases,
    ...(entity.area !== undefined && { area: entity.area }),
    critical: entity.critical,
    properties: entity.properties,
    commands: entity.commands,
  };
}

function hasAny(properties: Readonly<Record<string, PropertyState>>): boolean {
  return Object.keys(properties).length > 0;
}
