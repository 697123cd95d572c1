import { GanglionError } from '../../../../runtime/errors.ts';
import {
  entityOf,
  isPropertyKey,
  propertyKey,
  propertyOf,
  type EntityId,
  type PropertyKey,
} from '../../../../runtime/contract/ids.ts';
import { isKind, kindSpec, type Kind, type ValueSpec } from '../../../../runtime/contract/kinds.ts';
import type { Value } from '../../../../runtime/contract/reading.ts';
import type { StateSnapshot } from '../../../../runtime/contract/state.ts';
import { SWITCHED } from '../../../../runtime/modelhost/synapse/commands.ts';
import type { Home } from '../../corpus/homes.ts';

/** What a property may be afterwards: a value, a range with both ends, or something said about its value before. */
export type Wanted =
  | { readonly is: Value }
  | { readonly from: number; readonly to: number }
  | 'higher'
  | 'lower'
  | 'same'
  | 'any';

/** One way in which a request may rightly end. */
export type End =
  | {
      readonly type: 'state';
      /** Per property what may be, any of these; every other property stays as it is. */
      readonly wanted: ReadonlyMap<PropertyKey, readonly Wanted[]>;
      /** `entity.command` of calls that no state shows, sorted. */
      readonly calls: readonly string[];
    }
  | { readonly type: 'query'; readonly keys: readonly PropertyKey[] };

/** What a person who wrote a request down would accept: any of these ends. */
export interface Accepted {
  readonly type: 'accepted';
  readonly ends: readonly End[];
  /** As it was written, for reports. */
  readonly written: string;
}

export interface Place {
  readonly home: Home;
  readonly state: StateSnapshot;
  /** For errors. */
  readonly file: string;
}

/**
 * Reads `end:` of a request, described in README.md. Throws CONFIG_INVALID naming what cannot be in this home: an entity it
 * lacks, a property that entity lacks, a value outside the kind's table.
 */
export function readAccepted(raw: unknown, place: Place): Accepted {
  const ends = (Array.isArray(raw) ? (raw as unknown[]) : [raw]).map((end) => readEnd(end, place));
  return { type: 'accepted', ends, written: JSON.stringify(raw) };
}

function readEnd(raw: unknown, place: Place): End {
  if (raw === 'nothing') return { type: 'state', wanted: new Map(), calls: [] };
  const entries = Object.entries(mapping(raw, 'an end', place));
  const [only] = entries;
  if (only?.[0] === 'asks')
    return { type: 'query', keys: words(only[1]).flatMap((key) => keysOf(key, place)) };
  const wanted = new Map<PropertyKey, readonly Wanted[]>();
  const calls: string[] = [];
  for (const [name, value] of entries) {
    if (name === 'calls') {
      for (const call of words(value)) calls.push(unseenCall(call, place));
      continue;
    }
    for (const id of words(name).flatMap((word) => entitiesOf(word, place))) {
      for (const key of wanted.keys()) if (entityOf(key) === id) wanted.delete(key);
      for (const [key, one] of changesOf(id, value, place, name.includes('@'))) wanted.set(key, one);
    }
  }
  return { type: 'state', wanted, calls: calls.toSorted() };
}

/** `light.hall`, or `light@kitchen`: those of a kind in an area, on a floor or at `home`; `all`: what can be switched. */
function entitiesOf(word: string, place: Place): EntityId[] {
  const { home, file } = place;
  if (!word.includes('@')) {
    if (home.of.has(word as EntityId)) return [word as EntityId];
    throw invalid(file, `Expected an entity of the home but received ${word}.`);
  }
  const [kind = '', where = ''] = word.split('@');
  const found = home.entities
    .map(({ entity }) => entity)
    .filter((entity) => (kind === 'all' ? SWITCHED.has(entity.kind) : entity.kind === kind))
    .filter(({ area }) => {
      const floor = home.areas.find(({ id }) => id === area)?.floor;
      return where === 'home' || area === where || (floor !== undefined && floor === where);
    });
  if (found.length === 0) throw invalid(file, `Expected a group with entities in it but received ${word}.`);
  return found.map(({ id }) => id);
}

function keysOf(word: string, place: Place): PropertyKey[] {
  const dot = word.lastIndexOf('.');
  const property = word.slice(dot + 1);
  return entitiesOf(word.slice(0, dot), place).map((id) => checkedKey(id, property, place));
}

function unseenCall(word: string, place: Place): string {
  const dot = word.lastIndexOf('.');
  const [id] = entitiesOf(word.slice(0, dot), place);
  if (id !== undefined && Object.hasOwn(kindSpec(kindOfEntity(id, place)).commands, word.slice(dot + 1)))
    return word;
  throw invalid(place.file, `Expected a command of the kind but received ${word}.`);
}

/** What an entity's part of an end says of its properties; with `group`, only those that it has. */
function changesOf(
  id: EntityId,
  raw: unknown,
  place: Place,
  group: boolean,
): [PropertyKey, readonly Wanted[]][] {
  const kind = kindOfEntity(id, place);
  const main = kind === 'climate' ? 'mode' : 'state';
  const said =
    typeof raw === 'object' && raw !== null && !Array.isArray(raw)
      ? { ...(raw as Record<string, unknown>) }
      : { [main]: raw };
  const before = place.state[id] ?? {};
  if (group && Object.keys(said).some((property) => before[property] === undefined)) return [];
  const read = Object.entries(said).map(([property, value]): [PropertyKey, readonly Wanted[]] => [
    checkedKey(id, property, place),
    (Array.isArray(value) ? (value as unknown[]) : [value]).map((one) =>
      readWanted(one, kind, property, place.file),
    ),
  ]);
  return [...impliedBy(id, kind, said), ...read];
}

/** What comes of itself with what is said: a lamp that is set to a colour is on, a blind that is closed is at 0. */
function impliedBy(
  id: EntityId,
  kind: Kind,
  said: Readonly<Record<string, unknown>>,
): [PropertyKey, readonly Wanted[]][] {
  const { state } = said;
  if (kind === 'light' && state === undefined) return [[propertyKey(id, 'state'), [{ is: 'on' }]]];
  if (kind === 'fan' && state === undefined) return [[propertyKey(id, 'state'), [{ is: 'on' }]]];
  if (kind !== 'cover' && kind !== 'valve') return [];
  if (state === undefined) return [[propertyKey(id, 'state'), ['any']]];
  if (said['position'] !== undefined) return [];
  const position: Wanted = state === 'open' ? { is: 100 } : state === 'closed' ? { is: 0 } : 'any';
  return [[propertyKey(id, 'position'), [kind === 'valve' ? 'any' : position]]];
}

const RANGE = /^(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)$/;

function readWanted(raw: unknown, kind: Kind, property: string, file: string): Wanted {
  if (raw === 'higher' || raw === 'lower' || raw === 'same' || raw === 'any') return raw;
  const range = typeof raw === 'string' ? RANGE.exec(raw) : null;
  if (range !== null) return { from: Number(range[1]), to: Number(range[2]) };
  const spec: ValueSpec | undefined = kindSpec(kind).properties[property];
  const { min = -Infinity, max = Infinity, values } = spec ?? {};
  if (typeof raw === 'number' && spec?.type === 'number' && raw >= min && raw <= max) return { is: raw };
  if (typeof raw === 'boolean' && spec?.type === 'boolean') return { is: raw };
  if (typeof raw === 'string' && (values?.includes(raw) ?? (spec?.type === 'color' || spec?.type === 'text')))
    return { is: raw };
  throw invalid(file, `Expected a value of ${kind} ${property} but received ${JSON.stringify(raw)}.`);
}

function checkedKey(id: EntityId, property: string, { state, file }: Place): PropertyKey {
  const key = propertyKey(id, property);
  if (isPropertyKey(key) && state[id]?.[propertyOf(key)] !== undefined) return key;
  throw invalid(file, `Expected a property that the home's state has but received ${key}.`);
}

function kindOfEntity(id: EntityId, { file }: Place): Kind {
  const kind = id.slice(0, id.indexOf('.'));
  if (isKind(kind)) return kind;
  throw invalid(file, `Expected an entity of a known kind but received ${id}.`);
}

function words(raw: unknown): string[] {
  return String(raw).split(/\s+/);
}

export function mapping(raw: unknown, what: string, { file }: Pick<Place, 'file'>): Record<string, unknown> {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Record<string, unknown>;
  throw invalid(file, `Expected a mapping for ${what} but received ${JSON.stringify(raw)}.`);
}

export function invalid(file: string, problem: string): GanglionError {
  return new GanglionError('CONFIG_INVALID', { file, problems: [problem] });
}
