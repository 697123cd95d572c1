import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second of /proc/…/stat; 100 on every Linux we know, asked once to be sure. */
let ticksPerSecond: number | undefined;

function ticks(): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ticksPerSecond;
}

interface ProcStat {
  readonly pid: number;
  readonly parent: number;
  /** Ticks of all its threads, ended ones too, and of the children it has waited for. */
  readonly ticks: number;
}

/** The process and all that descend from it, as /proc shows them now (Linux only). */
function processTree(root: number): ProcStat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  const tree = all.filter((entry) => entry.pid === root);
  // `tree` grows while it is walked: breadth first.
  for (const { pid } of tree) tree.push(...all.filter((entry) => entry.parent === pid));
  return tree;
}

function readStat(pid: number): ProcStat | undefined {
  const text = readIfAlive(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command name in brackets may itself hold spaces and brackets; what follows its last one is numbers.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const sum = [11, 12, 13, 14].reduce((total, index) => total + Number(fields[index]), 0);
  return { pid, parent: Number(fields[1]), ticks: sum };
}

/** CPU time so far of a process, its threads and its descendants, in seconds (10 ms steps). */
export function cpuSecondsOfTree(pid: number): number {
  return processTree(pid).reduce((sum, entry) => sum + entry.ticks, 0) / ticks();
}

/** Proportional set size of a process and its descendants, in bytes: memory shared by n processes counts 1/n to each. */
export function pssOfTree(pid: number): number {
  return processTree(pid).reduce((sum, entry) => sum + fieldOf(entry.pid, 'smaps_rollup', 'Pss'), 0);
}

/** Resident set size over the same processes, in bytes. */
export function rssOfTree(pid: number): number {
  return processTree(pid).reduce((sum, entry) => sum + fieldOf(entry.pid, 'status', 'VmRSS'), 0);
}

function fieldOf(pid: number, file: string, field: string): number {
  const text = readIfAlive(`/proc/${pid}/${file}`) ?? '';
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
}

function readIfAlive(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // it ended meanwhile
  }
}
