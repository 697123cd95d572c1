import { readFileSync } from 'node:fs';

/**
 * When a process was started (clock ticks since boot, field 22 of /proc/<pid>/stat), so that a pid that was given out
 * again is not taken for its former owner; '' where only its life is known, undefined where there is no such process.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    if (process.platform === 'linux' || !Number.isInteger(pid) || pid <= 0) return undefined;
    try {
      process.kill(pid, 0);
      return '';
    } catch {
      return undefined;
    }
  }
}
