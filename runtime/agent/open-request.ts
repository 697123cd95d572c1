import type { Entity, House } from '../contract/house.ts';
import type { EntityId } from '../contract/ids.ts';
import type { Choice } from '../contract/rung.ts';
import type { OpenRequest } from '../deliberation.ts';

/** Entities a model is asked about: the likeliest so many, or more where the first reading alone needs them. */
const MAX_ENTITIES = 8;
const MOST_ENTITIES = 16;
/** A model may understand more calls than the linker did. */
const MIN_CALLS = 3;

/**
 * The space of a request the linker left open: the entities of its readings, likeliest first. Where it found none and
 * the house is small, all that take commands.
 */
export function openRequest(choices: readonly Choice[], house: House): OpenRequest {
  const named = entitiesOf(choices, house);
  const entities = named.length > 0 ? named : commandable(house);
  const longest = Math.max(MIN_CALLS, ...choices.map(({ calls }) => calls.length));
  return { choices, space: { entities, maxCalls: Math.min(longest, MOST_ENTITIES) } };
}

function entitiesOf(choices: readonly Choice[], house: House): Entity[] {
  const ids = new Set<EntityId>();
  for (const { calls } of choices) {
    const needed = new Set([...ids, ...calls.map((call) => call.entity)]);
    // A reading is offered whole or not at all.
    if (needed.size > (ids.size === 0 ? MOST_ENTITIES : MAX_ENTITIES)) continue;
    for (const id of needed) ids.add(id);
  }
  return [...ids].flatMap((id) => house.entity(id) ?? []);
}

function commandable(house: House): Entity[] {
  const able = [...house.entities()].filter(
    ({ target, commands }) => target !== undefined && commands.length > 0,
  );
  return able.length > MOST_ENTITIES ? [] : able.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
