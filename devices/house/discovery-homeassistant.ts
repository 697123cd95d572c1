import type { Point } from '../../runtime/contract/house.ts';
import { slugify } from '../../runtime/contract/ids.ts';
import { AVAILABILITY } from '../../runtime/contract/reading.ts';
import { GanglionError, messageOf } from '../../runtime/errors.ts';
import { compileTemplate } from '../../runtime/lib/template.ts';
import type { DeviceBook } from './book.ts';
import { mergeThing } from './device.ts';
import { availabilityOf, COMPONENTS } from './ha-components.ts';
import { ThingBuilder } from './ha-config.ts';
import { expand } from './ha-keys.ts';
import { array, object, text, type Json } from './json.ts';
import { thingKey, type ThingPlan } from './plan.ts';
import type { PointTable } from './points.ts';
import type { Problems } from './problems.ts';

/** Characters of stored announcements. */
const MAX_STORED = 8 * 1024 * 1024;

/** Characters of announcements that are kept at all. */
const MAX_KEPT = 16 * 1024 * 1024;

/** What one configuration topic says; several make up a device. */
interface Contribution {
  readonly device: string;
  readonly deviceName: string;
  readonly area: string | undefined;
  readonly things: readonly ThingPlan[];
  readonly points: readonly Point[];
}

export interface HomeAssistantOptions {
  /** `homeassistant/` */
  readonly prefix: string;
  /** Topics under these belong to a dialect that knows the device better: `zigbee2mqtt/`, `tele/`, … */
  readonly owned: readonly string[];
  readonly limit: number;
}

/**
 * Home Assistant's MQTT discovery: `<prefix>/<component>/[<node>/]<object>/config`, and `<prefix>/device/<object>/config`
 * with many components at once. An empty payload takes the topic's entities back.
 */
export class HomeAssistantDiscovery {
  readonly #options: HomeAssistantOptions;
  readonly #book: DeviceBook;
  readonly #points: PointTable;
  readonly #problems: Problems;
  readonly #byTopic = new Map<string, Contribution>();
  /** The payloads as they came: what a restart reads again. */
  readonly #payloads = new Map<string, { readonly payload: unknown; readonly size: number }>();
  #kept = 0;

  constructor(options: HomeAssistantOptions, book: DeviceBook, points: PointTable, problems: Problems) {
    this.#options = options;
    this.#book = book;
    this.#points = points;
    this.#problems = problems;
  }

  /** Undefined if the topic is under the prefix but no configuration of a known component. */
  read(topic: string, payload: unknown): boolean | undefined {
    const levels = topic.slice(this.#options.prefix.length).split('/');
    if (levels.at(-1) !== 'config' || levels.length < 3 || levels.length > 4) return undefined;
    const component = levels[0]!;
    const object = levels.slice(1, -1).join('_');
    const old = this.#byTopic.get(topic);
    if (payload === undefined) {
      this.#forget(topic);
      this.#problems.clear(topic);
      return old === undefined ? false : this.#replace(topic, old, undefined);
    }
    if (old === undefined && this.#byTopic.size >= this.#options.limit) {
      this.#problems.add(
        'homeassistant',
        `Expected at most ${this.#options.limit} discovery topics but received more.`,
      );
      return false;
    }
    const next =
      component === 'device' ? this.#device(object, payload) : this.#single(component, object, payload);
    if (next === undefined) {
      this.#forget(topic);
      return old === undefined ? false : this.#replace(topic, old, undefined);
    }
    if (JSON.stringify(old) === JSON.stringify(next)) return false;
    const size = topic.length + JSON.stringify(payload).length;
    if (this.#kept - (this.#payloads.get(topic)?.size ?? 0) + size > MAX_KEPT) {
      this.#problems.add(
        'homeassistant',
        `Expected at most ${MAX_KEPT} characters of announcements but received more.`,
      );
      return false;
    }
    this.#forget(topic);
    this.#payloads.set(topic, { payload, size });
    this.#kept += size;
    this.#problems.clear(topic);
    return this.#replace(topic, old, next);
  }

  /** What is stored, up to a bound: the broker keeps these messages too, this only spares the wait for them. */
  save(): unknown {
    const kept: (readonly [string, unknown])[] = [];
    let size = 0;
    for (const [topic, one] of this.#payloads) {
      size += one.size;
      if (size > MAX_STORED) break;
      kept.push([topic, one.payload]);
    }
    return kept;
  }

  #forget(topic: string): void {
    this.#kept -= this.#payloads.get(topic)?.size ?? 0;
    this.#payloads.delete(topic);
  }

  load(saved: unknown): void {
    for (const pair of array(saved)) {
      const [topic, payload] = array(pair);
      if (typeof topic === 'string' && payload !== undefined) this.read(topic, payload);
    }
  }

  #single(component: string, objectId: string, raw: unknown): Contribution | undefined {
    const config = expand(raw);
    if (config === undefined) throw invalid(`${component} ${objectId}`, 'a JSON object', raw);
    if (this.#isOwned(config)) return undefined;
    return this.#contribute(config, object(config['device']) ?? {}, [[component, objectId, config]]);
  }

  #device(objectId: string, raw: unknown): Contribution | undefined {
    const config = expand(raw);
    if (config === undefined) throw invalid(`device ${objectId}`, 'a JSON object', raw);
    if (this.#isOwned(config)) return undefined;
    const base = text(config['~']);
    const parts: [string, string, Json][] = [];
    for (const [id, part] of Object.entries(object(config['components']) ?? {}).slice(0, 200)) {
      const own = expand(part, base);
      const platform = text(own?.['platform']);
      if (own === undefined || platform === undefined || Object.keys(own).length < 2) continue;
      // What stands beside the components holds for each of them.
      const { components: _, device: __, ...shared } = config;
      const merged = { ...shared, ...own };
      if (!this.#isOwned(merged)) parts.push([platform, `${objectId}_${id}`, merged]);
    }
    return this.#contribute(config, object(config['device']) ?? {}, parts);
  }

  #contribute(
    config: Json,
    device: Json,
    parts: readonly (readonly [component: string, objectId: string, config: Json])[],
  ): Contribution | undefined {
    const first = parts[0];
    if (first === undefined) return undefined;
    const id = identifierOf(device) ?? text(config['unique_id']) ?? first[1];
    const deviceName = text(device['name']) ?? text(config['name']) ?? first[1];
    const things = new Map<string, ThingPlan>();
    const points: Point[] = [];
    for (const [component, objectId, own] of parts) {
      const built = this.#thing(component, objectId, own, id, deviceName, text(device['name']) !== undefined);
      if (built === undefined) continue;
      const key = thingKey(built.thing.kind, built.thing.suffix);
      things.set(key, mergeThing(things.get(key), built.thing));
      points.push(...built.points);
    }
    const area = text(device['suggested_area']);
    return { device: id, deviceName, area, things: [...things.values()], points: this.#usable(points) };
  }

  #thing(
    component: string,
    objectId: string,
    config: Json,
    device: string,
    deviceName: string,
    named: boolean,
  ): { thing: ThingPlan; points: readonly Point[] } | undefined {
    const known = Object.hasOwn(COMPONENTS, component) ? COMPONENTS[component] : undefined;
    if (known === undefined && component !== 'sensor') return undefined;
    const builder = new ThingBuilder(config, device, `${component}/${objectId}`);
    const own = text(config['name']);
    const label = named && own !== undefined && own !== deviceName ? own : undefined;
    const label0 = label?.startsWith(`${deviceName} `) === true ? label.slice(deviceName.length + 1) : label;
    let thing: ThingPlan;
    if (known === undefined) {
      const property = propertyOf(config, objectId, label0);
      const unit = text(config['unit_of_measurement']);
      const numeric = unit !== undefined || text(config['state_class']) !== undefined;
      builder.listen(
        property,
        'state_topic',
        ['value_template'],
        { as: numeric ? 'number' : 'text' },
        {
          ...(unit !== undefined && { unit }),
          info: unit === undefined ? {} : { unit: unit === '°F' ? '°C' : unit },
        },
      );
      thing = builder.build('sensor', '', undefined);
    } else {
      known.describe(builder);
      const binary = known.kind === 'binary_sensor';
      const suffix = binary
        ? slugify(text(config['device_class']) ?? label0 ?? objectId)
        : label0 === undefined
          ? ''
          : slugify(label0);
      const name = label0 === undefined || binary ? undefined : `${deviceName} ${label0}`;
      thing = builder.build(known.kind, suffix, name);
    }
    if (thing.fields.length === 0 && thing.commands.length === 0) return undefined;
    for (const entry of availabilityOf(builder)) {
      builder.points.push({ ...entry, dialect: 'homeassistant', device, field: AVAILABILITY });
    }
    return { thing, points: builder.points };
  }

  /** A template that cannot be evaluated switches off its point alone, with a problem that names it. */
  #usable(points: readonly Point[]): readonly Point[] {
    return points.filter((point) => {
      if (point.template === undefined) return true;
      try {
        compileTemplate(point.template);
        return true;
      } catch (error) {
        this.#problems.add(`homeassistant/${point.device} ${point.field}`, messageOf(error));
        return false;
      }
    });
  }

  #isOwned(config: Json): boolean {
    const origin = text(object(config['origin'])?.['name']) ?? '';
    if (/^(zigbee2mqtt|tasmota|ganglion)/i.test(origin)) return true;
    const via = text(object(config['device'])?.['via_device']) ?? '';
    if (via.startsWith('zigbee2mqtt_bridge')) return true;
    const topics = Object.entries(config).filter(([key]) => key.endsWith('topic'));
    return topics.some(
      ([, topic]) =>
        typeof topic === 'string' && this.#options.owned.some((owner) => topic.startsWith(owner)),
    );
  }

  #replace(topic: string, old: Contribution | undefined, next: Contribution | undefined): boolean {
    if (next === undefined) this.#byTopic.delete(topic);
    else this.#byTopic.set(topic, next);
    this.#points.set(topic, next?.points ?? []);
    if (old !== undefined && old.device !== next?.device) this.#rebuild(old.device);
    if (next !== undefined) this.#rebuild(next.device);
    return true;
  }

  #rebuild(device: string): void {
    const parts = [...this.#byTopic.values()].filter((part) => part.device === device);
    const first = parts[0];
    if (first === undefined) {
      const gone = this.#book.find('homeassistant', device);
      if (gone !== undefined) this.#book.remove(gone);
      return;
    }
    const things = new Map<string, ThingPlan>();
    for (const thing of parts.flatMap((part) => part.things)) {
      let placed = apart(things, thing);
      const key = thingKey(placed.kind, placed.suffix);
      if (placed.kind === 'sensor') placed = mergeThing(things.get(key), placed);
      things.set(key, placed);
    }
    this.#book.apply(
      {
        dialect: 'homeassistant',
        device,
        name: first.deviceName,
        ...(first.area !== undefined && { area: first.area }),
        things: [...things.values()],
      },
      'announced',
    );
  }
}

/** Two of a kind with one suffix, or two sensors that claim one property: the later one is told apart by its number. */
function apart(things: ReadonlyMap<string, ThingPlan>, thing: ThingPlan): ThingPlan {
  const before = things.get(thingKey(thing.kind, thing.suffix));
  if (before === undefined) return thing;
  if (thing.kind === 'sensor') {
    const taken = new Set(before.fields.map((field) => field.property));
    const rename = (property: string): string => {
      let name = property;
      for (let n = 2; taken.has(name); n++) name = `${property}_${n}`;
      return name;
    };
    const names = new Map(thing.fields.map((field) => [field.property, rename(field.property)]));
    return {
      ...thing,
      fields: thing.fields.map((field) => ({ ...field, property: names.get(field.property)! })),
      properties: Object.fromEntries(
        Object.entries(thing.properties).map(([name, info]) => [names.get(name) ?? name, info]),
      ),
    };
  }
  let suffix = thing.suffix;
  for (let n = 2; things.has(thingKey(thing.kind, suffix)); n++) {
    suffix = thing.suffix === '' ? String(n) : `${thing.suffix}_${n}`;
  }
  return { ...thing, suffix };
}

function propertyOf(config: Json, objectId: string, label: string | undefined): string {
  const known = text(config['device_class']);
  if (known !== undefined && label === undefined) return slugify(known);
  // `Outside temperature` says more than its class; `Temperature` says the same.
  return slugify(label ?? text(config['name']) ?? objectId);
}

function identifierOf(device: Json): string | undefined {
  const raw = device['identifiers'];
  const first = Array.isArray(raw) ? text(raw[0]) : text(raw);
  if (first !== undefined && first !== '') return first;
  const connection = array(array(device['connections'])[0]);
  return text(connection[1]);
}

function invalid(topic: string, expected: string, received: unknown): GanglionError {
  return new GanglionError('DISCOVERY_INVALID', { topic, expected, received: typeof received });
}
