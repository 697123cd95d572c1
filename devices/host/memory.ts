import type { HostFiles } from './files.ts';

/** All in bytes. */
export interface Memory {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly swapBytes: number;
  /** What the cgroup allows this process, if it has a limit below the machine's memory. */
  readonly limitBytes?: number;
  /** The limit where there is one, else the total: what there is to plan with. */
  readonly usableBytes: number;
}

export function memoryOf(files: HostFiles): Memory {
  const info = files.text('proc/meminfo') ?? '';
  const bytes = (name: string): number => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(info)?.[1];
    return kib === undefined ? 0 : Number(kib) * 1024;
  };
  const totalBytes = bytes('MemTotal');
  const limit = limitOf(files);
  const limited = limit !== undefined && (totalBytes === 0 || limit < totalBytes);
  return {
    totalBytes,
    availableBytes: Math.min(bytes('MemAvailable'), limited ? limit : Infinity),
    swapBytes: bytes('SwapTotal'),
    ...(limited ? { limitBytes: limit } : {}),
    usableBytes: limited ? limit : totalBytes,
  };
}

/** The tightest limit from this process's cgroup up to the root: version 2 (`memory.max`), then version 1. */
function limitOf(files: HostFiles): number | undefined {
  const own = files.text('proc/self/cgroup') ?? '';
  const v2 = /^0::(\/\S*)$/m.exec(own)?.[1] ?? '/';
  const v1 = /^\d+:[^:]*\bmemory\b[^:]*:(\/\S*)$/m.exec(own)?.[1] ?? '/';
  const limits = [
    ...ancestors(v2).map((path) => files.number(`sys/fs/cgroup${path}/memory.max`)),
    ...ancestors(v1).map((path) => files.number(`sys/fs/cgroup/memory${path}/memory.limit_in_bytes`)),
  ].filter((limit) => limit !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** `/a/b` → `/a/b`, `/a`, ``. A path that climbs out of the tree is taken as the root. */
function ancestors(path: string): string[] {
  const parts = path.includes('..') ? [] : path.split('/').filter((part) => part !== '');
  return [...parts.keys(), parts.length].map((count) =>
    parts
      .slice(0, count)
      .map((part) => `/${part}`)
      .join(''),
  );
}
