import type { Point } from '../../runtime/contract/house.ts';
import type { EntityId } from '../../runtime/contract/ids.ts';
import { kindOf, slugOf } from '../../runtime/contract/ids.ts';
import { kindSpec, type Kind } from '../../runtime/contract/kinds.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { AVAILABILITY } from '../../runtime/contract/reading.ts';
import { deviceOf } from './bindings.ts';
import type { DeviceBook } from './book.ts';
import { convertFor } from './direct.ts';
import { defaultThing } from './defaults.ts';
import { buildEntity, type EntityTable } from './entities.ts';
import { COMMON, HOUSE_DIALECTS, type HouseDevice, type HouseFile } from './housefile.ts';
import { number, object, text, type Json } from './json.ts';
import type { NameBook } from './names.ts';
import { placeOf } from './network.ts';
import { thingKey, type FieldPlan, type ThingPlan } from './plan.ts';
import type { PointTable } from './points.ts';

/** Dialects whose devices house.yaml alone describes; besides these, those of extensions. */
const OWN: ReadonlySet<string> = new Set(['topic', 'webhook', 'handler']);
const LISTENED: readonly string[] = ['state', 'properties', 'availability'];

/** Puts what house.yaml says into the house: devices no hub has announced, plain topics, names for what is still to come. */
export function configure(
  house: HouseFile,
  book: DeviceBook,
  entities: EntityTable,
  points: PointTable,
  names: NameBook,
  bases: readonly string[],
): void {
  const byDevice = new Map<string, HouseDevice[]>();
  for (const entry of house.devices.values()) {
    const { dialect, id } = entry;
    if (dialect !== undefined && (OWN.has(dialect) || !HOUSE_DIALECTS.includes(dialect))) {
      const { thing, own } = described(entry, dialect);
      names.bind(`${dialect}/${id}|${thing.kind}`, id);
      book.apply(
        { dialect, device: id, name: entry.name ?? slugOf(id).replaceAll('_', ' '), things: [thing] },
        'configured',
      );
      points.set(`house.yaml ${id}`, own);
    } else if (dialect !== undefined) {
      const key = `${dialect}/${deviceOf(entry, bases)}`;
      byDevice.set(key, [...(byDevice.get(key) ?? []), entry]);
    }
  }
  for (const entries of byDevice.values()) usual(entries, book, bases);
  standIn(house, entities, names);
  entities.changed();
}

/** Entities of house.yaml that nothing fills at present: not announced yet, or not any more. */
export function standIn(house: HouseFile, entities: EntityTable, names: NameBook): void {
  for (const entry of house.devices.values()) {
    if (entities.get(entry.id) === undefined) announce(entry, entities, names);
  }
}

/** A device of a known dialect, as its kind usually is there, until its hub says better. */
function usual(entries: readonly HouseDevice[], book: DeviceBook, bases: readonly string[]): void {
  const first = entries[0]!;
  const dialect = first.dialect!;
  const device = deviceOf(first, bases);
  const place = dialect === 'zigbee2mqtt' ? placeOf(device, bases) : { topic: device, base: undefined };
  const known = book.find(dialect, device);
  // What a hub announced, stored from an earlier run, is better than what is usual.
  if (known?.origin === 'announced') return;
  const things: ThingPlan[] = [];
  for (const { id, options } of entries) {
    const thing = defaultThing(dialect, kindOf(id) as Kind, {
      topic: place.topic,
      base: text(options['base']) ?? place.base,
      endpoint: text(options['endpoint']),
      relay: number(options['relay']),
      component: text(options['component']),
    });
    if (thing !== undefined) things.push(thing);
  }
  const own = new Set(things.map((thing) => thingKey(thing.kind, thing.suffix)));
  const guessed = (known?.plan().things ?? []).filter(
    (thing) => !own.has(thingKey(thing.kind, thing.suffix)),
  );
  if (things.length > 0) {
    book.apply({ dialect, device, name: device, things: [...things, ...guessed] }, 'configured');
  }
}

/** An entity that only its id and name are known of: readings that name it, or a hub to come, fill it. */
function announce(entry: HouseDevice, entities: EntityTable, names: NameBook): void {
  const kind = kindOf(entry.id) as Kind;
  const dialect = entry.dialect ?? 'house';
  if (entry.dialect !== undefined) names.bind(`house.yaml|${entry.id}`, entry.id);
  entities.set(
    buildEntity({
      id: entry.id,
      dialect,
      device: `${dialect}/${entry.topic ?? entry.id}`,
      deviceName: slugOf(entry.id).replaceAll('_', ' '),
      thing: { kind, suffix: '', properties: {}, commands: [], fields: [] },
      area: undefined,
      own: entry,
    }),
  );
}

/** `dialect: topic | webhook | handler`, or one of an extension: the address is what house.yaml says, the state comes by points. */
function described(entry: HouseDevice, dialect: string): { thing: ThingPlan; own: Point[] } {
  const kind = kindOf(entry.id) as Kind;
  const spec = kindSpec(kind);
  const { options } = entry;
  const own: Point[] = [];
  const fields: FieldPlan[] = [];
  const listen = (property: string, raw: unknown): void => {
    const json = typeof raw === 'string' ? { topic: raw } : object(raw);
    const topic = text(json?.['topic']) ?? entry.topic;
    if (json === undefined || topic === undefined) return;
    const point = pointOf(json, { topic, dialect, device: entry.id, field: property });
    own.push(point);
    const table = spec.properties[property];
    const convert =
      table === undefined
        ? ({ as: point.unit === undefined ? 'text' : 'number' } as const)
        : convertFor(table);
    const unit = point.unit ?? table?.unit;
    fields.push({ field: property, property, convert, ...(unit !== undefined && { unit }) });
  };
  if (options['state'] !== undefined) listen(MAIN[kind] ?? 'state', options['state']);
  for (const [property, raw] of Object.entries(object(options['properties']) ?? {})) listen(property, raw);
  const availability = object(options['availability']);
  const topic = text(availability?.['topic']);
  if (availability !== undefined && topic !== undefined) {
    const map = { online: true, offline: false, ...values(availability['map']) };
    own.push({ topic, dialect, device: entry.id, field: AVAILABILITY, map });
  }
  const commandable = dialect !== 'topic' || options['command'] !== undefined;
  const payloads = object(object(options['command'])?.['payload']);
  const commands = Object.keys(spec.commands).filter(
    (name) => commandable && (payloads === undefined || Object.hasOwn(payloads, name)),
  );
  return {
    thing: {
      kind,
      suffix: '',
      properties: Object.fromEntries(
        fields.map((field) => [field.property, field.unit === undefined ? {} : { unit: field.unit }]),
      ),
      commands,
      ...(commands.length > 0 && { address: addressOf(dialect, entry.id, options) }),
      fields,
    },
    own,
  };
}

/** What `state:` means where the kind's main property has another name. */
const MAIN: Partial<Record<Kind, string>> = { climate: 'mode', number: 'value', select: 'option' };

function addressOf(dialect: string, id: EntityId, options: Json): Json {
  if (dialect === 'topic') return { ...object(options['command']) };
  const known: Readonly<Record<string, readonly string[]>> = {
    webhook: ['url', 'method', 'headers', 'body'],
    handler: ['module', 'handler', 'options'],
  };
  const kept =
    known[dialect] ?? Object.keys(options).filter((key) => ![...COMMON, ...LISTENED].includes(key));
  return Object.fromEntries([
    ['name', id],
    ...kept.filter((key) => options[key] !== undefined).map((key) => [key, options[key]] as const),
  ]);
}

function pointOf(json: Json, base: Pick<Point, 'topic' | 'dialect' | 'device' | 'field'>): Point {
  const path = text(json['path']);
  const template = text(json['template']);
  const unit = text(json['unit']);
  const map = values(json['map']);
  return {
    ...base,
    ...(path !== undefined && { path }),
    ...(template !== undefined && { template }),
    ...(unit !== undefined && { unit }),
    ...(map !== undefined && { map }),
  };
}

function values(raw: unknown): Record<string, Value> | undefined {
  const json = object(raw);
  if (json === undefined) return undefined;
  const out: [string, Value][] = [];
  for (const [key, value] of Object.entries(json)) {
    if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
      out.push([key, value]);
  }
  return Object.fromEntries(out);
}
