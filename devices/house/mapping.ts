import type { Clock, Timer } from '../../runtime/contract/time.ts';
import { messageOf } from '../../runtime/errors.ts';
import type { DeviceBook } from './book.ts';
import type { Discovery } from './discovery.ts';
import { array, object } from './json.ts';
import type { NameBook } from './names.ts';
import { readPlan } from './plan-read.ts';
import type { Problems } from './problems.ts';

/** Where the mapping is kept between runs. Both may throw; the house goes on without. */
export interface MappingStore {
  load(): unknown;
  save(data: unknown): void;
}

/** Changes of a start-up come by the hundred: they are written together. */
const SAVE_AFTER_MS = 2000;

/** Keeps names and devices across restarts. */
export class MappingFile {
  readonly #store: MappingStore | undefined;
  readonly #clock: Clock;
  readonly #names: NameBook;
  readonly #book: DeviceBook;
  readonly #discovery: Discovery;
  readonly #problems: Problems;
  #timer: Timer | undefined;

  constructor(
    store: MappingStore | undefined,
    clock: Clock,
    names: NameBook,
    book: DeviceBook,
    discovery: Discovery,
    problems: Problems,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#names = names;
    this.#book = book;
    this.#discovery = discovery;
    this.#problems = problems;
  }

  load(): void {
    let saved: unknown;
    try {
      saved = this.#store?.load();
    } catch (error) {
      this.#problems.add('mapping', `Expected to read the stored house but ${messageOf(error)}.`);
    }
    const json = object(saved);
    if (json === undefined || json['version'] !== 1) return;
    this.#names.load(json['names']);
    for (const entry of array(json['devices'])) {
      const plan = readPlan(object(entry)?.['plan']);
      if (plan === undefined) continue;
      this.#book.apply(plan, object(entry)?.['announced'] === true ? 'announced' : 'inferred');
    }
    this.#discovery.load(json['announcements']);
  }

  touch(): void {
    if (this.#store === undefined || this.#timer !== undefined) return;
    this.#timer = this.#clock.schedule(SAVE_AFTER_MS, () => this.flush());
  }

  flush(): void {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    const devices = [];
    for (const device of this.#book.all()) {
      // What house.yaml says is read from it again; what Home Assistant announced is kept as announced.
      if (device.origin === 'configured' || this.#discovery.keeps(device)) continue;
      devices.push({ plan: device.plan(), announced: device.origin === 'announced' });
    }
    try {
      this.#store?.save({
        version: 1,
        names: this.#names.save(),
        devices,
        announcements: this.#discovery.save(),
      });
      this.#problems.clear('mapping');
    } catch (error) {
      this.#problems.add('mapping', `Expected to store the house but ${messageOf(error)}.`);
    }
  }
}
