import type { Resolved } from '../../runtime/contract/house.ts';
import type { EntityId, PropertyKey } from '../../runtime/contract/ids.ts';
import { entityOf, isPropertyKey, kindOf, propertyOf } from '../../runtime/contract/ids.ts';
import type { ValueSpec } from '../../runtime/contract/kinds.ts';
import { isKind, kindSpec } from '../../runtime/contract/kinds.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import type { Convert } from './convert.ts';
import { compileConvert } from './convert.ts';
import { applyField, type Field } from './device.ts';
import { buildEntity, type EntityTable } from './entities.ts';
import type { HouseDevice } from './housefile.ts';
import { sensorUnit } from './units.ts';

/** Observations that name their property themselves: plain JSON by path, this machine's own sensors. */
export class DirectKeys {
  readonly #entities: EntityTable;
  readonly #own: ReadonlyMap<EntityId, HouseDevice>;
  readonly #limit: number;
  readonly #fields = new Map<string, Field | undefined>();
  dropped = 0;

  constructor(entities: EntityTable, own: ReadonlyMap<EntityId, HouseDevice>, limit: number) {
    this.#entities = entities;
    this.#own = own;
    this.#limit = limit;
  }

  resolve(dialect: string, observation: Observation): Resolved | undefined {
    let field = this.#fields.get(observation.field);
    if (field === undefined) {
      if (this.#fields.has(observation.field)) return undefined;
      if (this.#fields.size >= this.#limit) {
        this.dropped++;
        return undefined;
      }
      field = isPropertyKey(observation.field)
        ? this.#learn(dialect, observation.field, observation)
        : undefined;
      this.#fields.set(observation.field, field);
      if (field === undefined) return undefined;
    }
    return applyField(field, observation);
  }

  #learn(dialect: string, key: PropertyKey, { value, unit }: Observation): Field | undefined {
    const id = entityOf(key);
    const kind = kindOf(id);
    if (!isKind(kind)) return undefined;
    const property = propertyOf(key);
    const spec = kindSpec(kind).properties[property];
    const known = this.#entities.get(id);
    const plain = sensorUnit(unit);
    const info = { ...known?.properties, [property]: plain === undefined ? {} : { unit: plain } };
    this.#entities.set(
      known === undefined
        ? buildEntity({
            id,
            dialect,
            device: `${dialect}/${id}`,
            deviceName: id.slice(id.indexOf('.') + 1).replaceAll('_', ' '),
            thing: { kind, suffix: '', properties: info, commands: [], fields: [] },
            area: undefined,
            own: this.#own.get(id),
          })
        : { ...known, properties: info },
    );
    const convert = spec === undefined ? { as: kindOfValue(value) } : convertFor(spec);
    return { key, convert: compileConvert(convert), unit: plain, wireUnit: undefined };
  }
}

function kindOfValue(value: Observation['value']): 'number' | 'text' | 'boolean' {
  return typeof value === 'string' ? 'text' : (typeof value as 'number' | 'boolean');
}

/** How a value that is almost plain becomes what its kind's table says. */
export function convertFor(spec: ValueSpec): Convert {
  switch (spec.type) {
    case 'number':
    case 'text':
    case 'boolean':
    case 'color':
      return { as: spec.type };
    case 'enum':
    default:
      if (spec.values?.length === 2 && spec.values[0] === 'on') return { as: 'onOff' };
      return { as: 'map', map: Object.fromEntries((spec.values ?? []).map((word) => [word, word])) };
  }
}
