import { cpus, freemem, totalmem } from 'node:os';
import { acceleratorsOf, type Accelerator } from './accelerators.ts';
import { boardOf, type Board } from './board.ts';
import { cpuOf, type Cpu, type CpuFallback } from './cpu.ts';
import { diskOf, type Disk } from './disk.ts';
import { HostFiles } from './files.ts';
import { memoryOf, type Memory, type MemoryFallback } from './memory.ts';
import { powerOf, type Power } from './power.ts';
import { thermalOf, type Thermal } from './thermal.ts';

/** What a board is and has, read from /proc, /sys and /dev. Everything that cannot be read is `unknown` or absent. */
export interface HostProbe {
  readonly board: Board;
  readonly cpu: Cpu;
  readonly memory: Memory;
  readonly accelerators: readonly Accelerator[];
  readonly thermal: Thermal;
  readonly power: Power;
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
  /** What the system says by itself: the only source where there is no /proc. */
  readonly cpu?: CpuFallback;
  readonly memory?: MemoryFallback;
}

/**
 * Looks at the machine. Reads files only and never fails: on another system than Linux most answers are `unknown`.
 * @param fsRoot where /proc, /sys and /dev lie; tests hand over a tree of their own
 */
export function probeHost(fsRoot = '/', running: ProbeProcess = thisProcess()): HostProbe {
  const files = new HostFiles(fsRoot);
  return {
    board: boardOf(files),
    cpu: cpuOf(files, running.cpu),
    memory: memoryOf(files, running.memory),
    accelerators: acceleratorsOf(files),
    thermal: thermalOf(files),
    power: powerOf(files),
    disk: diskOf(files),
    node: running.version,
    os: running.platform,
    arch: running.arch,
  };
}

function thisProcess(): ProbeProcess {
  const { version, platform, arch } = process;
  // Asking for processors reads files of its own on Linux, where it is not needed.
  if (platform === 'linux') return { version, platform, arch };
  const all = cpus();
  const cpu = { model: all[0]?.model ?? 'unknown', cores: all.length };
  return { version, platform, arch, cpu, memory: { totalBytes: totalmem(), freeBytes: freemem() } };
}
