import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { formatBytes } from '../../lib/units.ts';
import { fail, ok, warn, type Check } from './check.ts';

const MIN_NODE = [20, 19] as const;

/** The board by its own name, else by its processor. */
export function boardName(): string {
  const model = readText('/proc/device-tree/model');
  const name = model === undefined ? (cpus()[0]?.model ?? 'unknown processor') : model.replaceAll('\0', '');
  return `${name.trim()}, ${availableParallelism()} cores, ${arch()}`;
}

export function checkBoard(): Check {
  const known = arch() === 'x64' || arch() === 'arm64';
  if (known) return ok('board', boardName());
  return warn('board', boardName(), 'Native parts are built for x64 and arm64 only; use a 64-bit system.');
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]))
    return ok('node', `Node.js ${version}`);
  return fail('node', `Node.js ${version}`, `Install Node.js ${MIN_NODE.join('.')} or later.`);
}

export function checkMemory(): Check {
  const free = availableBytes();
  const detail = `${formatBytes(free)} free of ${formatBytes(totalmem())}`;
  if (free < 150e6)
    return fail('memory', detail, 'Ganglion needs 150 MB without a model; stop something else.');
  if (free < 700e6) {
    return warn(
      'memory',
      detail,
      'Rules will run; a 0.5B model needs about 700 MB, so stop something else for it.',
    );
  }
  return ok('memory', detail);
}

/** Graphics and neural processors that drivers show. */
export function checkAccelerators(exists: (path: string) => boolean = existsSync): Check {
  const found = [
    ['/dev/nvidia0', 'NVIDIA GPU (CUDA)'],
    ['/dev/nvhost-gpu', 'NVIDIA Jetson GPU (CUDA)'],
    ['/dev/dri/renderD128', 'GPU (Vulkan, if its driver has it)'],
    ['/dev/hailo0', 'Hailo NPU (not used yet)'],
    ['/dev/apex_0', 'Coral TPU (not used yet)'],
  ].flatMap(([path, name]) => (exists(path!) ? [name!] : []));
  return ok('accelerators', found.length === 0 ? 'none; models run on the CPU' : found.join(', '));
}

export function checkDisk(folder: string): Check {
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  try {
    const { bavail, bsize } = statfsSync(place);
    const free = bavail * bsize;
    const detail = `${formatBytes(free)} free for ${folder}`;
    if (free < 100e6)
      return fail('disk', detail, 'Free some space: the journal stops taking readings when it is full.');
    if (free < 2e9) return warn('disk', detail, 'Free some space, or lower `history.max` in ganglion.yaml.');
    return ok('disk', detail);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(
      'disk',
      `${folder} cannot be looked at: ${reason}`,
      'Set `data:` to a folder this user can write.',
    );
  }
}

/** Boards without a battery-backed clock start years ago until the network has told them the time. */
export function checkClock(wallMs: number, exists: (path: string) => boolean = existsSync): Check {
  const now = new Date(wallMs).toISOString().slice(0, 16).replace('T', ' ');
  if (wallMs < Date.UTC(2025, 0, 1)) {
    return fail(
      'clock',
      `it says ${now} UTC`,
      'Set the clock or let it synchronise: schedules wait until it is plausible.',
    );
  }
  const systemd = exists('/run/systemd/timesync');
  if (systemd && !exists('/run/systemd/timesync/synchronized')) {
    return warn('clock', `${now} UTC, not synchronised`, 'Run `timedatectl set-ntp true`.');
  }
  return ok('clock', `${now} UTC, ${Intl.DateTimeFormat().resolvedOptions().timeZone}`);
}

function availableBytes(): number {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(readText('/proc/meminfo') ?? '');
  return match === null ? freemem() : Number(match[1]) * 1024;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
