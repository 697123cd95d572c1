import type { Area, Entity, House } from '../../runtime/contract/house.ts';
import type { EntityId } from '../../runtime/contract/ids.ts';
import { kindOf } from '../../runtime/contract/ids.ts';
import { isKind, kindSpec } from '../../runtime/contract/kinds.ts';

/** An entity with everything its kind can do. */
export function entity(id: EntityId, extra: Partial<Entity> = {}): Entity {
  const kind = kindOf(id);
  if (!isKind(kind)) throw new TypeError(`${kind} is no kind`);
  const commands = Object.keys(kindSpec(kind).commands);
  return {
    id,
    kind,
    name: id,
    aliases: [],
    device: `zigbee2mqtt/${id}`,
    ...(commands.length === 0 ? {} : { target: { dialect: 'zigbee2mqtt', address: { topic: id } } }),
    critical: kindSpec(kind).critical,
    properties: {},
    commands,
    ...extra,
  };
}

/** A house that stands still. */
export function houseOf(entities: readonly Entity[], areas: readonly Area[] = []): House {
  return {
    version: 1,
    entity: (id) => entities.find((one) => one.id === id),
    entities: () => entities,
    area: (id) => areas.find((one) => one.id === id),
    areas: () => areas,
    ofDevice: (device) => entities.filter((one) => one.device === device),
  };
}
