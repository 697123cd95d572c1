import { readFile } from 'node:fs/promises';

/**
 * Bytes of memory of a process that only it holds, on Linux: RssAnon + RssShmem. Memory-mapped weights are not counted, the
 * system can drop and read them again. Undefined where there is no such file (other systems, or the process is gone).
 */
export async function ownMemoryBytes(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    return parseStatus(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** `/proc/<pid>/status` → RssAnon + RssShmem in bytes. */
export function parseStatus(status: string): number | undefined {
  const anon = /^RssAnon:\s+(\d+) kB$/m.exec(status);
  if (anon === null) return undefined;
  const shared = /^RssShmem:\s+(\d+) kB$/m.exec(status);
  return (Number(anon[1]) + Number(shared?.[1] ?? 0)) * 1024;
}
