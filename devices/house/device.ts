import type { EntityId, PropertyKey } from '../../runtime/contract/ids.ts';
import { propertyKey } from '../../runtime/contract/ids.ts';
import type { Resolved } from '../../runtime/contract/house.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import { compileConvert, type Converter } from './convert.ts';
import type { DevicePlan, Origin, ThingPlan } from './plan.ts';
import { thingKey } from './plan.ts';
import { sensorUnit } from './units.ts';

/** A field as the hot path uses it: one look-up, one conversion. */
export interface Field {
  readonly key: PropertyKey;
  readonly convert: Converter;
  readonly unit: string | undefined;
  /** What the wire value is measured in where the observation does not say. */
  readonly wireUnit: string | undefined;
}

/** A field that was looked at and means nothing to the house. */
export const IGNORED = Symbol('ignored field');

export interface Thing {
  plan: ThingPlan;
  readonly id: EntityId;
}

/** One physical device: its plan, the ids of its entities, and its compiled fields. */
export class Device {
  readonly dialect: string;
  /** As observations name it; changes when the device is renamed. */
  device: string;
  identity: string | undefined;
  name: string;
  area: string | undefined;
  origin: Origin;
  readonly things = new Map<string, Thing>();
  readonly fields = new Map<string, Field | typeof IGNORED>();

  constructor(plan: DevicePlan, origin: Origin) {
    this.dialect = plan.dialect;
    this.device = plan.device;
    this.identity = plan.identity;
    this.name = plan.name;
    this.area = plan.area;
    this.origin = origin;
  }

  /** Nothing more will be said of what it is. Home Assistant's discovery comes in pieces of which none is the last. */
  get settled(): boolean {
    return this.origin === 'announced' && this.dialect !== 'homeassistant';
  }

  /** `<dialect>/<device>`, as entities name it. */
  get key(): string {
    return `${this.dialect}/${this.device}`;
  }

  /** What its entity ids belong to. */
  owner(kindAndSuffix: string): string {
    return `${this.dialect}/${this.identity ?? this.device}|${kindAndSuffix}`;
  }

  set(plan: ThingPlan, id: EntityId): void {
    this.things.set(thingKey(plan.kind, plan.suffix), { plan, id });
  }

  /** Compiles the fields anew from the things. */
  compile(): void {
    this.fields.clear();
    for (const thing of this.things.values()) {
      for (const field of thing.plan.fields) {
        if (this.fields.has(field.field)) continue;
        this.fields.set(field.field, {
          key: propertyKey(thing.id, field.property),
          convert: compileConvert(field.convert),
          unit: field.convert.as === 'number' ? sensorUnit(field.unit) : field.unit,
          wireUnit: field.unit,
        });
      }
    }
  }

  plan(): DevicePlan {
    return {
      dialect: this.dialect,
      device: this.device,
      ...(this.identity !== undefined && { identity: this.identity }),
      name: this.name,
      ...(this.area !== undefined && { area: this.area }),
      things: [...this.things.values()].map((thing) => thing.plan),
    };
  }
}

/** Runs a compiled field. Undefined: the value has no meaning there. */
export function applyField(field: Field, observation: Observation): Resolved | undefined {
  const said = observation.unit;
  const value = field.convert(observation.value, said ?? field.wireUnit);
  if (value === undefined) return undefined;
  const unit = said === undefined ? field.unit : sensorUnit(said);
  return unit === undefined || typeof value !== 'number'
    ? { key: field.key, value }
    : { key: field.key, value, unit };
}

/** Two plans of one thing as one: what is new wins, nothing is lost. */
export function mergeThing(old: ThingPlan | undefined, add: ThingPlan): ThingPlan {
  if (old === undefined) return add;
  const fields = new Map(old.fields.map((field) => [field.field, field]));
  for (const field of add.fields) fields.set(field.field, field);
  const address =
    old.address === undefined && add.address === undefined ? undefined : { ...old.address, ...add.address };
  return {
    kind: add.kind,
    suffix: add.suffix,
    ...((add.name ?? old.name) !== undefined && { name: (add.name ?? old.name)! }),
    properties: { ...old.properties, ...add.properties },
    commands: [...new Set([...old.commands, ...add.commands])],
    ...(address !== undefined && { address }),
    fields: [...fields.values()],
  };
}
