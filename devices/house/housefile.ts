import type { Area, HouseProblem } from '../../runtime/contract/house.ts';
import { isEntityId, kindOf, slugify, type EntityId } from '../../runtime/contract/ids.ts';
import { isKind, KINDS } from '../../runtime/contract/kinds.ts';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import { array, bool, number, object, text, type Json } from './json.ts';

export interface Floor {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
}

/** One entry of `devices:` in house.yaml. */
export interface HouseDevice {
  readonly id: EntityId;
  readonly name: string | undefined;
  readonly aliases: readonly string[];
  readonly area: string | undefined;
  readonly critical: boolean | undefined;
  readonly staleAfterMs: number | undefined;
  readonly dialect: string | undefined;
  readonly topic: string | undefined;
  /** What only its dialect reads. */
  readonly options: Json;
}

export interface HouseFile {
  readonly areas: ReadonlyMap<string, Area>;
  readonly floors: ReadonlyMap<string, Floor>;
  readonly devices: ReadonlyMap<EntityId, HouseDevice>;
}

/** Keys that every device may have. */
export const COMMON: readonly string[] = [
  'name',
  'aliases',
  'area',
  'critical',
  'stale_after',
  'dialect',
  'topic',
];

/** Dialects house.yaml may name, and the keys each takes besides the common ones. */
const DIALECTS: Readonly<Record<string, readonly string[]>> = {
  zigbee2mqtt: ['base', 'endpoint', 'field'],
  tasmota: ['relay', 'field'],
  shelly: ['component', 'field'],
  homeassistant: ['field'],
  statestream: [],
  topic: ['state', 'properties', 'command', 'availability'],
  webhook: ['url', 'method', 'headers', 'body', 'state', 'properties'],
  handler: ['module', 'handler', 'options', 'state', 'properties'],
};

export const HOUSE_DIALECTS: readonly string[] = Object.keys(DIALECTS);

/** What each dialect cannot do without. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  zigbee2mqtt: ['topic'],
  tasmota: ['topic'],
  shelly: ['topic'],
  homeassistant: ['topic'],
  statestream: ['topic'],
  webhook: ['url'],
  handler: ['module'],
};

/**
 * Reads the content of house.yaml. Every problem is reported with its path; what is wrong is left out and the rest
 * stands. `state:` is checked for shape only: requests that bring a state read it themselves.
 * @param dialects further dialects that house.yaml may name: those of actuators of extensions
 */
export function readHouseFile(
  content: unknown,
  dialects: readonly string[] = [],
): { house: HouseFile; problems: readonly HouseProblem[] } {
  const problems: HouseProblem[] = [];
  const reader = new Reader(problems, dialects);
  const root = content === undefined || content === null ? {} : object(content);
  if (root === undefined) reader.problem('house.yaml', 'a mapping', content);
  reader.keys('', root ?? {}, ['areas', 'floors', 'devices', 'state']);
  const floors = reader.floors(root?.['floors']);
  const areas = reader.areas(root?.['areas'], floors);
  const devices = reader.devices(root?.['devices'], areas);
  if (root?.['state'] !== undefined && object(root['state']) === undefined) {
    reader.problem('state', 'a mapping of entities', root['state']);
  }
  return { house: { areas, floors, devices }, problems };
}

class Reader {
  readonly #problems: HouseProblem[];
  readonly #dialects: readonly string[];

  constructor(problems: HouseProblem[], dialects: readonly string[]) {
    this.#problems = problems;
    this.#dialects = dialects;
  }

  problem(where: string, expected: string, received: unknown, hint = ''): void {
    const shown = typeof received === 'string' ? `"${received.slice(0, 80)}"` : describe(received);
    const message = `Expected ${expected} for ${where} but received ${shown}${hint === '' ? '.' : ` (${hint}).`}`;
    this.#problems.push({ where: where === '' ? 'house.yaml' : where, message });
  }

  keys(where: string, json: Json, known: readonly string[]): void {
    for (const key of Object.keys(json)) {
      if (!known.includes(key)) {
        this.problem(
          where === '' ? key : `${where}.${key}`,
          'a key that means something',
          key,
          didYouMean(key, known),
        );
      }
    }
  }

  #mapping(where: string, raw: unknown): readonly (readonly [string, unknown])[] {
    if (raw === undefined || raw === null) return [];
    const json = object(raw);
    if (json === undefined) this.problem(where, 'a mapping', raw);
    return Object.entries(json ?? {});
  }

  #text(where: string, json: Json, key: string): string | undefined {
    const raw = json[key];
    if (raw === undefined || raw === null) return undefined;
    const read = typeof raw === 'number' ? String(raw) : text(raw);
    if (read === undefined) this.problem(`${where}.${key}`, 'text', raw);
    return read;
  }

  #texts(where: string, json: Json, key: string): readonly string[] {
    const raw = json[key];
    if (raw === undefined || raw === null) return [];
    const read = array(typeof raw === 'string' ? [raw] : raw)
      .map((entry) => text(entry))
      .filter((entry) => entry !== undefined);
    if (!Array.isArray(raw) && typeof raw !== 'string')
      this.problem(`${where}.${key}`, 'a list of texts', raw);
    return read.slice(0, 32);
  }

  floors(raw: unknown): Map<string, Floor> {
    const floors = new Map<string, Floor>();
    for (const [id, entry] of this.#mapping('floors', raw)) {
      const json = object(entry ?? {});
      if (json === undefined) {
        this.problem(`floors.${id}`, 'a mapping', entry);
        continue;
      }
      this.keys(`floors.${id}`, json, ['name', 'aliases']);
      floors.set(id, {
        id,
        name: this.#text(`floors.${id}`, json, 'name') ?? id,
        aliases: this.#texts(`floors.${id}`, json, 'aliases'),
      });
    }
    return floors;
  }

  areas(raw: unknown, floors: ReadonlyMap<string, Floor>): Map<string, Area> {
    const areas = new Map<string, Area>();
    for (const [id, entry] of this.#mapping('areas', raw)) {
      const where = `areas.${id}`;
      const json = object(entry ?? {});
      if (json === undefined) {
        this.problem(where, 'a mapping', entry);
        continue;
      }
      this.keys(where, json, ['name', 'floor', 'aliases']);
      const floor = this.#text(where, json, 'floor');
      if (floor !== undefined && floors.size > 0 && !floors.has(floor)) {
        this.problem(`${where}.floor`, 'one of the floors', floor, didYouMean(floor, [...floors.keys()]));
      }
      areas.set(id, {
        id,
        name: this.#text(where, json, 'name') ?? id,
        ...(floor !== undefined && { floor }),
        aliases: this.#texts(where, json, 'aliases'),
      });
    }
    return areas;
  }

  devices(raw: unknown, areas: ReadonlyMap<string, Area>): Map<EntityId, HouseDevice> {
    const devices = new Map<EntityId, HouseDevice>();
    for (const [id, entry] of this.#mapping('devices', raw)) {
      const device = this.#device(id, entry, areas);
      if (device !== undefined) devices.set(device.id, device);
    }
    return devices;
  }

  #device(id: string, raw: unknown, areas: ReadonlyMap<string, Area>): HouseDevice | undefined {
    const where = `devices.${id}`;
    const json = object(raw ?? {});
    if (json === undefined) {
      this.problem(where, 'a mapping', raw);
      return undefined;
    }
    if (!this.#idOf(where, id)) return undefined;
    const dialect = this.#text(where, json, 'dialect');
    const known = dialect !== undefined && Object.hasOwn(DIALECTS, dialect);
    // What an extension's actuator takes is for the actuator to say.
    const custom = dialect !== undefined && !known && this.#dialects.includes(dialect);
    if (dialect !== undefined && !known && !custom) {
      const all = [...HOUSE_DIALECTS, ...this.#dialects];
      this.problem(`${where}.dialect`, 'a dialect', dialect, didYouMean(dialect, all));
    }
    if (!custom)
      this.keys(where, json, [...COMMON, ...(known ? DIALECTS[dialect]! : Object.values(DIALECTS).flat())]);
    const lacking = known ? (NEEDED[dialect] ?? []).filter((key) => text(json[key]) === undefined) : [];
    for (const key of lacking) this.problem(`${where}.${key}`, `text, which ${dialect} needs,`, json[key]);
    const area = this.#text(where, json, 'area');
    if (area !== undefined && !areas.has(area)) {
      this.problem(`${where}.area`, 'one of the areas', area, didYouMean(area, [...areas.keys()]));
    }
    if (json['critical'] !== undefined && bool(json['critical']) === undefined) {
      this.problem(`${where}.critical`, 'true or false', json['critical']);
    }
    const usable = custom || (known && lacking.length === 0);
    return {
      id: id as EntityId,
      name: this.#text(where, json, 'name'),
      aliases: this.#texts(where, json, 'aliases'),
      area: area !== undefined && areas.has(area) ? area : undefined,
      critical: bool(json['critical']),
      staleAfterMs: this.#duration(`${where}.stale_after`, json['stale_after']),
      dialect: usable ? dialect : undefined,
      topic: this.#text(where, json, 'topic'),
      options: json,
    };
  }

  #idOf(where: string, id: string): boolean {
    if (isEntityId(id) && isKind(kindOf(id))) return true;
    const dot = id.indexOf('.');
    const kind = dot < 0 ? id : id.slice(0, dot);
    const rest = dot < 0 ? '' : id.slice(dot + 1);
    const hint = isKind(kind)
      ? `did you mean ${kind}.${slugify(rest)}?`
      : didYouMean(kind, Object.keys(KINDS));
    this.problem(where, 'an entity id such as light.hall', id, hint);
    return false;
  }

  #duration(where: string, raw: unknown): number | undefined {
    if (raw === undefined || raw === null) return undefined;
    const seconds = number(raw);
    if (seconds !== undefined && seconds > 0) return seconds * 1000;
    const match = typeof raw === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(raw) : null;
    if (match !== null) return Number(match[1]) * UNIT_MS[match[2]!]!;
    this.problem(where, 'a duration such as 30m', raw);
    return undefined;
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a mapping';
}
