import type { HostFiles } from './files.ts';

export interface Accelerator {
  readonly kind: 'nvidia' | 'jetson' | 'gpu' | 'videocore' | 'mali' | 'hailo' | 'coral' | 'npu';
  /** The device node or bus entry it was seen by. */
  readonly seenAs: string;
  readonly name: string;
  /** What a language model can use it by; absent: not at all, whatever else it is good for. */
  readonly backend?: 'cuda' | 'vulkan';
}

/** PCI vendors of graphics that Vulkan or a vendor's runtime can use. */
const GPU_VENDORS: ReadonlyMap<string, string> = new Map([
  ['0x10de', 'NVIDIA GPU'],
  ['0x1002', 'AMD GPU'],
  ['0x8086', 'Intel GPU'],
]);
/** USB ids of the Coral accelerator before and after its firmware is loaded. */
const CORAL_USB = new Set(['1a6e:089a', '18d1:9302']);
/** Kernel drivers of Arm's Mali: the free ones, and the vendor's, which has no render node. */
const MALI_DRIVERS = new Set(['lima', 'panfrost', 'panthor', 'mali']);

/** Accelerators whose device nodes are there. That a driver is loaded does not mean that a runtime for it is. */
export function acceleratorsOf(files: HostFiles): Accelerator[] {
  const dev = files.list('dev');
  const found: Accelerator[] = nvidiaCards(files, dev);
  const tegra =
    dev.find((name) => /^nvhost-(?:gpu|ctrl-gpu|as-gpu)$/.test(name)) ?? dev.find((name) => name === 'nvgpu');
  if (tegra !== undefined)
    found.push({ kind: 'jetson', seenAs: `/dev/${tegra}`, name: 'NVIDIA Jetson GPU', backend: 'cuda' });
  for (const name of dev.filter((node) => /^hailo\d+$/.test(node)))
    found.push({ kind: 'hailo', seenAs: `/dev/${name}`, name: 'Hailo accelerator' });
  for (const name of dev.filter((node) => /^apex_\d+$/.test(node)))
    found.push({ kind: 'coral', seenAs: `/dev/${name}`, name: 'Coral Edge TPU (PCIe)' });
  found.push(...coralUsb(files));
  for (const name of files.list('dev/accel'))
    found.push({ kind: 'npu', seenAs: `/dev/accel/${name}`, name: 'NPU' });
  if (dev.includes('rknpu')) found.push({ kind: 'npu', seenAs: '/dev/rknpu', name: 'Rockchip NPU' });
  const mali = dev.find((name) => /^mali\d*$/.test(name));
  if (mali !== undefined) found.push({ kind: 'mali', seenAs: `/dev/${mali}`, name: 'Arm Mali GPU' });
  const nvidia = found.some(({ kind }) => kind === 'nvidia' || kind === 'jetson');
  return [...found, ...renderNodes(files, nvidia)];
}

/** `/dev/nvidia0` and the name its driver gives the card. */
function nvidiaCards(files: HostFiles, dev: readonly string[]): Accelerator[] {
  const names = files
    .list('proc/driver/nvidia/gpus')
    .map((bus) =>
      /^Model:\s*(.+)$/m.exec(files.text(`proc/driver/nvidia/gpus/${bus}/information`) ?? '')?.[1]?.trim(),
    );
  return dev
    .filter((name) => /^nvidia\d+$/.test(name))
    .map((name, i): Accelerator => {
      return { kind: 'nvidia', seenAs: `/dev/${name}`, name: names[i] ?? 'NVIDIA GPU', backend: 'cuda' };
    });
}

function coralUsb(files: HostFiles): Accelerator[] {
  return files.list('sys/bus/usb/devices').flatMap((entry): Accelerator[] => {
    const folder = `sys/bus/usb/devices/${entry}`;
    const id = `${files.text(`${folder}/idVendor`) ?? ''}:${files.text(`${folder}/idProduct`) ?? ''}`;
    return CORAL_USB.has(id) ? [{ kind: 'coral', seenAs: `usb ${entry}`, name: 'Coral Edge TPU (USB)' }] : [];
  });
}

/** Graphics by their render nodes. An NVIDIA one was found by its own nodes already. */
function renderNodes(files: HostFiles, nvidia: boolean): Accelerator[] {
  return files
    .list('dev/dri')
    .filter((name) => name.startsWith('renderD'))
    .flatMap((name): Accelerator[] => {
      const seenAs = `/dev/dri/${name}`;
      const device = `sys/class/drm/${name}/device`;
      const driver = /^DRIVER=(\S+)$/m.exec(files.text(`${device}/uevent`) ?? '')?.[1]?.toLowerCase() ?? '';
      // Their Vulkan drivers lack what llama.cpp needs or are slower than the processor beside them.
      if (driver === 'v3d') return [{ kind: 'videocore', seenAs, name: 'VideoCore GPU' }];
      if (MALI_DRIVERS.has(driver)) return [{ kind: 'mali', seenAs, name: 'Arm Mali GPU' }];
      if (driver === 'rknpu' || driver === 'rocket') return [{ kind: 'npu', seenAs, name: 'Rockchip NPU' }];
      const vendor = files.text(`${device}/vendor`) ?? '';
      if (nvidia && (vendor === '0x10de' || vendor === '')) return [];
      const known = GPU_VENDORS.get(vendor);
      return [{ kind: 'gpu', seenAs, name: known ?? 'GPU', ...(known && { backend: 'vulkan' as const }) }];
    });
}
