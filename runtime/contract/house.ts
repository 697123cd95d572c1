import type { EntityId, PropertyKey } from './ids.ts';
import type { Kind } from './kinds.ts';
import type { Message } from './message.ts';
import type { Observation, Value } from './reading.ts';

export interface Area {
  readonly id: string;
  readonly name: string;
  readonly floor?: string;
  readonly aliases: readonly string[];
}

/** How to reach an entity: the dialect that speaks to it and whatever that dialect's encoder needs, as plain data. */
export interface Target {
  readonly dialect: string;
  readonly address: Readonly<Record<string, unknown>>;
}

/** What this entity's property can be; narrower than its kind's table where the device says so. */
export interface PropertyInfo {
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
}

export interface Entity {
  readonly id: EntityId;
  readonly kind: Kind;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly area?: string;
  /** `<dialect>/<device>`: entities of one physical device share it. */
  readonly device: string;
  /** Absent for entities that only report. */
  readonly target?: Target;
  /** Treated like a lock: approval, disk sync before sending. True for the kinds whose table says so. */
  readonly critical: boolean;
  readonly properties: Readonly<Record<string, PropertyInfo>>;
  /** Names of the commands the device takes, out of its kind's table. */
  readonly commands: readonly string[];
  /** A state older than this is stale; absent: the configured default. */
  readonly staleAfterMs?: number;
}

/** Where an observation belongs. `value` is already in the property's plain unit. */
export interface Resolved {
  readonly key: PropertyKey;
  readonly value: Value;
  readonly unit?: string;
}

/** Why a discovery message, a house.yaml entry or a template could not be used; the rest of the house stands. */
export interface HouseProblem {
  readonly where: string;
  readonly message: string;
}

/** What the rest of the runtime may ask about the place. */
export interface House {
  /** Grows by one when an entity or area is added, changed or removed. */
  readonly version: number;
  entity(id: EntityId): Entity | undefined;
  entities(): Iterable<Entity>;
  area(id: string): Area | undefined;
  areas(): Iterable<Area>;
  /** Entities of one physical device: those an availability message is about. */
  ofDevice(device: string): readonly Entity[];
}

/** The last values of a device that was not fully known when they came, now to be resolved again. */
export interface LateObservations {
  readonly dialect: string;
  /** Latest of each field, with the time it was received at where the device does not say; availability is among them. */
  readonly observations: readonly Observation[];
  /** Properties that values were filed under by mistake: nothing is known of them after all. */
  readonly gone: readonly PropertyKey[];
}

/** The house while it is being learned: what the sensing stage needs beyond reading it. */
export interface Registry extends House {
  /**
   * Gives an observation its property and plain unit. Unknown devices and fields become entities on the way (the
   * mapping is persisted, so names stay). Undefined: nothing anyone wants to know (a firmware string, say).
   */
  resolve(dialect: string, observation: Observation): Resolved | undefined;
  /** True if the message was about what exists (a discovery topic), not about a value. */
  discover(message: Message): boolean;
  /** Topics to subscribe to for discovery. */
  readonly discoveryTopics: readonly string[];
  onChange(listener: () => void): void;
  /**
   * Calls back, from within `discover` or `resolve`, when more has become known of a device whose messages came first:
   * what was filed under a guess is to be filed anew.
   */
  onLate(listener: (late: LateObservations) => void): void;
  problems(): readonly HouseProblem[];
}

/**
 * One value to pick out of messages on a topic: how Home Assistant discovery, plain JSON and raw topics say what they
 * carry. Plain data, so that the house can hand it to the decoder without either knowing the other.
 */
export interface Point {
  /** MQTT topic filter. What its `+` wildcards matched is `{1}`, `{2}`, … in `device` and `field`. */
  readonly topic: string;
  readonly dialect: string;
  /** Empty: `field` is a whole property key. */
  readonly device: string;
  readonly field: string;
  /** Where in a JSON payload: `data.t`, `list[0].value`, `["a.b"].c`. With neither path nor template the payload itself. */
  readonly path?: string;
  /** A Jinja template over `value` and `value_json`. Wins over `path`. */
  readonly template?: string;
  readonly unit?: string;
  /** By the text of the value; what is not listed gives no observation. */
  readonly map?: Readonly<Record<string, Value>>;
}

/** The points of a house that is still growing. */
export interface PointSource {
  /** Grows by one when the list changes. */
  readonly pointsVersion: number;
  points(): Iterable<Point>;
  /** Told of a point whose template or path cannot be used; only that point is off. */
  pointFailed(point: Point, reason: string): void;
}
