import type { Value } from '../../../runtime/contract/reading.ts';
import type { EntityId } from '../../../runtime/contract/ids.ts';
import { kindSpec } from '../../../runtime/contract/kinds.ts';
import type { PropertyState, StateSnapshot, StateView } from '../../../runtime/contract/state.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import type { Present } from '../../../runtime/modelhost/synapse/commands.ts';
import type { KnownFact } from '../corpus/example.ts';
import type { Home } from '../corpus/homes.ts';
import type { Random } from '../corpus/random.ts';

/**
 * A state of a home in which most things that can be asked for would change something: values that no request names
 * (`37.3 %`), so that only doing what is asked leads to the expected state.
 */
export function madeState(home: Home, random: Random, facts: readonly KnownFact[]): StateSnapshot {
  const state: Record<EntityId, Record<string, Value>> = {};
  for (const { entity } of home.entities) {
    const own: Record<string, Value> = {};
    for (const property of Object.keys(entity.properties)) {
      const { type, values } = {
        ...kindSpec(entity.kind).properties[property],
        ...entity.properties[property],
      };
      if (type === 'number') own[property] = 37.3;
      else if (type === 'boolean') own[property] = random.chance(0.5);
      else if (type === 'color') own[property] = '#123456';
      else if (values !== undefined && values.length > 0) own[property] = random.pick(values);
    }
    state[entity.id] = own;
  }
  for (const fact of facts) {
    if (fact.type === 'property') state[fact.entity] = { ...state[fact.entity], [fact.property]: fact.value };
  }
  return state;
}

export function presentIn(state: StateSnapshot): Present {
  return (entity, property) => state[entity.id]?.[property];
}

const NOW = 0 as WallMs;

/** All of it known, and just now. */
export function viewOf(state: StateSnapshot): Pick<StateView, 'get'> {
  const known: Record<string, PropertyState> = {};
  for (const [entity, properties] of Object.entries(state)) {
    for (const [name, value] of Object.entries(properties))
      known[`${entity}.${name}`] = { value, standing: 'known', at: NOW };
  }
  return { get: (key) => known[key] ?? { value: undefined, standing: 'unknown', at: NOW } };
}
