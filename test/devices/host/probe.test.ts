import { describe, expect, test } from 'vitest';
import { probeHost } from '../../../devices/host/probe.ts';
import { profileOf } from '../../../devices/host/profiles.ts';
import { armCpu, meminfo, PI5, probe } from './support.ts';

describe('probeHost', () => {
  test('knows a Raspberry Pi 5 with an SD card, too little voltage and a Hailo', () => {
    const host = probe({ ...PI5, 'dev/hailo0': '' });
    expect(host.board).toEqual({
      model: 'Raspberry Pi 5 Model B Rev 1.0',
      compatible: ['raspberrypi,5-model-b', 'brcm,bcm2712'],
    });
    expect(host.cpu).toEqual({
      model: 'Cortex-A76',
      cores: 4,
      physicalCores: 4,
      clusters: [{ core: 'Cortex-A76', cores: 4 }],
      features: ['asimd', 'asimdhp', 'asimddp'],
    });
    expect(host.disk).toEqual({ device: 'mmcblk0', kind: 'sd-card' });
    expect(host.thermal).toEqual({
      celsius: 61.45,
      throttled: ['under-voltage', 'throttled'],
      throttledBefore: ['under-voltage', 'throttled'],
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
      'proc/cpuinfo': armCpu('0xd42', '0xd42', '0xd42', '0xd42', '0xd42', '0xd42'),
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
    expect(host.thermal).toEqual({
      celsius: 48,
      throttled: [],
      throttledBefore: [],
      throttleKnown: false,
    });
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
    const host = probe({
      'proc/device-tree/model': `${model}\0`,
      'proc/cpuinfo': armCpu('0xd08', '0xd08', '0xd08', '0xd08'),
    });
    expect(profileOf(host).id).toBe(id);
  });

  test('a Pi Zero 2 gets no language model', () => {
    const host = probe({
      'proc/device-tree/model': 'Raspberry Pi Zero 2 W Rev 1.0',
      'proc/cpuinfo': armCpu('0xd03', '0xd03', '0xd03', '0xd03'),
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
      'proc/driver/nvidia/gpus/0000:01:00.0/information': 'Model: \t\t NVIDIA RTX A2000\nIRQ: 100\n',
      'dev/nvidiactl': '',
      'sys/bus/usb/devices/1-2/idVendor': '18d1\n',
      'sys/bus/usb/devices/1-2/idProduct': '9302\n',
    });
    expect(host.board.model).toBe('LENOVO 20XW');
    expect(host.cpu).toMatchObject({
      model: 'AMD EPYC',
      cores: 2,
      clusters: [{ cores: 2 }],
      features: ['sse4_2', 'avx2', 'fma'],
    });
    expect(host.accelerators.map(({ kind }) => kind)).toEqual(['nvidia', 'coral']);
    expect(host.accelerators[0]).toMatchObject({ name: 'NVIDIA RTX A2000', backend: 'cuda' });
    expect(host.disk.kind).toBe('hdd');
    expect(profileOf(host)).toMatchObject({ id: 'generic', modelThreads: 1, gpuLayers: 999 });
  });

  test('big and little cores are told apart, the fast ones first', () => {
    const little = [0, 1, 2, 3].map((id) => [
      `sys/devices/system/cpu/cpu${id}/cpufreq/cpuinfo_max_freq`,
      '1800000',
    ]);
    const big = [4, 5, 6, 7].map((id) => [
      `sys/devices/system/cpu/cpu${id}/cpufreq/cpuinfo_max_freq`,
      id < 6 ? '2352000' : '2304000',
    ]);
    const parts = ['0xd05', '0xd05', '0xd05', '0xd05', '0xd0b', '0xd0b', '0xd0b', '0xd0b'];
    const host = probe({
      'proc/device-tree/model': 'Radxa ROCK 5B',
      'proc/cpuinfo': armCpu(...parts),
      'proc/meminfo': meminfo(16_000_000, 15_000_000),
      ...(Object.fromEntries([...little, ...big]) as Record<string, string>),
      'dev/dri/renderD128': '',
      'sys/class/drm/renderD128/device/uevent': 'DRIVER=panthor\nOF_NAME=gpu\n',
      'dev/dri/renderD129': '',
      'sys/class/drm/renderD129/device/uevent': 'DRIVER=RKNPU\n',
    });
    expect(host.cpu.model).toBe('Cortex-A76');
    expect(host.cpu.clusters).toEqual([
      { core: 'Cortex-A76', cores: 4, maxMHz: 2352 },
      { core: 'Cortex-A55', cores: 4, maxMHz: 1800 },
    ]);
    expect(host.accelerators.map(({ kind, backend }) => [kind, backend])).toEqual([
      ['mali', undefined],
      ['npu', undefined],
    ]);
    const profile = profileOf(host);
    expect(profile).toMatchObject({ id: 'generic', modelThreads: 4, gpuLayers: 0 });
    // 8 cores × 2.352 GHz × 16 operations, half of it.
    expect(profile.speed.promptGflops).toBeCloseTo(150.5, 0);
    expect(profile.speed.memoryGBs).toBeUndefined();
  });

  test('a process tied to some processors has those, and two threads of one core count once', () => {
    const x86 = Array.from(
      { length: 8 },
      (_, id) => `processor\t: ${id}\nmodel name\t: Intel Core\ncpu MHz\t: 2600.000\n`,
    );
    const siblings = Array.from({ length: 8 }, (_, id) => [
      `sys/devices/system/cpu/cpu${id}/topology/thread_siblings_list`,
      `${id % 4},${(id % 4) + 4}`,
    ]);
    const host = probe({
      'proc/cpuinfo': x86.join('\n'),
      'proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t0-2,4-6\n',
      ...(Object.fromEntries(siblings) as Record<string, string>),
    });
    expect(host.cpu).toMatchObject({ cores: 6, physicalCores: 3, clusters: [{ cores: 6, maxMHz: 2600 }] });
    expect(profileOf(host).modelThreads).toBe(3);
  });

  test('swap, what of it is compressed memory, and what the group already holds', () => {
    const host = probe({
      'proc/meminfo': meminfo(1_000_000, 600_000),
      'proc/swaps': 'Filename Type Size Used Priority\n/dev/zram0 partition 102396 51198 100\n',
      'sys/block/zram0/disksize': '104857600',
      'sys/block/zram1/disksize': '999999999',
      'proc/self/cgroup': '0::/hub\n',
      'sys/fs/cgroup/hub/memory.max': '400000000\n',
      'sys/fs/cgroup/hub/memory.current': '300000000\n',
      'sys/fs/cgroup/hub/memory.stat': 'anon 100\ninactive_file 50000000\nactive_file 1\n',
    });
    expect(host.memory).toEqual({
      totalBytes: 1_024_000_000,
      availableBytes: 150_000_000,
      swapBytes: 104_853_504,
      swapFreeBytes: 52_426_752,
      zramBytes: 104_857_600,
      limitBytes: 400_000_000,
      limitUsedBytes: 250_000_000,
      usableBytes: 400_000_000,
    });
  });

  test('the graphics of a Raspberry Pi are seen and not counted on', () => {
    const host = probe({
      ...PI5,
      'dev/dri/renderD128': '',
      'sys/class/drm/renderD128/device/uevent': 'DRIVER=v3d\nOF_COMPATIBLE_0=brcm,2712-v3d\n',
    });
    expect(host.accelerators).toEqual([
      { kind: 'videocore', seenAs: '/dev/dri/renderD128', name: 'VideoCore GPU' },
    ]);
    expect(profileOf(host).gpuLayers).toBe(0);
  });

  test('elsewhere than on Linux the system is asked instead', () => {
    const host = probeHost('/nowhere-at-all', {
      version: 'v22.0.0',
      platform: 'darwin',
      arch: 'arm64',
      cpu: { model: 'Apple M2', cores: 8 },
      memory: { totalBytes: 16e9, freeBytes: 9e9 },
    });
    expect(host.cpu).toMatchObject({ model: 'Apple M2', cores: 8, physicalCores: 8 });
    expect(host.memory).toMatchObject({ usableBytes: 16e9, availableBytes: 9e9 });
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
