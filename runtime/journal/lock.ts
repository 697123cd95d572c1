import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GanglionError } from '../errors.ts';
import { processStart } from '../lib/process-start.ts';

/**
 * One daemon per data folder. The lock names its owner's process and start time; a lock whose owner is gone is taken
 * over, so kill −9 leaves nothing to clean up.
 * @throws GanglionError JOURNAL_LOCKED; what the file system throws
 */
export function takeLock(folder: string): () => void {
  const file = join(folder, 'lock');
  const mine = `${process.pid} ${processStart(process.pid) ?? ''}`;
  try {
    writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
    const owner = readFileSync(file, 'utf8');
    const [pid = '', started = ''] = owner.split(' ');
    if (owner !== mine && processStart(Number(pid)) === started)
      throw new GanglionError('JOURNAL_LOCKED', { path: folder, pid });
    writeFileSync(file, mine, { mode: 0o600 });
  }
  return () => rmSync(file, { force: true });
}
