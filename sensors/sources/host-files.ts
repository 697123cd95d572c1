import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Reads what Linux says of the machine; every answer is undefined where this machine does not say it. */
export class HostFiles {
  readonly #root: string;

  /** @param root folder that holds `proc` and `sys` */
  constructor(root: string) {
    this.#root = root;
  }

  async text(path: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#root, path), 'utf8');
    } catch {
      // Not there, or (as thermal zones of a sleeping device do) not readable now.
      return undefined;
    }
  }

  async #names(path: string): Promise<string[]> {
    try {
      return (await readdir(join(this.#root, path))).toSorted();
    } catch {
      return [];
    }
  }

  /** The temperature of the processor or, where no sensor says it is that, of the hottest zone, °C. */
  async temperature(): Promise<number | undefined> {
    const zones: { name: string; celsius: number }[] = [];
    for (const zone of await this.#names('sys/class/thermal')) {
      if (!zone.startsWith('thermal_zone')) continue;
      const folder = `sys/class/thermal/${zone}`;
      const celsius = celsiusOf(await this.text(`${folder}/temp`));
      if (celsius !== undefined) zones.push({ name: (await this.text(`${folder}/type`)) ?? zone, celsius });
    }
    if (zones.length === 0) {
      for (const chip of await this.#names('sys/class/hwmon')) {
        const folder = `sys/class/hwmon/${chip}`;
        const celsius = celsiusOf(await this.text(`${folder}/temp1_input`));
        if (celsius !== undefined) zones.push({ name: (await this.text(`${folder}/name`)) ?? chip, celsius });
      }
    }
    const processor = zones.filter(({ name }) => PROCESSOR.test(name));
    const used = processor.length > 0 ? processor : zones;
    return used.length === 0 ? undefined : Math.max(...used.map(({ celsius }) => celsius));
  }
}

const PROCESSOR = /cpu|soc|x86_pkg|core_?temp|k10temp|package/i;

function celsiusOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d+\s*$/.test(text)) return undefined;
  const celsius = Number(text) / 1000;
  // Sensors that are not connected say −274 or 255.
  return celsius > -50 && celsius < 150 ? celsius : undefined;
}

export interface CpuTimes {
  /** Ticks of all cores together. */
  readonly busy: number;
  readonly total: number;
  readonly cores: number;
}

/** `/proc/stat`: user nice system idle iowait irq softirq steal … */
export function cpuTimes(stat: string | undefined): CpuTimes | undefined {
  const ticks = /^cpu +(.*)$/m
    .exec(stat ?? '')?.[1]
    ?.split(/\s+/)
    .slice(0, 8)
    .map(Number);
  if (ticks === undefined || ticks.length < 5 || !ticks.every(Number.isFinite)) return undefined;
  const total = ticks.reduce((sum, value) => sum + value, 0);
  const cores = stat?.match(/^cpu\d+ /gm)?.length ?? 1;
  return { busy: total - ticks[3]! - ticks[4]!, total, cores };
}

/** `/proc/meminfo`, in MB. */
export function memory(meminfo: string | undefined): { total: number; available: number } | undefined {
  const field = (name: string) =>
    Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(meminfo ?? '')?.[1]) / 1024;
  const [total, available] = [field('MemTotal'), field('MemAvailable')];
  return total > 0 && Number.isFinite(available) ? { total, available } : undefined;
}

const VIRTUAL = /^(?:lo|docker|veth|br-|virbr|tun|tap|wg|dummy|ifb|vnet|cni|flannel)/;

/** `/proc/net/dev`: bytes over all real interfaces since they came up. */
export function traffic(dev: string | undefined): { rx: number; tx: number } | undefined {
  let found: { rx: number; tx: number } | undefined;
  for (const line of (dev ?? '').split('\n')) {
    const [, name, counters] = /^ *([^:\s]+): *(.*)$/.exec(line) ?? [];
    if (name === undefined || counters === undefined || VIRTUAL.test(name)) continue;
    const fields = counters.split(/\s+/).map(Number);
    const [rx, tx] = [fields[0], fields[8]];
    if (rx === undefined || tx === undefined || !Number.isFinite(rx + tx)) continue;
    found = { rx: (found?.rx ?? 0) + rx, tx: (found?.tx ?? 0) + tx };
  }
  return found;
}

/**
 * Raspberry Pi firmware: whether it holds the processor back at this moment. Bits 0–3: under-voltage, frequency capped,
 * throttled, soft temperature limit; bits 16–19 say the same of the past and are not news.
 */
export function throttled(text: string | undefined): boolean | undefined {
  const bits = Number.parseInt(text?.trim() ?? '', 16);
  return Number.isNaN(bits) ? undefined : (bits & 0xf) !== 0;
}

/** The first number of a line: `/proc/loadavg`, `/proc/uptime`. */
export function firstNumber(text: string | undefined): number | undefined {
  const value = Number(text?.trim().split(/\s+/)[0] || Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}
