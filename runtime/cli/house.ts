import type { Area, Entity, House } from '../contract/house.ts';
import { isEntityId } from '../contract/ids.ts';
import { isKind } from '../contract/kinds.ts';
import type { DevicesReply } from '../http/views.ts';

/**
 * The house of a running daemon as its answer describes it: enough to check policies against, and to test and replay them. How
 * a device is reached is not told; what takes commands can be.
 */
export function houseOf(reply: DevicesReply): House {
  const entities = new Map<string, Entity>();
  for (const { device, entities: list } of reply.devices) {
    for (const { id, kind, ...rest } of list) {
      if (isEntityId(id) && isKind(kind)) {
        const target = rest.commands.length === 0 ? {} : { target: { dialect: 'daemon', address: {} } };
        entities.set(id, { id, kind, device, ...target, ...rest });
      }
    }
  }
  const areas = new Map<string, Area>(reply.areas.map((area) => [area.id, { ...area, aliases: [] }]));
  return {
    version: 1,
    entity: (id) => entities.get(id),
    entities: () => entities.values(),
    area: (id) => areas.get(id),
    areas: () => areas.values(),
    ofDevice: (device) => [...entities.values()].filter((entity) => entity.device === device),
  };
}
