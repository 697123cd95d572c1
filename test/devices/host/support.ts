import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { probeHost, type HostProbe } from '../../../devices/host/probe.ts';

export type Tree = Readonly<Record<string, string>>;

/** A root of its own with pseudo files in it, gone with the test. */
export function rootOf(tree: Tree): string {
  const root = mkdtempSync(join(tmpdir(), 'ganglion-host-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  write(root, tree);
  return root;
}

/** Adds or replaces files below a root. */
export function write(root: string, tree: Tree): void {
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** Lays out pseudo files and probes them. */
export function probe(tree: Tree): HostProbe {
  return probeHost(rootOf(tree), { version: 'v20.19.0', platform: 'linux', arch: 'arm64' });
}

export const meminfo = (totalKb: number, availableKb: number): string =>
  `MemTotal:       ${totalKb} kB\nMemFree: 1 kB\nMemAvailable:   ${availableKb} kB\nSwapTotal:       102396 kB\nSwapFree:       51198 kB\n`;

export const armCpu = (...parts: readonly string[]): string =>
  parts
    .map(
      (part, core) =>
        `processor\t: ${core}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm aes crc32 asimdhp cpuid asimddp\nCPU part\t: ${part}\n`,
    )
    .join('\n');

export const PI5: Tree = {
  'proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
  'proc/device-tree/compatible': 'raspberrypi,5-model-b\0brcm,bcm2712\0',
  'proc/cpuinfo': armCpu('0xd0b', '0xd0b', '0xd0b', '0xd0b'),
  'proc/meminfo': meminfo(8_245_712, 7_000_000),
  'proc/mounts': '/dev/mmcblk0p2 / ext4 rw,noatime 0 0\nproc /proc proc rw 0 0\n',
  'sys/block/mmcblk0/device/type': 'SD\n',
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '61450\n',
  'sys/devices/platform/soc/soc:firmware/get_throttled': '50005\n',
};
