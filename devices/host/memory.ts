import { cgroupFolders } from './cgroup.ts';
import type { HostFiles } from './files.ts';

/** All in bytes. */
export interface Memory {
  readonly totalBytes: number;
  /** What could be taken now without swapping, within the limit. */
  readonly availableBytes: number;
  readonly swapBytes: number;
  readonly swapFreeBytes: number;
  /** Of the swap, what lies compressed in memory itself: it buys room, and costs processor time. */
  readonly zramBytes: number;
  /** What the cgroup allows this process, if it has a limit below the machine's memory. */
  readonly limitBytes?: number;
  /** What the group with that limit holds of it now. */
  readonly limitUsedBytes?: number;
  /** The limit where there is one, else the total: what there is to plan with. */
  readonly usableBytes: number;
}

/** What the system itself says where there is no /proc: total and free memory, bytes. */
export interface MemoryFallback {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export function memoryOf(files: HostFiles, fallback?: MemoryFallback): Memory {
  const info = files.text('proc/meminfo');
  const bytes = (name: string): number | undefined => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(info ?? '')?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  };
  const totalBytes = bytes('MemTotal') ?? fallback?.totalBytes ?? 0;
  const free = bytes('MemAvailable') ?? bytes('MemFree') ?? fallback?.freeBytes ?? 0;
  const limit = limitOf(files);
  const limited = limit !== undefined && (totalBytes === 0 || limit.bytes < totalBytes) ? limit : undefined;
  return {
    totalBytes,
    availableBytes: Math.max(
      0,
      Math.min(free, limited === undefined ? Infinity : limited.bytes - (limited.heldBytes ?? 0)),
    ),
    swapBytes: bytes('SwapTotal') ?? 0,
    swapFreeBytes: bytes('SwapFree') ?? 0,
    zramBytes: zramOf(files),
    ...(limited === undefined ? {} : { limitBytes: limited.bytes }),
    ...(limited?.heldBytes === undefined ? {} : { limitUsedBytes: limited.heldBytes }),
    usableBytes: limited?.bytes ?? totalBytes,
  };
}

interface Limit {
  readonly bytes: number;
  /** What the group cannot give back: its use less file pages that are not being used. */
  readonly heldBytes?: number;
}

/** The tightest limit from this process's group up to the root: version 2 (`memory.max`), then version 1. */
function limitOf(files: HostFiles): Limit | undefined {
  const { v2, v1 } = cgroupFolders(files, 'memory');
  const found = [
    ...v2.map((folder) => ({ folder, bytes: files.number(`${folder}/memory.max`), used: 'memory.current' })),
    ...v1.map((folder) => ({
      folder,
      bytes: files.number(`${folder}/memory.limit_in_bytes`),
      used: 'memory.usage_in_bytes',
    })),
  ].flatMap(({ folder, bytes, used }) => (bytes === undefined ? [] : [{ folder, bytes, used }]));
  const tightest = found.toSorted((a, b) => a.bytes - b.bytes)[0];
  if (tightest === undefined) return undefined;
  const used = files.number(`${tightest.folder}/${tightest.used}`);
  if (used === undefined) return { bytes: tightest.bytes };
  const stat = files.text(`${tightest.folder}/memory.stat`) ?? '';
  // `total_`: with the groups below it, which version 1 counts apart and version 2 always in.
  const idle = (/^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat))?.[1] ?? '0';
  return { bytes: tightest.bytes, heldBytes: Math.max(0, used - Number(idle)) };
}

function zramOf(files: HostFiles): number {
  const swaps = files.text('proc/swaps') ?? '';
  return files
    .list('sys/block')
    .filter((name) => name.startsWith('zram') && swaps.includes(`/dev/${name}`))
    .reduce((sum, name) => sum + (files.number(`sys/block/${name}/disksize`) ?? 0), 0);
}

/** Share of the last 10 s in which work stood still for want of memory, 0–100 %. */
export interface MemoryPressure {
  /** Some task waited. */
  readonly somePercent: number;
  /** All of them did. */
  readonly fullPercent: number;
}

/** The kernel's pressure stall information; undefined before Linux 4.20 and where it is switched off. */
export function memoryPressureOf(files: HostFiles): MemoryPressure | undefined {
  const { v2 } = cgroupFolders(files, 'memory');
  // The own group's pressure counts its limit too; the root has none of its own and says the machine's elsewhere.
  const own = v2.length > 1 ? files.text(`${v2[0]}/memory.pressure`) : undefined;
  const readings = [own, files.text('proc/pressure/memory')].flatMap((text) => {
    const some = /^some avg10=(\d+(?:\.\d+)?)/m.exec(text ?? '')?.[1];
    const full = /^full avg10=(\d+(?:\.\d+)?)/m.exec(text ?? '')?.[1];
    return some === undefined ? [] : [{ some: Number(some), full: Number(full ?? 0) }];
  });
  if (readings.length === 0) return undefined;
  return {
    somePercent: Math.max(...readings.map(({ some }) => some)),
    fullPercent: Math.max(...readings.map(({ full }) => full)),
  };
}
