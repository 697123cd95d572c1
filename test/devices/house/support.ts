import type { Area, Entity, House, PropertyInfo } from '../../../runtime/contract/house.ts';
import { entityOf, propertyOf, type EntityId, type PropertyKey } from '../../../runtime/contract/ids.ts';
import { isKind, kindSpec } from '../../../runtime/contract/kinds.ts';
import type { PropertyState, StateSnapshot, StateView } from '../../../runtime/contract/state.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';

export interface EntitySketch {
  readonly name: string;
  readonly area?: string;
  readonly aliases?: readonly string[];
}

/** A house of plain data, each entity with everything its kind has. */
export function houseOf(areas: readonly Area[], sketches: Readonly<Record<string, EntitySketch>>): House {
  const entities = new Map<string, Entity>();
  for (const [id, sketch] of Object.entries(sketches)) {
    const kind = id.slice(0, id.indexOf('.'));
    if (!isKind(kind)) continue;
    const spec = kindSpec(kind);
    const properties: Record<string, PropertyInfo> = {};
    for (const [name, { min, max, values, unit }] of Object.entries(spec.properties)) {
      properties[name] = {
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
        ...(values === undefined ? {} : { values }),
        ...(unit === undefined ? {} : { unit }),
      };
    }
    entities.set(id, {
      id: id as EntityId,
      kind,
      name: sketch.name,
      aliases: sketch.aliases ?? [],
      ...(sketch.area === undefined ? {} : { area: sketch.area }),
      device: `test/${id}`,
      critical: spec.critical,
      properties,
      commands: Object.keys(spec.commands),
    });
  }
  return {
    version: 1,
    entity: (id) => entities.get(id),
    entities: () => entities.values(),
    area: (id) => areas.find((area) => area.id === id),
    areas: () => areas,
    ofDevice: (device) => [...entities.values()].filter((entity) => entity.device === device),
  };
}

/** As much of a state view as the linker reads. */
export function stateOf(snapshot: StateSnapshot): Pick<StateView, 'get'> {
  return {
    get(key: PropertyKey): PropertyState {
      const value = snapshot[entityOf(key)]?.[propertyOf(key)];
      return { value, standing: value === undefined ? 'unknown' : 'known', at: 0 as WallMs };
    },
  };
}
