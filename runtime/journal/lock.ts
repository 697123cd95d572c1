import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GanglionError } from '../errors.ts';

/**
 * One daemon per data folder. The lock names its owner's process and start time; a lock whose owner is gone is taken
 * over, so kill −9 leaves nothing to clean up.
 * @throws GanglionError JOURNAL_LOCKED; what the file system throws
 */
export function takeLock(folder: string): () => void {
  const file = join(folder, 'lock');
  const mine = `${process.pid} ${startTime(process.pid) ?? ''}`;
  try {
    writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
    const owner = readFileSync(file, 'utf8');
    const [pid = '', started = ''] = owner.split(' ');
    if (owner !== mine && startTime(Number(pid)) === started)
      throw new GanglionError('JOURNAL_LOCKED', { path: folder, pid });
    writeFileSync(file, mine, { mode: 0o600 });
  }
  return () => rmSync(file, { force: true });
}

/** When a process was started (clock ticks since boot, /proc/<pid>/stat field 22); '' where only its life is known. */
function startTime(pid: number): string | undefined {
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
