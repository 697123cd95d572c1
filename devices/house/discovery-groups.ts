import type { Kind } from '../../runtime/contract/kinds.ts';
import type { DeviceBook } from './book.ts';
import { defaultThing } from './defaults.ts';
import type { ZigbeeNetwork } from './discovery-zigbee2mqtt.ts';
import { array, number, object, text } from './json.ts';
import type { DevicePlan, ThingPlan } from './plan.ts';

const MAX_GROUPS = 500;
const MAX_MEMBERS = 200;

/**
 * `<base>/bridge/groups`: all groups of the network, retained. A group takes commands and reports like a device of its
 * members' kind; what its members are, `bridge/devices` says, so this is to be called again after each of those.
 * @returns whether the house changed, or undefined if the payload is no such list
 */
export function discoverGroups(
  payload: unknown,
  network: ZigbeeNetwork,
  book: DeviceBook,
): boolean | undefined {
  if (!Array.isArray(payload)) return undefined;
  const owner = `${network.prefix}group:`;
  const plans = new Map<string, DevicePlan>();
  for (const raw of payload.slice(0, MAX_GROUPS)) {
    const plan = planOf(raw, network, owner, book);
    if (plan?.identity !== undefined) plans.set(plan.identity, plan);
  }
  let changed = false;
  for (const device of book.all()) {
    const { dialect, identity } = device;
    if (dialect !== 'zigbee2mqtt' || identity?.startsWith(owner) !== true || plans.has(identity)) continue;
    book.remove(device);
    changed = true;
  }
  for (const plan of plans.values()) if (book.apply(plan, 'announced')) changed = true;
  return changed;
}

function planOf(
  raw: unknown,
  network: ZigbeeNetwork,
  owner: string,
  book: DeviceBook,
): DevicePlan | undefined {
  const json = object(raw);
  const id = number(json?.['id']);
  const name = text(json?.['friendly_name']);
  if (json === undefined || id === undefined || !name) return undefined;
  const members = array(json['members'])
    .slice(0, MAX_MEMBERS)
    .map((member) => text(object(member)?.['ieee_address']))
    .map((ieee) => (ieee === undefined ? [] : book.thingsOf('zigbee2mqtt', network.prefix + ieee)));
  const thing = thingOf(members, network.base, name);
  if (thing === undefined) return undefined;
  return {
    dialect: 'zigbee2mqtt',
    device: network.prefix + name,
    identity: `${owner}${id}`,
    name,
    things: [thing],
  };
}

/** A group of lights is a light, one of covers a cover, and one of lights and switches can be switched. */
function thingOf(
  members: readonly (readonly ThingPlan[])[],
  base: string,
  topic: string,
): ThingPlan | undefined {
  if (members.length === 0) return undefined;
  const all = (...kinds: readonly Kind[]): boolean =>
    members.every((things) => things.some(({ kind }) => kinds.includes(kind)));
  const kind = all('light')
    ? 'light'
    : all('cover')
      ? 'cover'
      : all('light', 'switch')
        ? 'switch'
        : undefined;
  const usual = kind && defaultThing('zigbee2mqtt', kind, { topic, base });
  if (usual === undefined) return undefined;
  // What no member can do, the group cannot.
  const can = new Set(
    members.flatMap((things) =>
      things.filter((thing) => thing.kind === kind).flatMap((thing) => Object.keys(thing.properties)),
    ),
  );
  can.add('state');
  return {
    ...usual,
    properties: Object.fromEntries(Object.entries(usual.properties).filter(([name]) => can.has(name))),
    fields: usual.fields.filter(({ property }) => can.has(property)),
    ...(usual.address !== undefined && {
      address: Object.fromEntries(
        Object.entries(usual.address).filter(([key]) => !OPTIONAL.has(key) || can.has(key)),
      ),
    }),
  };
}

/** Parts of an address that name the field of a property of the same name. */
const OPTIONAL: ReadonlySet<string> = new Set(['brightness', 'color_temp', 'color', 'position']);
