import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeHost, type HostProbe } from '../../../devices/host/probe.ts';
import { profileOf } from '../../../devices/host/profiles.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-host-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Lays out pseudo files and probes them. */
function probe(tree: Readonly<Record<string, string>>): HostProbe {
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return probeHost(root, { version: 'v20.19.0', platform: 'linux', arch: 'arm64' });
}

const meminfo = (totalKb: number, availableKb: number): string =>
  `MemTotal:       ${totalKb} kB\nMemFree: 1 kB\nMemAvailable:   ${availableKb} kB\nSwapTotal:       102396 kB\n`;
const armCpu = (part: string, cores: number): string =>
  Array.from(
    { length: cores },
    (_, core) =>
      `processor\t: ${core}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm aes crc32 asimdhp cpuid asimddp\nCPU part\t: ${part}\n`,
  ).join('\n');

const PI5 = {
  'proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
  'proc/device-tree/compatible': 'raspberrypi,5-model-b\0brcm,bcm2712\0',
  'proc/cpuinfo': armCpu('0xd0b', 4),
  'proc/meminfo': meminfo(8_245_712, 7_000_000),
  'proc/mounts': '/dev/mmcblk0p2 / ext4 rw,noatime 0 0\nproc /proc proc rw 0 0\n',
  'sys/block/mmcblk0/device/type': 'SD\n',
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '61450\n',
  'sys/devices/platform/soc/soc:firmware/get_throttled': '50005\n',
};

describe('probeHost', () => {
  test('knows a Raspberry Pi 5 with an SD card, too little voltage and a Hailo', () => {
    const host = probe({ ...PI5, 'dev/hailo0': '' });
    expect(host.board).toEqual({
      model: 'Raspberry Pi 5 Model B Rev 1.0',
      compatible: ['raspberrypi,5-model-b', 'brcm,bcm2712'],
    });
    expect(host.cpu).toEqual({ model: 'Cortex-A76', cores: 4, features: ['asimd', 'asimdhp', 'asimddp'] });
    expect(host.disk).toEqual({ device: 'mmcblk0', kind: 'sd-card' });
    expect(host.thermal).toEqual({
      celsius: 61.45,
      throttled: ['under-voltage', 'throttled'],
      throttleKnown: true,
    });
    expect(host.accelerators).toEqual([{ kind: 'hailo', seenAs: '/dev/hailo0', name: 'Hailo accelerator' }]);
    expect([host.node, host.os, host.arch]).toEqual(['v20.19.0', 'linux', 'arm64']);
    const profile = profileOf(host);
    expect(profile).toMatchObject({ id: 'pi-5', modelThreads: 3, gpuLayers: 0 });
    expect(profile.modelBytes).toBeGreaterThan(3e9);
  });

  test('knows a Jetson Orin Nano by its GPU nodes and ignores zones that are switched off', () => {
    const host = probe({
      'proc/device-tree/model': 'NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0',
      'proc/cpuinfo': armCpu('0xd42', 6),
      'proc/meminfo': meminfo(7_800_000, 6_000_000),
      'proc/mounts': '/dev/nvme0n1p1 / ext4 rw 0 0\n',
      'dev/nvhost-gpu': '',
      'dev/dri/renderD128': '',
      'sys/class/thermal/thermal_zone0/type': 'cv0-thermal',
      'sys/class/thermal/thermal_zone0/temp': '-256000',
      'sys/class/thermal/thermal_zone1/type': 'gpu-thermal',
      'sys/class/thermal/thermal_zone1/temp': '48000',
    });
    expect(host.accelerators.map(({ kind }) => kind)).toEqual(['jetson']);
    expect(host.disk).toEqual({ device: 'nvme0n1', kind: 'nvme' });
    expect(host.thermal).toEqual({ celsius: 48, throttled: [], throttleKnown: false });
    expect(profileOf(host)).toMatchObject({ id: 'jetson-orin-nano', modelThreads: 4, gpuLayers: 999 });
  });

  test.each([
    ['Raspberry Pi Zero 2 W Rev 1.0', 'pi-zero-2'],
    ['Raspberry Pi 3 Model B Plus Rev 1.3', 'pi-3'],
    ['Raspberry Pi Compute Module 4 Rev 1.1', 'pi-4'],
    ['Raspberry Pi 4 Model B Rev 1.5', 'pi-4'],
    ['NVIDIA Jetson Nano Developer Kit', 'jetson-nano'],
    ['NVIDIA Jetson AGX Orin Developer Kit', 'jetson-orin-agx'],
    ['Some Board', 'generic'],
  ])('%s is %s', (model, id) => {
    const host = probe({ 'proc/device-tree/model': `${model}\0`, 'proc/cpuinfo': armCpu('0xd08', 4) });
    expect(profileOf(host).id).toBe(id);
  });

  test('a Pi Zero 2 gets no language model', () => {
    const host = probe({
      'proc/device-tree/model': 'Raspberry Pi Zero 2 W Rev 1.0',
      'proc/cpuinfo': armCpu('0xd03', 4),
      'proc/meminfo': meminfo(426_000, 250_000),
    });
    expect(profileOf(host).modelBytes).toBeLessThan(50e6);
  });

  test.each([
    [
      'cgroup 2, the limit of a parent counting',
      {
        'proc/self/cgroup': '0::/system.slice/hub.service\n',
        'sys/fs/cgroup/system.slice/memory.max': '536870912\n',
        'sys/fs/cgroup/system.slice/hub.service/memory.max': 'max\n',
        'sys/fs/cgroup/cpu.max': '200000 100000\n',
      },
    ],
    [
      'cgroup 1',
      {
        'proc/self/cgroup': '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n',
        'sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': '536870912\n',
        'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
        'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '250000\n',
        'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
    ],
  ])('a container sees its own limits: %s', (_name, tree) => {
    const host = probe({ ...PI5, ...tree });
    expect(host.memory).toMatchObject({ limitBytes: 536_870_912, usableBytes: 536_870_912 });
    expect(host.memory.availableBytes).toBeLessThanOrEqual(536_870_912);
    expect(host.cpu.cores).toBe(2);
  });

  test('a PC with an NVIDIA card, a spinning disk and a Coral stick', () => {
    const host = probe({
      'sys/class/dmi/id/sys_vendor': 'LENOVO\n',
      'sys/class/dmi/id/product_name': '20XW\n',
      'proc/cpuinfo':
        'processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu sse4_2 avx2 fma\n\nprocessor\t: 1\nmodel name\t: AMD EPYC\n',
      'proc/mounts': '/dev/sda1 / ext4 rw 0 0\n',
      'sys/block/sda/queue/rotational': '1\n',
      'dev/nvidia0': '',
      'dev/nvidiactl': '',
      'sys/bus/usb/devices/1-2/idVendor': '18d1\n',
      'sys/bus/usb/devices/1-2/idProduct': '9302\n',
    });
    expect(host.board.model).toBe('LENOVO 20XW');
    expect(host.cpu).toEqual({ model: 'AMD EPYC', cores: 2, features: ['sse4_2', 'avx2', 'fma'] });
    expect(host.accelerators.map(({ kind }) => kind)).toEqual(['nvidia', 'coral']);
    expect(host.disk.kind).toBe('hdd');
    expect(profileOf(host)).toMatchObject({ id: 'generic', modelThreads: 1, gpuLayers: 999 });
  });

  test('a tree without any of these files gives unknowns and no exception', () => {
    const host = probe({});
    expect(host).toMatchObject({
      board: { model: 'unknown' },
      cpu: { model: 'unknown', cores: 1 },
      disk: { kind: 'unknown' },
    });
    expect(host.accelerators).toEqual([]);
    expect(profileOf(host)).toMatchObject({ id: 'generic', modelThreads: 1, modelBytes: 0 });
  });

  test('reads the machine it runs on', () => {
    const host = probeHost();
    expect(host.node).toBe(process.version);
    expect(host.cpu.cores).toBeGreaterThanOrEqual(1);
  });
});
