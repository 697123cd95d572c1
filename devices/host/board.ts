import type { HostFiles } from './files.ts';

export interface Board {
  /** As the firmware says it: `Raspberry Pi 5 Model B Rev 1.0`. */
  readonly model: string;
  /** Device tree compatibles, most specific first; empty on machines without a device tree. */
  readonly compatible: readonly string[];
}

/** The board by its device tree (Arm) or its DMI table (PC). */
export function boardOf(files: HostFiles): Board {
  const compatible = (files.text('proc/device-tree/compatible') ?? '')
    .split(/\s+/)
    .filter((name) => name !== '');
  const tree = files.text('proc/device-tree/model') ?? files.text('sys/firmware/devicetree/base/model');
  if (tree !== undefined && tree !== '') return { model: tree, compatible };
  const vendor = files.text('sys/class/dmi/id/sys_vendor') ?? '';
  const product = files.text('sys/class/dmi/id/product_name') ?? '';
  const model = `${vendor} ${product}`.trim();
  return { model: model === '' ? 'unknown' : model, compatible };
}
