import type { HostFiles } from './files.ts';

export type Throttle = 'under-voltage' | 'frequency-capped' | 'throttled' | 'soft-temperature-limit';

export interface Thermal {
  /** Of the CPU's own zone, else the hottest; absent where there is no sensor. */
  readonly celsius?: number;
  /** Where the board begins to slow itself down, as its firmware or kernel says. */
  readonly limitCelsius?: number;
  /** Why the board runs slower now than it could; empty: it does not. */
  readonly throttled: readonly Throttle[];
  /** The same of any time since it started, present ones too. */
  readonly throttledBefore: readonly Throttle[];
  /** False where the board does not tell. */
  readonly throttleKnown: boolean;
}

/** Bits of the Raspberry Pi firmware's `get_throttled`: now (0–3); since it started: the same 16 higher. */
const PI_BITS = ['under-voltage', 'frequency-capped', 'throttled', 'soft-temperature-limit'] as const;

export function thermalOf(files: HostFiles): Thermal {
  const zones = zonesOf(files);
  const cpu = zones.find(({ type }) => /cpu|soc|x86_pkg/i.test(type));
  const hottest = zones.toSorted((a, b) => b.celsius - a.celsius)[0];
  const zone = cpu ?? hottest;
  const bits = throttleBits(files);
  const now = new Set<Throttle>(PI_BITS.filter((_, bit) => ((bits ?? 0) & (1 << bit)) !== 0));
  const before = new Set<Throttle>(PI_BITS.filter((_, bit) => ((bits ?? 0) & (1 << (bit + 16))) !== 0));
  const cooling = coolingOf(files);
  if (cooling.active) now.add('throttled');
  const alarm = voltageAlarm(files);
  if (alarm === true) now.add('under-voltage');
  const limit = zone === undefined ? undefined : (limitOf(files, zone.folder) ?? packageLimit(files, zone));
  return {
    ...(zone === undefined ? {} : { celsius: zone.celsius }),
    ...(limit === undefined ? {} : { limitCelsius: limit }),
    throttled: PI_BITS.filter((name) => now.has(name)),
    throttledBefore: PI_BITS.filter((name) => now.has(name) || before.has(name)),
    throttleKnown: bits !== undefined || cooling.known || alarm !== undefined,
  };
}

interface Zone {
  readonly folder: string;
  readonly type: string;
  readonly celsius: number;
}

function zonesOf(files: HostFiles): Zone[] {
  return (
    files
      .list('sys/class/thermal')
      .filter((name) => name.startsWith('thermal_zone'))
      .flatMap((name): Zone[] => {
        const folder = `sys/class/thermal/${name}`;
        const milli = files.number(`${folder}/temp`);
        const type = files.text(`${folder}/type`) ?? '';
        return milli === undefined ? [] : [{ folder, type, celsius: milli / 1000 }];
      })
      // Jetsons have zones that read -256 °C while their part is switched off.
      .filter(({ celsius }) => celsius > -50 && celsius < 150)
  );
}

/** The lowest trip at which the kernel slows the processor down (`passive`), else the lowest it calls hot. */
function limitOf(files: HostFiles, folder: string): number | undefined {
  const trips = files
    .list(folder)
    .flatMap((name) => /^trip_point_(\d+)_type$/.exec(name)?.[1] ?? [])
    .map((trip) => ({
      type: files.text(`${folder}/trip_point_${trip}_type`),
      celsius: (files.number(`${folder}/trip_point_${trip}_temp`) ?? 0) / 1000,
    }))
    // A trip that is switched off reads 0 or less; a fan's trips lie far below any limit.
    .filter(({ celsius }) => celsius >= 50 && celsius < 150);
  for (const wanted of ['passive', 'hot']) {
    const found = trips.filter(({ type }) => type === wanted).map(({ celsius }) => celsius);
    if (found.length > 0) return Math.min(...found);
  }
  return undefined;
}

/** Intel's processors slow down when they reach their critical temperature, which the kernel tells by another driver. */
function packageLimit(files: HostFiles, { type }: Zone): number | undefined {
  if (type !== 'x86_pkg_temp') return undefined;
  const monitor = files
    .list('sys/class/hwmon')
    .find((name) => files.text(`sys/class/hwmon/${name}/name`) === 'coretemp');
  const milli = monitor === undefined ? undefined : files.number(`sys/class/hwmon/${monitor}/temp1_crit`);
  return milli === undefined ? undefined : milli / 1000 - BEFORE_CRITICAL;
}

/** Degrees below the critical temperature at which it is close enough. */
const BEFORE_CRITICAL = 5;

/** The kernel's own throttling: a cooling device that lowers the processor's clock is above state 0. */
function coolingOf(files: HostFiles): { readonly known: boolean; readonly active: boolean } {
  const states = files
    .list('sys/class/thermal')
    .filter((name) => name.startsWith('cooling_device'))
    // `cpufreq-cpu0`, `thermal-cpufreq-0`; not `pwm-fan`, and not `Processor`, which power saving moves too.
    .filter((name) => /cpufreq/.test(files.text(`sys/class/thermal/${name}/type`) ?? ''))
    .flatMap((name) => files.number(`sys/class/thermal/${name}/cur_state`) ?? []);
  return { known: states.length > 0, active: states.some((state) => state > 0) };
}

/** Of the Raspberry Pi's voltage monitor in mainline kernels (`rpi_volt`). */
function voltageAlarm(files: HostFiles): boolean | undefined {
  const monitor = files
    .list('sys/class/hwmon')
    .find((name) => files.text(`sys/class/hwmon/${name}/name`) === 'rpi_volt');
  if (monitor === undefined) return undefined;
  const alarm = files.number(`sys/class/hwmon/${monitor}/in0_lcrit_alarm`);
  return alarm === undefined ? undefined : alarm === 1;
}

/** The Raspberry Pi kernel hands the firmware's word on as `…/soc…/soc…:firmware/get_throttled`. */
function throttleBits(files: HostFiles): number | undefined {
  const platform = 'sys/devices/platform';
  for (const soc of files.list(platform).filter((name) => name.startsWith('soc'))) {
    for (const node of files.list(`${platform}/${soc}`).filter((name) => name.endsWith(':firmware'))) {
      const text = files.text(`${platform}/${soc}/${node}/get_throttled`);
      if (text !== undefined && /^(?:0x)?[0-9a-f]+$/i.test(text)) return parseInt(text, 16);
    }
  }
  return undefined;
}
