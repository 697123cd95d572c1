import type { Clock, Timer } from '../../runtime/contract/time.ts';
import { HostFiles } from './files.ts';
import { powerSensor, type PowerSensor } from './power.ts';

/**
 * Counts the energy of a stretch of work. Construct → start → joules (as often as wanted) → stop.
 */
export interface EnergyMeter {
  /** What is counted, in words: `processor package`, `rails VDD_IN`. */
  readonly source: string;
  start(): void;
  /** Since `start`; the difference of two looks is what was used between them. Undefined while nothing reports. */
  joules(): number | undefined;
  stop(): void;
}

/** Power that is only told for the moment is looked at so often, ms: decisions take longer. */
const SAMPLE_MS = 100;

/**
 * The meter this board has: the processor's own energy counter (Intel and AMD, RAPL), else its power sensor summed over
 * time, else undefined. The counter is readable by root only on most systems: then it counts as absent.
 * @param fsRoot where /sys lies; tests hand over a tree of their own
 */
export function openEnergyMeter(clock: Clock, fsRoot = '/'): EnergyMeter | undefined {
  const files = new HostFiles(fsRoot);
  const packages = raplPackages(files);
  if (packages.length > 0) return new CounterMeter(packages);
  const sensor = powerSensor(files);
  return sensor === undefined ? undefined : new SummingMeter(sensor, clock);
}

interface Counter {
  /** Microjoules, up to `rangeMicroJoules`, then from 0 again. */
  read(): number | undefined;
  readonly rangeMicroJoules: number;
}

/** One counter per processor package. Documentation/power/powercap/powercap.rst of the kernel. */
function raplPackages(files: HostFiles): Counter[] {
  const root = 'sys/class/powercap';
  return files.list(root).flatMap((name): Counter[] => {
    // `intel-rapl:0` is a package, `intel-rapl:0:0` a part of it, `psys` the whole platform with the packages in it.
    if (!/^intel-rapl:\d+$/.test(name)) return [];
    if (!(files.text(`${root}/${name}/name`) ?? '').startsWith('package')) return [];
    const read = (): number | undefined => files.number(`${root}/${name}/energy_uj`);
    const range = files.number(`${root}/${name}/max_energy_range_uj`);
    return read() === undefined || range === undefined ? [] : [{ read, rangeMicroJoules: range }];
  });
}

class CounterMeter implements EnergyMeter {
  readonly source = 'processor package';
  readonly #counters: readonly Counter[];
  #last: (number | undefined)[] = [];
  #microJoules = 0;

  constructor(counters: readonly Counter[]) {
    this.#counters = counters;
  }

  start(): void {
    this.#microJoules = 0;
    this.#last = this.#counters.map((counter) => counter.read());
  }

  joules(): number | undefined {
    for (const [i, counter] of this.#counters.entries()) {
      const now = counter.read();
      const before = this.#last[i];
      if (now === undefined || before === undefined) return undefined;
      // It wraps about once an hour under load: once between two looks is made up for.
      this.#microJoules += now >= before ? now - before : now + counter.rangeMicroJoules - before;
      this.#last[i] = now;
    }
    return this.#microJoules / 1e6;
  }

  stop(): void {
    this.#last = [];
  }
}

/** Power × time, by the trapezoid between two samples. */
class SummingMeter implements EnergyMeter {
  readonly source: string;
  readonly #sensor: PowerSensor;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #joules = 0;
  #watts: number | undefined;
  #atMs = 0;
  #gap = false;

  constructor(sensor: PowerSensor, clock: Clock) {
    this.source = sensor.source;
    this.#sensor = sensor;
    this.#clock = clock;
  }

  start(): void {
    this.#timer?.cancel();
    this.#joules = 0;
    this.#gap = false;
    this.#watts = undefined;
    this.#sample();
    this.#later();
  }

  joules(): number | undefined {
    if (this.#timer !== undefined) this.#sample();
    return this.#gap ? undefined : this.#joules;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #later(): void {
    this.#timer = this.#clock.schedule(SAMPLE_MS, () => {
      this.#sample();
      this.#later();
    });
  }

  #sample(): void {
    const watts = this.#sensor.read();
    const nowMs = this.#clock.mono();
    // A battery that is plugged in meanwhile says nothing any more: the sum would be too small and look right.
    if (watts === undefined) this.#gap = true;
    else if (this.#watts !== undefined)
      this.#joules += (((watts + this.#watts) / 2) * (nowMs - this.#atMs)) / 1000;
    this.#watts = watts;
    this.#atMs = nowMs;
  }
}
