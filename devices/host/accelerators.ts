import type { HostFiles } from './files.ts';

export interface Accelerator {
  readonly kind: 'nvidia' | 'jetson' | 'gpu' | 'hailo' | 'coral' | 'npu';
  /** The device node or bus entry it was seen by. */
  readonly seenAs: string;
  readonly name: string;
}

/** PCI vendors of graphics that Vulkan or a vendor's runtime can use. */
const GPU_VENDORS: ReadonlyMap<string, string> = new Map([
  ['0x10de', 'NVIDIA GPU'],
  ['0x1002', 'AMD GPU'],
  ['0x8086', 'Intel GPU'],
]);
/** USB ids of the Coral accelerator before and after its firmware is loaded. */
const CORAL_USB = new Set(['1a6e:089a', '18d1:9302']);

/** Accelerators whose device nodes are there. That a driver is loaded does not mean that a runtime for it is. */
export function acceleratorsOf(files: HostFiles): Accelerator[] {
  const dev = files.list('dev');
  const found: Accelerator[] = [];
  const nvidia = dev.filter((name) => /^nvidia\d+$/.test(name));
  for (const name of nvidia) found.push({ kind: 'nvidia', seenAs: `/dev/${name}`, name: 'NVIDIA GPU' });
  const tegra =
    dev.find((name) => /^nvhost-(?:gpu|ctrl-gpu|as-gpu)$/.test(name)) ?? dev.find((name) => name === 'nvgpu');
  if (tegra !== undefined) found.push({ kind: 'jetson', seenAs: `/dev/${tegra}`, name: 'NVIDIA Jetson GPU' });
  for (const name of dev.filter((node) => /^hailo\d+$/.test(node)))
    found.push({ kind: 'hailo', seenAs: `/dev/${name}`, name: 'Hailo accelerator' });
  for (const name of dev.filter((node) => /^apex_\d+$/.test(node)))
    found.push({ kind: 'coral', seenAs: `/dev/${name}`, name: 'Coral Edge TPU (PCIe)' });
  found.push(...coralUsb(files));
  for (const name of files.list('dev/accel'))
    found.push({ kind: 'npu', seenAs: `/dev/accel/${name}`, name: 'NPU' });
  if (dev.includes('rknpu')) found.push({ kind: 'npu', seenAs: '/dev/rknpu', name: 'Rockchip NPU' });
  if (nvidia.length === 0 && tegra === undefined) found.push(...renderNodes(files));
  return found;
}

function coralUsb(files: HostFiles): Accelerator[] {
  return files.list('sys/bus/usb/devices').flatMap((entry): Accelerator[] => {
    const folder = `sys/bus/usb/devices/${entry}`;
    const id = `${files.text(`${folder}/idVendor`) ?? ''}:${files.text(`${folder}/idProduct`) ?? ''}`;
    return CORAL_USB.has(id) ? [{ kind: 'coral', seenAs: `usb ${entry}`, name: 'Coral Edge TPU (USB)' }] : [];
  });
}

function renderNodes(files: HostFiles): Accelerator[] {
  return files
    .list('dev/dri')
    .filter((name) => name.startsWith('renderD'))
    .map((name): Accelerator => {
      const vendor = files.text(`sys/class/drm/${name}/device/vendor`) ?? '';
      return { kind: 'gpu', seenAs: `/dev/dri/${name}`, name: GPU_VENDORS.get(vendor) ?? 'GPU' };
    });
}
