import type { HostFiles } from './files.ts';

export interface Disk {
  /** Kernel name of the device that holds the root file system, if it can be told. */
  readonly device?: string;
  readonly kind: 'sd-card' | 'emmc' | 'nvme' | 'ssd' | 'hdd' | 'unknown';
}

export function diskOf(files: HostFiles): Disk {
  const mounts = files.text('proc/mounts') ?? '';
  const source = /^(\/dev\/\S+) \/ /m.exec(mounts)?.[1]?.replace('/dev/', '');
  const device = source ?? /root=\/dev\/(\S+)/.exec(files.text('proc/cmdline') ?? '')?.[1];
  if (device === undefined) return { kind: 'unknown' };
  const whole = /^(?:mmcblk|nvme\d+n)\d+/.exec(device)?.[0] ?? device.replace(/\d+$/, '');
  if (whole.startsWith('mmcblk')) {
    const type = files.text(`sys/block/${whole}/device/type`)?.trim();
    return { device: whole, kind: type === 'MMC' ? 'emmc' : 'sd-card' };
  }
  if (whole.startsWith('nvme')) return { device: whole, kind: 'nvme' };
  const rotational = files.number(`sys/block/${whole}/queue/rotational`);
  if (rotational === undefined) return { device: whole, kind: 'unknown' };
  return { device: whole, kind: rotational === 1 ? 'hdd' : 'ssd' };
}
