import { boardOf, type Board } from './board.ts';
import { acceleratorsOf, type Accelerator } from './accelerators.ts';
import { HostFiles } from './files.ts';
import { memoryOf, type Memory } from './memory.ts';
import { thermalOf, type Thermal } from './thermal.ts';

export interface Cpu {
  readonly model: string;
  /** Logical processors this process may use: those of the machine, less by the cgroup's quota. */
  readonly cores: number;
  /** Instruction set extensions that local inference gains from, in the kernel's names: `avx2`, `asimddp`, `i8mm`. */
  readonly features: readonly string[];
}

export interface Disk {
  /** Kernel name of the device that holds the root file system, if it can be told. */
  readonly device?: string;
  readonly kind: 'sd-card' | 'emmc' | 'nvme' | 'ssd' | 'hdd' | 'unknown';
}

/** What a board is and has, read from /proc, /sys and /dev. Everything that cannot be read is `unknown` or absent. */
export interface HostProbe {
  readonly board: Board;
  readonly cpu: Cpu;
  readonly memory: Memory;
  readonly accelerators: readonly Accelerator[];
  readonly thermal: Thermal;
  readonly disk: Disk;
  readonly node: string;
  /** `linux`, `darwin`, … */
  readonly os: string;
  /** `arm64`, `x64`, … */
  readonly arch: string;
}

export interface ProbeProcess {
  readonly version: string;
  readonly platform: string;
  readonly arch: string;
}

/** Flags of x86 and Arm worth knowing about, of the many the kernel lists. */
const FEATURES = new Set([
  'sse4_2',
  'avx',
  'avx2',
  'fma',
  'f16c',
  'avx512f',
  'avx512_vnni',
  'avx_vnni',
  'amx_int8',
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

/**
 * Looks at the machine. Reads files only and never fails: on another system than Linux most answers are `unknown`.
 * @param fsRoot where /proc, /sys and /dev lie; tests hand over a tree of their own
 */
export function probeHost(fsRoot = '/', running: ProbeProcess = process): HostProbe {
  const files = new HostFiles(fsRoot);
  return {
    board: boardOf(files),
    cpu: cpuOf(files),
    memory: memoryOf(files),
    accelerators: acceleratorsOf(files),
    thermal: thermalOf(files),
    disk: diskOf(files),
    node: running.version,
    os: running.platform,
    arch: running.arch,
  };
}

function cpuOf(files: HostFiles): Cpu {
  const info = files.text('proc/cpuinfo') ?? '';
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}[ \\t]*:[ \\t]*(.+)$`, 'im').exec(info)?.[1]?.trim();
  const cores = info.match(/^processor\s*:/gm)?.length ?? 0;
  const flags = (field('flags') ?? field('features') ?? '').split(/\s+/);
  const quota = quotaOf(files);
  return {
    model: field('model name') ?? armCore(field('CPU part')) ?? field('hardware') ?? 'unknown',
    cores: Math.max(1, Math.min(cores === 0 ? 1 : cores, quota ?? Infinity)),
    features: flags.filter((flag) => FEATURES.has(flag)),
  };
}

/** Arm's part numbers of the cores found on small boards (Linux: arch/arm64/include/asm/cputype.h). */
const ARM_CORES: ReadonlyMap<string, string> = new Map([
  ['0xd03', 'Cortex-A53'],
  ['0xd05', 'Cortex-A55'],
  ['0xd07', 'Cortex-A57'],
  ['0xd08', 'Cortex-A72'],
  ['0xd0b', 'Cortex-A76'],
  ['0xd42', 'Cortex-A78AE'],
]);

function armCore(part: string | undefined): string | undefined {
  return part === undefined ? undefined : ARM_CORES.get(part.toLowerCase());
}

/** Whole cores a container may use: cgroup v2's `cpu.max`, v1's quota and period; undefined without a limit. */
function quotaOf(files: HostFiles): number | undefined {
  const [quota, period] = (files.text('sys/fs/cgroup/cpu.max') ?? '').trim().split(/\s+/).map(Number);
  const old = [
    files.number('sys/fs/cgroup/cpu/cpu.cfs_quota_us'),
    files.number('sys/fs/cgroup/cpu/cpu.cfs_period_us'),
  ];
  const [used, per] = Number.isFinite(quota) && period !== undefined ? [quota, period] : old;
  if (used === undefined || per === undefined || used <= 0 || per <= 0) return undefined;
  return Math.max(1, Math.floor(used / per));
}

function diskOf(files: HostFiles): Disk {
  const mounts = files.text('proc/mounts') ?? '';
  const source = /^(\/dev\/\S+) \/ /m.exec(mounts)?.[1]?.replace('/dev/', '');
  const device = source ?? /root=\/dev\/(\S+)/.exec(files.text('proc/cmdline') ?? '')?.[1];
  if (device === undefined) return { kind: 'unknown' };
  const whole = /^(?:mmcblk|nvme\d+n)\d+/.exec(device)?.[0] ?? device.replace(/\d+$/, '');
  if (whole.startsWith('mmcblk')) {
    const type = files.text(`sys/block/${whole}/device/type`)?.trim();
    return { device: whole, kind: type === 'MMC' ? 'emmc' : 'sd-card' };
  }
  if (whole.startsWith('nvme')) return { device: whole, kind: 'nvme' };
  const rotational = files.number(`sys/block/${whole}/queue/rotational`);
  if (rotational === undefined) return { device: whole, kind: 'unknown' };
  return { device: whole, kind: rotational === 1 ? 'hdd' : 'ssd' };
}
