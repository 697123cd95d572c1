import type { Area, Entity, House } from '../contract/house.ts';

/** A house as plain data, to be handed to a thread. */
export interface PlainHouse {
  readonly version: number;
  readonly entities: readonly Entity[];
  readonly areas: readonly Area[];
}

export function plainHouse(house: House): PlainHouse {
  return { version: house.version, entities: [...house.entities()], areas: [...house.areas()] };
}

export function houseFromPlain({ version, entities, areas }: PlainHouse): House {
  const byId = new Map(entities.map((entity) => [entity.id, entity]));
  const areaById = new Map(areas.map((area) => [area.id, area]));
  return {
    version,
    entity: (id) => byId.get(id),
    entities: () => entities,
    area: (id) => areaById.get(id),
    areas: () => areas,
    ofDevice: (device) => entities.filter((entity) => entity.device === device),
  };
}
