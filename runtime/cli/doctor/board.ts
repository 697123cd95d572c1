import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { probeHost, type HostProbe } from '../../../devices/index.ts';
import { formatBytes } from '../../lib/units.ts';
import { fail, ok, warn, type Check } from './check.ts';

const MIN_NODE = [20, 19] as const;

/** The board by its own name, its cores and instruction set. */
export function boardName(host: HostProbe = probeHost()): string {
  const name = host.board.model === 'unknown' ? host.cpu.model : host.board.model;
  return `${name}, ${coresText(host)}, ${host.arch}`;
}

/** `8 cores (4 Cortex-A76, 4 Cortex-A55)` where they differ, `4 cores` where they do not. */
function coresText({ cpu }: HostProbe): string {
  const cores = `${cpu.cores} ${cpu.cores === 1 ? 'core' : 'cores'}`;
  if (cpu.clusters.length < 2) return cores;
  const kinds = cpu.clusters.map(({ cores: count, core, maxMHz }) =>
    [count, core ?? (maxMHz === undefined ? 'others' : `of ${(maxMHz / 1000).toFixed(1)} GHz`)].join(' '),
  );
  return `${cores} (${kinds.join(', ')})`;
}

export function checkBoard(host: HostProbe): Check {
  const mode = host.power.mode === undefined ? '' : `, power mode ${host.power.mode}`;
  if (host.arch === 'x64' || host.arch === 'arm64') return ok('board', boardName(host) + mode);
  return warn(
    'board',
    boardName(host),
    'Native parts are built for x64 and arm64 only; use a 64-bit system.',
  );
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]))
    return ok('node', `Node.js ${version}`);
  return fail('node', `Node.js ${version}`, `Install Node.js ${MIN_NODE.join('.')} or later.`);
}

export function checkMemory({ memory }: HostProbe): Check {
  const free = Math.min(memory.availableBytes, memory.usableBytes);
  const limit = memory.limitBytes === undefined ? '' : ', the limit of its control group';
  const packed = memory.zramBytes > 0 ? ' of compressed memory' : '';
  const swap = memory.swapBytes === 0 ? '' : `, ${formatBytes(memory.swapBytes)} of swap${packed}`;
  const detail = `${formatBytes(free)} free of ${formatBytes(memory.usableBytes)}${limit}${swap}`;
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

export function checkAccelerators({ accelerators }: HostProbe): Check {
  const found = [...new Set(accelerators.map(({ name }) => name))];
  return ok('accelerators', found.length === 0 ? 'none; models run on the CPU' : found.join(', '));
}

export function checkThermal({ thermal, power }: HostProbe): Check {
  const { celsius, throttled, throttledBefore } = thermal;
  const limit = thermal.limitCelsius ?? 80;
  const detail = [
    celsius === undefined ? 'no sensor' : `${Math.round(celsius)} °C`,
    ...(power.watts === undefined ? [] : [`${power.watts.toFixed(1)} W`]),
  ].join(', ');
  if (throttledBefore.includes('under-voltage')) {
    const when = throttled.includes('under-voltage')
      ? throttled.join(', ')
      : 'under-voltage since it started';
    return warn('thermal', `${detail}, ${when}`, 'Use a stronger power supply: the board slows itself down.');
  }
  if (throttled.length > 0 || (celsius ?? 0) > limit) {
    return warn(
      'thermal',
      [detail, ...throttled].join(', '),
      'Cool the board: it slows itself down when it is hot.',
    );
  }
  if (throttledBefore.length > 0) {
    return warn(
      'thermal',
      `${detail}, ${throttledBefore.join(', ')} since it started`,
      'Better cooling keeps it from slowing down under load.',
    );
  }
  return ok('thermal', detail);
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
