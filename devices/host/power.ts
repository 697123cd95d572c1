import type { HostFiles } from './files.ts';

export interface Power {
  /** The name of the power mode where the board has several: `MAXN`, `15W` of a Jetson's nvpmodel. */
  readonly mode?: string;
  /** What it draws now, where a sensor says so. */
  readonly watts?: number;
  /** What that figure covers, in words. */
  readonly source?: string;
}

/** A sensor of power as it is now. */
export interface PowerSensor {
  readonly source: string;
  /** Watts; undefined while it does not say. */
  read(): number | undefined;
}

export function powerOf(files: HostFiles): Power {
  const mode = jetsonMode(files);
  const sensor = powerSensor(files);
  const watts = sensor?.read();
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(sensor === undefined || watts === undefined ? {} : { watts, source: sensor.source }),
  };
}

/** The number nvpmodel keeps of its present mode, and the name /etc/nvpmodel.conf gives it. */
function jetsonMode(files: HostFiles): string | undefined {
  const id = /pmode:0*(\d+)/.exec(files.text('var/lib/nvpmodel/status') ?? '')?.[1];
  if (id === undefined) return undefined;
  const table = files.text('etc/nvpmodel.conf') ?? '';
  return new RegExp(`POWER_MODEL\\s+ID=0*${id}\\s+NAME=(\\S+)`).exec(table)?.[1] ?? `mode ${id}`;
}

/** Rails that carry everything the module takes in; with one of them the others would be counted twice. */
const INPUT_RAIL = /^(?:VDD_IN|POM_5V_IN)$/;

/** The board's own power monitor, else a battery that is being emptied; undefined where nothing reports power. */
export function powerSensor(files: HostFiles): PowerSensor | undefined {
  return railsOf(files) ?? batteryOf(files);
}

/**
 * INA3221 (Jetson: three rails each, millivolts and milliamperes) and other INA monitors (microwatts), by the names of
 * the kernel's hwmon interface (Documentation/hwmon/sysfs-interface.rst).
 */
function railsOf(files: HostFiles): PowerSensor | undefined {
  const rails = files.list('sys/class/hwmon').flatMap((entry): Rail[] => {
    const folder = `sys/class/hwmon/${entry}`;
    const name = files.text(`${folder}/name`) ?? '';
    if (name === 'ina3221') return ina3221Rails(files, folder);
    if (!/^ina2\d\d$/.test(name) || files.number(`${folder}/power1_input`) === undefined) return [];
    return [{ label: name, watts: () => scaled(files.number(`${folder}/power1_input`), 1e-6) }];
  });
  if (rails.length === 0) return undefined;
  const input = rails.find(({ label }) => INPUT_RAIL.test(label));
  const counted = input === undefined ? rails : [input];
  return {
    source: `rails ${counted.map(({ label }) => label).join(' + ')}`,
    read() {
      const watts = counted.flatMap((rail) => rail.watts() ?? []);
      return watts.length === 0 ? undefined : watts.reduce((sum, one) => sum + one, 0);
    },
  };
}

interface Rail {
  readonly label: string;
  watts(): number | undefined;
}

function ina3221Rails(files: HostFiles, folder: string): Rail[] {
  return [1, 2, 3].flatMap((channel): Rail[] => {
    const label = files.text(`${folder}/in${channel}_label`) ?? `rail ${channel}`;
    // "NC": not connected.
    if (label === 'NC' || files.number(`${folder}/curr${channel}_input`) === undefined) return [];
    const watts = (): number | undefined => {
      const milliVolts = files.number(`${folder}/in${channel}_input`);
      const milliAmperes = files.number(`${folder}/curr${channel}_input`);
      return milliVolts === undefined || milliAmperes === undefined
        ? undefined
        : (milliVolts * milliAmperes) / 1e6;
    };
    return [{ label, watts }];
  });
}

/** Of a laptop or a board on a battery hat: what leaves the battery, and only while nothing charges it. */
function batteryOf(files: HostFiles): PowerSensor | undefined {
  const root = 'sys/class/power_supply';
  const battery = files.list(root).find((name) => files.text(`${root}/${name}/type`) === 'Battery');
  if (battery === undefined) return undefined;
  const folder = `${root}/${battery}`;
  return {
    source: `battery ${battery}`,
    read() {
      if (files.text(`${folder}/status`) !== 'Discharging') return undefined;
      const microWatts = files.number(`${folder}/power_now`);
      if (microWatts !== undefined) return Math.abs(microWatts) / 1e6;
      const volts = scaled(files.number(`${folder}/voltage_now`), 1e-6);
      const amperes = scaled(files.number(`${folder}/current_now`), 1e-6);
      return volts === undefined || amperes === undefined ? undefined : Math.abs(volts * amperes);
    },
  };
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
