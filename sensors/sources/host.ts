import { statfs } from 'node:fs/promises';
import { slugify, type PropertyKey } from '../../runtime/contract/ids.ts';
import type { Reading, Value } from '../../runtime/contract/reading.ts';
import type { Sink, Source } from '../../runtime/contract/source.ts';
import type { Clock, Timer } from '../../runtime/contract/time.ts';
import { type CpuTimes, HostFiles, cpuTimes, firstNumber, memory, throttled, traffic } from './host-files.ts';

export interface HostSourceOptions {
  /** The readings are those of `sensor.<slug of node>`. */
  readonly node: string;
  readonly clock: Clock;
  /** Default 5000. */
  readonly intervalMs?: number;
  /** Folder that holds `proc` and `sys`. Default `/`. */
  readonly root?: string;
  /** A folder on the disk to watch. Default `/`. */
  readonly disk?: string;
}

interface Before {
  readonly at: number;
  readonly cpu: CpuTimes | undefined;
  readonly net: { rx: number; tx: number } | undefined;
}

const THROTTLED = 'sys/devices/platform/soc/soc:firmware/get_throttled';

/**
 * This machine's own sensors (Linux): `sensor.<node>` with load_1m (% of all cores), cpu (%), memory_used (%),
 * memory_available (MB), temperature (°C), disk_used (%), disk_free (GB), net_rx and net_tx (kB/s), uptime (s), and on
 * a Raspberry Pi `binary_sensor.<node>_throttled.state`. What the machine does not say is left out; cpu and network
 * need two looks and begin with the second.
 */
export class HostSource implements Source {
  readonly name = 'host';
  /** Calls of the sink that threw. */
  sinkErrors = 0;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #files: HostFiles;
  readonly #disk: string;
  readonly #slug: string;
  #sink: Sink | undefined;
  #timer: Timer | undefined;
  #before: Before | undefined;
  #stopped = false;

  constructor(options: HostSourceOptions) {
    this.#clock = options.clock;
    this.#intervalMs = options.intervalMs ?? 5000;
    this.#files = new HostFiles(options.root ?? '/');
    this.#disk = options.disk ?? '/';
    this.#slug = slugify(options.node);
  }

  async start(sink: Sink, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#stopped) return this.stop();
    this.#sink = sink;
    signal.addEventListener('abort', () => void this.stop(), { once: true });
    this.#status(true, `reading this machine every ${this.#intervalMs / 1000} s`);
    await this.#look();
  }

  stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      this.#timer?.cancel();
      this.#status(false, 'stopped');
    }
    return Promise.resolve();
  }

  async #look(): Promise<void> {
    const values = await this.#sample();
    if (this.#stopped) return;
    const [at, received] = [this.#clock.wall(), this.#clock.mono()];
    const readings = values.map(([key, value, unit]): Reading => ({
      key,
      value: typeof value === 'number' ? Math.round(value * 10) / 10 : value,
      ...(unit === '' ? {} : { unit }),
      at,
      received,
      retained: false,
    }));
    try {
      if (readings.length > 0) this.#sink?.readings(readings);
    } catch {
      this.sinkErrors++;
    }
    this.#timer = this.#clock.schedule(this.#intervalMs, () => void this.#look());
  }

  async #sample(): Promise<[PropertyKey, Value, string][]> {
    const files = this.#files;
    const [stat, meminfo, loadavg, uptime, dev, firmware, temperature, disk] = await Promise.all([
      files.text('proc/stat'),
      files.text('proc/meminfo'),
      files.text('proc/loadavg'),
      files.text('proc/uptime'),
      files.text('proc/net/dev'),
      files.text(THROTTLED),
      files.temperature(),
      statfs(this.#disk).catch(() => undefined),
    ]);
    const values: [PropertyKey, Value, string][] = [];
    const add = (property: string, value: number | undefined, unit: string) => {
      if (value !== undefined && Number.isFinite(value))
        values.push([`sensor.${this.#slug}.${property}`, value, unit]);
    };
    const now: Before = { at: this.#clock.mono(), cpu: cpuTimes(stat), net: traffic(dev) };
    const load = firstNumber(loadavg);
    add('load_1m', load === undefined ? undefined : (100 * load) / (now.cpu?.cores ?? 1), '%');
    add('cpu', cpuShare(this.#before?.cpu, now.cpu), '%');
    const ram = memory(meminfo);
    add('memory_used', ram && 100 * (1 - ram.available / ram.total), '%');
    add('memory_available', ram?.available, 'MB');
    add('temperature', temperature, '°C');
    if (disk !== undefined && disk.blocks > 0) {
      // As df counts: what is reserved for root is neither used nor free.
      const used = disk.blocks - disk.bfree;
      add('disk_used', (100 * used) / (used + disk.bavail), '%');
      add('disk_free', (disk.bavail * disk.bsize) / 1e9, 'GB');
    }
    const seconds = this.#before === undefined ? 0 : (now.at - this.#before.at) / 1000;
    add('net_rx', rate(this.#before?.net?.rx, now.net?.rx, seconds), 'kB/s');
    add('net_tx', rate(this.#before?.net?.tx, now.net?.tx, seconds), 'kB/s');
    add('uptime', firstNumber(uptime), 's');
    const held = throttled(firmware);
    if (held !== undefined)
      values.push([`binary_sensor.${this.#slug}_throttled.state`, held ? 'on' : 'off', '']);
    this.#before = now;
    return values;
  }

  #status(connected: boolean, detail: string): void {
    try {
      this.#sink?.status(this.name, connected, detail);
    } catch {
      this.sinkErrors++;
    }
  }
}

function cpuShare(before: CpuTimes | undefined, now: CpuTimes | undefined): number | undefined {
  if (before === undefined || now === undefined || now.total <= before.total) return undefined;
  return Math.min(100, Math.max(0, (100 * (now.busy - before.busy)) / (now.total - before.total)));
}

/** kB/s; undefined where a counter began anew. */
function rate(before: number | undefined, now: number | undefined, seconds: number): number | undefined {
  if (before === undefined || now === undefined || seconds <= 0 || now < before) return undefined;
  return (now - before) / 1000 / seconds;
}
