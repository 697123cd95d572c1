import { array, bool, object, text } from './json.ts';
import type { DeviceBook } from './book.ts';
import type { DevicePlan } from './plan.ts';
import { thingsOf } from './zigbee-exposes.ts';

export interface ZigbeeNetwork {
  /** Base topic. */
  readonly base: string;
  /** What the decoder puts before device names; empty for the first network. */
  readonly prefix: string;
}

const MAX_DEVICES = 1000;

/**
 * `<base>/bridge/devices`: all devices of the network, retained, anew after every change. Those that are no longer
 * listed go; a new name on the same IEEE address is a rename.
 * @returns whether the house changed, or undefined if the payload is no such list
 */
export function discoverZigbee(
  payload: unknown,
  network: ZigbeeNetwork,
  book: DeviceBook,
): boolean | undefined {
  if (!Array.isArray(payload)) return undefined;
  const present = new Set<string>();
  const plans: DevicePlan[] = [];
  for (const raw of payload.slice(0, MAX_DEVICES)) {
    const plan = planOf(raw, network);
    if (plan === undefined || present.has(plan.identity!)) continue;
    present.add(plan.identity!);
    plans.push(plan);
  }
  let changed = false;
  // A Map may lose entries while it is walked.
  for (const device of book.all()) {
    if (device.dialect !== 'zigbee2mqtt' || device.origin !== 'announced' || device.identity === undefined)
      continue;
    if (!device.identity.startsWith(`${network.prefix}0x`) || present.has(device.identity)) continue;
    book.remove(device);
    changed = true;
  }
  for (const plan of plans) if (book.apply(plan, 'announced')) changed = true;
  return changed;
}

function planOf(raw: unknown, network: ZigbeeNetwork): DevicePlan | undefined {
  const json = object(raw);
  const ieee = text(json?.['ieee_address']);
  const name = text(json?.['friendly_name']);
  if (json === undefined || ieee === undefined || !/^0x[0-9a-f]{1,16}$/i.test(ieee) || !name)
    return undefined;
  if (json['type'] === 'Coordinator' || bool(json['disabled']) === true) return undefined;
  const definition = object(json['definition']) ?? {};
  return {
    dialect: 'zigbee2mqtt',
    device: network.prefix + name,
    identity: network.prefix + ieee,
    name,
    things: thingsOf(array(definition['exposes']), definition, `${network.base}/${name}/set`),
  };
}
