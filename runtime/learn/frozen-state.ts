import { propertyKey, type EntityId, type PropertyKey } from '../contract/ids.ts';
import type { PropertyState, StateView } from '../contract/state.ts';

const UNKNOWN: Omit<PropertyState, 'at'> = { value: undefined, standing: 'unknown' };

/**
 * The state as it is at this moment, kept: whoever is asked about a decision later is to see what it was made on.
 * Copies references to all properties, some thousand at most.
 */
export function frozen(state: StateView): StateView {
  const entities = new Map<EntityId, Readonly<Record<string, PropertyState>>>();
  const properties = new Map<PropertyKey, PropertyState>();
  for (const id of state.entities()) {
    const own = state.entity(id);
    entities.set(id, own);
    for (const [name, property] of Object.entries(own)) properties.set(propertyKey(id, name), property);
  }
  const get = (key: PropertyKey): PropertyState =>
    properties.get(key) ?? { ...UNKNOWN, at: state.get(key).at };
  const { version } = state;
  return {
    version,
    slot: (key) => state.slot(key),
    key: (slot) => state.key(slot),
    current: (slot) => {
      const { value, standing } = get(state.key(slot));
      return standing === 'known' ? value : undefined;
    },
    standing: (slot) => get(state.key(slot)).standing,
    get,
    entity: (id) => entities.get(id) ?? {},
    entities: () => entities.keys(),
  };
}
