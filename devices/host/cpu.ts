import { cgroupFolders } from './cgroup.ts';
import type { HostFiles } from './files.ts';

/** Cores of one kind. Boards with big and little ones have two or three of these, PCs mostly one. */
export interface CpuCluster {
  /** `Cortex-A76`; absent where the kernel does not say. */
  readonly core?: string;
  /** Those this process may run on. */
  readonly cores: number;
  readonly maxMHz?: number;
}

export interface Cpu {
  readonly model: string;
  /** Logical processors this process may use: those it may run on, less by the cgroup's quota. */
  readonly cores: number;
  /** Of those, whole cores: two hardware threads of one share its arithmetic. */
  readonly physicalCores: number;
  /** Fastest first. */
  readonly clusters: readonly CpuCluster[];
  /** Instruction set extensions that local inference gains from, in the kernel's names: `avx2`, `asimddp`, `i8mm`. */
  readonly features: readonly string[];
}

/** What the system itself says where there is no /proc. */
export interface CpuFallback {
  readonly model: string;
  readonly cores: number;
}

/** Flags of x86 and Arm worth knowing about, of the many the kernel lists. */
const FEATURES = new Set([
  'sse4_2',
  'avx',
  'avx2',
  'fma',
  'f16c',
  'avx512f',
  'avx512bw',
  'avx512_vnni',
  'avx512_bf16',
  'avx512_fp16',
  'avx_vnni',
  'amx_tile',
  'amx_int8',
  'amx_bf16',
  'neon',
  'asimd',
  'asimddp',
  'asimdhp',
  'fphp',
  'i8mm',
  'bf16',
  'sve',
  'sve2',
]);

/** Arm's part numbers of the cores found on small boards (Linux: arch/arm64/include/asm/cputype.h). */
const ARM_CORES: ReadonlyMap<string, string> = new Map([
  ['0xd03', 'Cortex-A53'],
  ['0xd04', 'Cortex-A35'],
  ['0xd05', 'Cortex-A55'],
  ['0xd07', 'Cortex-A57'],
  ['0xd08', 'Cortex-A72'],
  ['0xd09', 'Cortex-A73'],
  ['0xd0a', 'Cortex-A75'],
  ['0xd0b', 'Cortex-A76'],
  ['0xd0d', 'Cortex-A77'],
  ['0xd41', 'Cortex-A78'],
  ['0xd42', 'Cortex-A78AE'],
  ['0xd80', 'Cortex-A520'],
  ['0xd81', 'Cortex-A720'],
]);

interface Processor {
  readonly id: number;
  readonly core: string | undefined;
  readonly maxMHz: number | undefined;
  /** Which whole core it belongs to. */
  readonly siblings: string;
}

export function cpuOf(files: HostFiles, fallback?: CpuFallback): Cpu {
  const info = files.text('proc/cpuinfo') ?? '';
  const field = (text: string, name: string): string | undefined =>
    new RegExp(`^${name}[ \\t]*:[ \\t]*(.+)$`, 'im').exec(text)?.[1]?.trim();
  const all = info.split(/\n\s*\n/).flatMap((text): Processor[] => {
    const id = field(text, 'processor');
    if (id === undefined || !/^\d+$/.test(id)) return [];
    const folder = `sys/devices/system/cpu/cpu${id}`;
    const kHz = files.number(`${folder}/cpufreq/cpuinfo_max_freq`);
    // Without frequency scaling (virtual machines) the present clock is the only one.
    const mhz = kHz === undefined ? Number(field(text, 'cpu MHz')) : kHz / 1000;
    return [
      {
        id: Number(id),
        core: ARM_CORES.get(field(text, 'CPU part')?.toLowerCase() ?? ''),
        maxMHz: Number.isFinite(mhz) ? Math.round(mhz) : undefined,
        siblings: files.text(`${folder}/topology/thread_siblings_list`) ?? id,
      },
    ];
  });
  const allowed = allowedIds(files);
  const here = all.filter(({ id }) => allowed?.has(id) ?? true);
  const processors = here.length > 0 ? here : all;
  const cores = Math.max(
    1,
    Math.min(processors.length || (fallback?.cores ?? 1), quotaOf(files) ?? Infinity),
  );
  const whole = new Set(processors.map(({ siblings }) => siblings)).size;
  const flags = (field(info, 'flags') ?? field(info, 'features') ?? '').split(/\s+/);
  return {
    model:
      field(info, 'model name') ??
      processors.toSorted((a, b) => (b.maxMHz ?? 0) - (a.maxMHz ?? 0))[0]?.core ??
      field(info, 'hardware') ??
      fallback?.model ??
      'unknown',
    cores,
    physicalCores: whole === 0 ? cores : Math.min(whole, cores),
    clusters: clustersOf(processors),
    features: flags.filter((flag) => FEATURES.has(flag)),
  };
}

/** Cores of a kind differ by a few percent where some may be clocked higher for a while; a little core by far more. */
const SAME_CLUSTER = 0.85;

function clustersOf(processors: readonly Processor[]): CpuCluster[] {
  const clusters: { core: string | undefined; cores: number; maxMHz: number | undefined }[] = [];
  for (const { core, maxMHz } of processors.toSorted((a, b) => (b.maxMHz ?? 0) - (a.maxMHz ?? 0))) {
    const same = clusters.find(
      (cluster) => cluster.core === core && (maxMHz ?? 0) >= (cluster.maxMHz ?? 0) * SAME_CLUSTER,
    );
    if (same === undefined) clusters.push({ core, cores: 1, maxMHz });
    else same.cores++;
  }
  return clusters.map(({ core, cores, maxMHz }) => ({
    ...(core === undefined ? {} : { core }),
    cores,
    ...(maxMHz === undefined ? {} : { maxMHz }),
  }));
}

/** `0-3,6` of the task's affinity, which holds both what the cgroup allows and what the process was tied to. */
function allowedIds(files: HostFiles): ReadonlySet<number> | undefined {
  const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(files.text('proc/self/status') ?? '')?.[1];
  if (list === undefined) return undefined;
  const ids = new Set<number>();
  for (const range of list.split(',')) {
    const [from = NaN, to = from] = range.split('-').map(Number);
    for (let id = from; id <= Math.min(to, from + 4096); id++) ids.add(id);
  }
  return ids;
}

/** Whole processors a container may use: the smallest quota from its own group up to the root; undefined without one. */
function quotaOf(files: HostFiles): number | undefined {
  const { v2, v1 } = cgroupFolders(files, 'cpu');
  const shares = [
    ...v2.map((folder) => (files.text(`${folder}/cpu.max`) ?? '').split(/\s+/).map(Number)),
    ...v1.map((folder) => [
      files.number(`${folder}/cpu.cfs_quota_us`) ?? NaN,
      files.number(`${folder}/cpu.cfs_period_us`) ?? NaN,
    ]),
  ].flatMap(([quota = NaN, period = NaN]) => (quota > 0 && period > 0 ? [quota / period] : []));
  return shares.length === 0 ? undefined : Math.max(1, Math.floor(Math.min(...shares)));
}
