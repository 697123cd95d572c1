import type { PropertyInfo } from '../../runtime/contract/house.ts';
import type { Kind } from '../../runtime/contract/kinds.ts';
import type { Convert } from './convert.ts';

/** One wire field and the property it becomes. */
export interface FieldPlan {
  readonly field: string;
  readonly property: string;
  readonly convert: Convert;
  readonly unit?: string;
}

/** One entity of a device. `suffix` tells several of a kind apart: an endpoint, or a binary sensor's class. */
export interface ThingPlan {
  readonly kind: Kind;
  readonly suffix: string;
  readonly name?: string;
  readonly properties: Readonly<Record<string, PropertyInfo>>;
  readonly commands: readonly string[];
  /** For the dialect's encoder; absent for what only reports. */
  readonly address?: Readonly<Record<string, unknown>>;
  readonly fields: readonly FieldPlan[];
}

/** What discovery, house.yaml or inference says about one physical device. Plain data, stored as it is. */
export interface DevicePlan {
  readonly dialect: string;
  /** As observations name it. */
  readonly device: string;
  /** What stays when the device is renamed: an IEEE address, a MAC. */
  readonly identity?: string;
  readonly name: string;
  /** An area's id or name, as the hub suggests it. */
  readonly area?: string;
  readonly things: readonly ThingPlan[];
}

/** How sure the house is of a device: what a hub announced replaces what was guessed. */
export type Origin = 'announced' | 'configured' | 'inferred';

export function thingKey(kind: Kind, suffix: string): string {
  return suffix === '' ? kind : `${kind}/${suffix}`;
}
