import type {
  Area,
  Entity,
  HouseProblem,
  LateObservations,
  Point,
  PointSource,
  Registry,
  Resolved,
} from '../../runtime/contract/house.ts';
import type { EntityId, PropertyKey } from '../../runtime/contract/ids.ts';
import type { Message } from '../../runtime/contract/message.ts';
import type { Observation } from '../../runtime/contract/reading.ts';
import type { Clock } from '../../runtime/contract/time.ts';
import { Areas } from './areas.ts';
import { Bindings } from './bindings.ts';
import { DeviceBook } from './book.ts';
import { configure, standIn } from './configured.ts';
import { applyField, IGNORED, type Device } from './device.ts';
import { DirectKeys } from './direct.ts';
import { Discovery, type DiscoveryOptions } from './discovery.ts';
import { EntityTable } from './entities.ts';
import { readHouseFile, type Floor, type HouseFile } from './housefile.ts';
import { LatestObservations } from './latest.ts';
import { MappingFile, type MappingStore } from './mapping.ts';
import { NameBook } from './names.ts';
import { PointTable } from './points.ts';
import { Problems } from './problems.ts';

export interface RegistryLimits {
  /** Devices of all dialects, at most half of them guessed. Default 2000. */
  readonly devices: number;
  /** Entity ids handed out, those of absent devices included. Default 10 000. */
  readonly names: number;
  /** Fields of one device. Default 256. */
  readonly fieldsPerDevice: number;
  readonly areas: number;
  /** Points of discovery and house.yaml. Default 10 000. */
  readonly points: number;
  /** Last values kept of devices that are not announced yet. Default 5000. */
  readonly latest: number;
  /** Bytes of one discovery payload. Default 16 MiB. */
  readonly discoveryBytes: number;
}

const LIMITS: RegistryLimits = {
  devices: 2000,
  names: 10_000,
  fieldsPerDevice: 256,
  areas: 500,
  points: 10_000,
  latest: 5000,
  discoveryBytes: 16 * 1024 * 1024,
};

export interface RegistryOptions extends DiscoveryOptions {
  /** The parsed content of house.yaml; undefined where there is none. */
  readonly houseFile?: unknown;
  /** Dialects house.yaml may name besides the built-in ones: those of actuators of extensions. */
  readonly dialects?: readonly string[];
  readonly store?: MappingStore;
  readonly clock: Clock;
  /** Told of every part of the house that cannot be used as it is described, once. */
  readonly onProblem?: (problem: HouseProblem) => void;
  readonly limits?: Partial<RegistryLimits>;
}

export interface HouseRegistry extends Registry, PointSource {
  floors(): Iterable<Floor>;
  /** What was left out because the house was full. */
  readonly dropped: number;
  /** Writes the mapping now if it has changed since it was last written. */
  flush(): void;
}

/** The house: house.yaml over what discovery finds over what messages show, known again after a restart. */
export function createRegistry(options: RegistryOptions): HouseRegistry {
  return new LearningRegistry(options);
}

/** Places whose problem is remembered. */
const PROBLEMS = 200;

class LearningRegistry implements HouseRegistry {
  readonly #entities = new EntityTable();
  readonly #problems: Problems;
  readonly #areas: Areas;
  readonly #floors: ReadonlyMap<string, Floor>;
  readonly #book: DeviceBook;
  readonly #points: PointTable;
  readonly #direct: DirectKeys;
  readonly #discovery: Discovery;
  readonly #mapping: MappingFile;
  readonly #latest: LatestObservations;
  readonly #lateListeners = new Set<(late: LateObservations) => void>();
  readonly #house: HouseFile;
  readonly #names: NameBook;

  constructor(options: RegistryOptions) {
    const limits = { ...LIMITS, ...options.limits };
    this.#problems = new Problems(PROBLEMS, options.onProblem);
    const { house, problems } = readHouseFile(options.houseFile, options.dialects);
    const names = new NameBook(limits.names);
    const bases = options.zigbee2mqtt ?? ['zigbee2mqtt'];
    this.#latest = new LatestObservations(options.clock, limits.latest);
    this.#house = house;
    this.#names = names;
    this.#floors = house.floors;
    this.#areas = new Areas(house.areas, limits.areas);
    this.#book = new DeviceBook({
      entities: this.#entities,
      names,
      bindings: new Bindings(house.devices.values(), bases),
      areas: this.#areas,
      own: house.devices,
      problems: this.#problems,
      limits,
      bases,
    });
    this.#points = new PointTable(limits.points, this.#problems);
    this.#direct = new DirectKeys(this.#entities, house.devices, limits.names);
    this.#discovery = new Discovery(options, this.#book, this.#points, this.#problems, limits.discoveryBytes);
    this.#mapping = new MappingFile(
      options.store,
      options.clock,
      names,
      this.#book,
      this.#discovery,
      this.#problems,
    );
    for (const problem of problems) this.#problems.add(problem.where, problem.message);
    this.#mapping.load();
    configure(house, this.#book, this.#entities, this.#points, names, bases);
    this.#book.takeReplanned();
  }

  get version(): number {
    return this.#entities.version;
  }

  entity(id: EntityId): Entity | undefined {
    return this.#entities.get(id);
  }

  entities(): Iterable<Entity> {
    return this.#entities.all();
  }

  area(id: string): Area | undefined {
    return this.#areas.get(id);
  }

  areas(): Iterable<Area> {
    return this.#areas.all();
  }

  floors(): Iterable<Floor> {
    return this.#floors.values();
  }

  ofDevice(device: string): readonly Entity[] {
    return this.#entities.ofDevice(device);
  }

  get dropped(): number {
    return (
      this.#book.dropped +
      this.#points.dropped +
      this.#problems.dropped +
      this.#direct.dropped +
      this.#latest.dropped
    );
  }

  /** Hot path: two look-ups and a conversion once a field is known. */
  resolve(dialect: string, observation: Observation): Resolved | undefined {
    if (observation.device === '') {
      const before = this.#entities.size;
      const resolved = this.#direct.resolve(dialect, observation);
      if (this.#entities.size !== before) this.#changed();
      return resolved;
    }
    const device = this.#book.find(dialect, observation.device);
    const field = device?.fields.get(observation.field);
    if (device?.settled === true && field !== undefined) {
      return field === IGNORED ? undefined : applyField(field, observation);
    }
    const resolved =
      field === undefined
        ? this.#learn(dialect, observation)
        : field === IGNORED
          ? undefined
          : applyField(field, observation);
    if (device?.settled !== true) this.#latest.keep(dialect, observation, resolved?.key);
    if (field === undefined) this.#fileAnew();
    return resolved;
  }

  #learn(dialect: string, observation: Observation): Resolved | undefined {
    const learned = this.#book.learn(dialect, observation);
    if (learned === undefined) return undefined;
    this.#changed();
    return applyField(learned, observation);
  }

  /** What came before its device was known goes where it belongs. */
  #fileAnew(): void {
    for (const device of this.#book.takeReplanned()) {
      const late = this.#lateOf(device);
      if (late !== undefined) for (const listener of this.#lateListeners) listener(late);
    }
  }

  #lateOf(device: Device): LateObservations | undefined {
    const kept = this.#latest.of(device.dialect, device.device, device.settled);
    if (kept.length === 0) return undefined;
    const filed = new Set<PropertyKey>();
    const gone = new Set<PropertyKey>();
    const observations: Observation[] = [];
    for (const [observation, before] of kept) {
      observations.push(observation);
      if (before !== undefined) gone.add(before);
      const field = device.fields.get(observation.field);
      if (field !== undefined && field !== IGNORED) filed.add(field.key);
    }
    return { dialect: device.dialect, observations, gone: [...gone].filter((key) => !filed.has(key)) };
  }

  get discoveryTopics(): readonly string[] {
    return this.#discovery.topics;
  }

  discover(message: Message): boolean {
    const outcome = this.#discovery.read(message);
    if (outcome === 'changed') {
      standIn(this.#house, this.#entities, this.#names);
      this.#changed();
      this.#fileAnew();
    }
    return outcome !== 'other';
  }

  onChange(listener: () => void): void {
    this.#entities.onChange(listener);
  }

  onLate(listener: (late: LateObservations) => void): void {
    this.#lateListeners.add(listener);
  }

  problems(): readonly HouseProblem[] {
    return this.#problems.list();
  }

  get pointsVersion(): number {
    return this.#points.version;
  }

  points(): Iterable<Point> {
    return this.#points.all();
  }

  pointFailed(point: Point, reason: string): void {
    const where = point.device === '' ? point.field : `${point.dialect}/${point.device} ${point.field}`;
    this.#problems.add(where, reason);
  }

  flush(): void {
    this.#mapping.flush();
  }

  #changed(): void {
    this.#entities.changed();
    this.#mapping.touch();
  }
}
