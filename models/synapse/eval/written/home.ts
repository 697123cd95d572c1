import { readHouseFile } from '../../../../devices/index.ts';
import type { Entity } from '../../../../runtime/contract/house.ts';
import type { EntityId } from '../../../../runtime/contract/ids.ts';
import { kindOf } from '../../../../runtime/contract/ids.ts';
import { isKind, kindSpec } from '../../../../runtime/contract/kinds.ts';
import type { Value } from '../../../../runtime/contract/reading.ts';
import { GanglionError } from '../../../../runtime/errors.ts';
import { homeOf, type HomeEntity } from '../../corpus/homes.ts';
import { invalid, mapping, type Place } from './end.ts';

/**
 * A home from the content of a house.yaml. A device has the properties that `state:` gives it, so a lamp without a
 * brightness there cannot be dimmed. Throws CONFIG_INVALID.
 */
export function readWrittenHome(content: unknown, file: string): Place {
  const { house, problems } = readHouseFile(content);
  if (problems.length > 0)
    throw new GanglionError('CONFIG_INVALID', { file, problems: problems.map(({ message }) => message) });
  const state: Record<EntityId, Record<string, Value>> = Object.fromEntries(
    [...house.devices.keys()].map((id) => [id, {}]),
  );
  const written = mapping(mapping(content, 'the house', { file })['state'], 'state', { file });
  for (const [id, properties] of Object.entries(written)) {
    if (!house.devices.has(id as EntityId)) throw invalid(file, `Expected a device for ${id} in state.`);
    state[id as EntityId] = mapping(properties, id, { file }) as Record<string, Value>;
  }
  const entities = [...house.devices.values()].flatMap(({ id, name = id, aliases, area }): HomeEntity[] => {
    const kind = kindOf(id);
    if (!isKind(kind)) return [];
    const spec = kindSpec(kind);
    const commands = Object.keys(spec.commands);
    const entity: Entity = {
      id,
      kind,
      name,
      aliases,
      device: `written/${id}`,
      critical: spec.critical,
      properties: Object.fromEntries(Object.keys(state[id] ?? {}).map((property) => [property, {}])),
      commands,
      ...(commands.length === 0 ? {} : { target: { dialect: 'made', address: {} } }),
      ...(area === undefined ? {} : { area }),
    };
    return [{ entity, name, aliases }];
  });
  return { home: homeOf(entities, [...house.areas.values()], [...house.floors.values()]), state, file };
}
