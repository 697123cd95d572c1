import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { processStart } from '../../lib/process-start.ts';

/**
 * One fetch of a file at a time, over all processes. The lock names its owner's process and start time; one whose owner
 * is gone is taken over. Throws what the file system throws.
 * @returns what lets go of it; undefined while another owner lives
 */
export function tryLock(file: string): (() => void) | undefined {
  const mine = `${process.pid} ${processStart(process.pid) ?? ''}`;
  // Twice: after the lock of a dead owner has been removed.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
    }
    const owner = read(file);
    if (owner !== undefined && lives(owner)) return undefined;
    if (owner !== undefined) removeDead(file, owner);
  }
  return undefined;
}

function lives(owner: string): boolean {
  const [pid = '', started = ''] = owner.split(' ');
  return processStart(Number(pid)) === started;
}

/** Between the look and the removal another process may have taken it over: only one can move it, and a live one is put back. */
function removeDead(file: string, owner: string): void {
  const aside = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(file, aside);
    if (read(aside) !== owner) linkSync(aside, file);
  } catch {
    // Somebody else was quicker; the next look tells who has it.
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
