import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cpuSecondsOfTree, pssOfTree, rssOfTree } from '../../bench/support/proc.ts';

const reason = existsSync('/proc/self/smaps_rollup') ? '' : ' (skipped: there is no /proc/self/smaps_rollup)';

test.skipIf(reason !== '')(`CPU time and memory are those of the whole tree${reason}`, async () => {
  // A shell that does nothing but wait for a child that works and holds 64 MB.
  const busy =
    "const held = Buffer.alloc(64e6, 1); const end = Date.now() + 300; while (Date.now() < end) {} console.log('done', held[0]); setInterval(() => {}, 1000)";
  const shell = spawn('sh', ['-c', `"${process.execPath}" -e "${busy}"; true`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // a process group of its own, to end both by
  });
  try {
    await once(shell.stdout, 'data');
    expect(cpuSecondsOfTree(shell.pid!)).toBeGreaterThan(0.15);
    expect(pssOfTree(shell.pid!)).toBeGreaterThan(64e6);
    expect(rssOfTree(shell.pid!)).toBeGreaterThanOrEqual(pssOfTree(shell.pid!) * 0.9);
  } finally {
    shell.stdout.destroy();
    process.kill(-shell.pid!);
    await once(shell, 'exit');
  }
});

test.skipIf(reason !== '')(`a process that is gone counts nothing${reason}`, () => {
  expect(cpuSecondsOfTree(0x3f_ffff)).toBe(0);
  expect(pssOfTree(0x3f_ffff)).toBe(0);
});
