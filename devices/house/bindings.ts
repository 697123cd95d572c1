import type { EntityId } from '../../runtime/contract/ids.ts';
import { slugify } from '../../runtime/contract/ids.ts';
import { kindOf, slugOf } from '../../runtime/contract/ids.ts';
import type { HouseDevice } from './housefile.ts';
import { number, text } from './json.ts';
import { zigbeeDevice } from './network.ts';
import type { ThingPlan } from './plan.ts';

/** Which binary sensor of a device is meant where house.yaml does not say. */
const RANK = [
  'contact',
  // Home Assistant's classes for what other dialects call a contact.
  'door',
  'window',
  'garage_door',
  'opening',
  'occupancy',
  'presence',
  'motion',
  'water_leak',
  'moisture',
  'smoke',
  'carbon_monoxide',
  'gas',
  'vibration',
];

/** house.yaml's entries by the device they bind. */
export class Bindings {
  readonly #byDevice = new Map<string, HouseDevice[]>();

  constructor(devices: Iterable<HouseDevice>, bases: readonly string[]) {
    for (const device of devices) {
      if (device.dialect === undefined || device.topic === undefined) continue;
      const key = `${device.dialect}/${deviceOf(device, bases)}`;
      this.#byDevice.set(key, [...(this.#byDevice.get(key) ?? []), device]);
    }
  }

  of(deviceKey: string): readonly HouseDevice[] {
    return this.#byDevice.get(deviceKey) ?? [];
  }

  /** The slug house.yaml gives the device: that of its first entity. */
  slug(deviceKey: string): string | undefined {
    const first = this.of(deviceKey)[0];
    return first === undefined ? undefined : slugOf(first.id);
  }

  /** The id house.yaml gives one of a device's things. */
  id(deviceKey: string, thing: ThingPlan, things: readonly ThingPlan[]): EntityId | undefined {
    const sameKind = things.filter((other) => other.kind === thing.kind);
    for (const device of this.of(deviceKey)) {
      if (kindOf(device.id) !== thing.kind) continue;
      const part = partOf(device);
      if (part === undefined ? thing === primary(sameKind) : part === thing.suffix) return device.id;
    }
    return undefined;
  }
}

/** The device as observations name it: `topic` with the base topic, if it was written, taken off. */
export function deviceOf(device: HouseDevice, bases: readonly string[]): string {
  const topic = device.topic ?? '';
  return device.dialect === 'zigbee2mqtt' ? zigbeeDevice(topic, text(device.options['base']), bases) : topic;
}

/** The suffix an entry asks for by `endpoint`, `relay`, `component` or `field`. */
function partOf({ options }: HouseDevice): string | undefined {
  const named = text(options['endpoint']) ?? text(options['field']);
  if (named !== undefined) return slugify(named);
  const relay = number(options['relay']);
  if (relay !== undefined) return relay > 1 ? String(relay) : '';
  const id = text(options['component'])?.split(':')[1];
  return id === undefined ? undefined : id === '0' ? '' : id;
}

function primary(things: readonly ThingPlan[]): ThingPlan | undefined {
  const plain = things.find((thing) => thing.suffix === '');
  if (plain !== undefined) return plain;
  for (const name of RANK) {
    const found = things.find((thing) => thing.suffix === name);
    if (found !== undefined) return found;
  }
  return things[0];
}
