/** Where a Zigbee2MQTT device is: its network's base topic and its friendly name there. */
export interface NetworkPlace {
  readonly base: string;
  readonly topic: string;
}

/** Devices of all networks but the first carry their base topic before their name. */
export function placeOf(device: string, bases: readonly string[]): NetworkPlace {
  for (const base of bases.slice(1)) {
    if (device.startsWith(`${base}/`)) return { base, topic: device.slice(base.length + 1) };
  }
  return { base: bases[0] ?? 'zigbee2mqtt', topic: device };
}

/** What house.yaml's `topic` (with or without the base topic) and `base` name, as observations do. */
export function zigbeeDevice(topic: string, base: string | undefined, bases: readonly string[]): string {
  const own = base ?? bases.find((known) => topic.startsWith(`${known}/`)) ?? bases[0] ?? 'zigbee2mqtt';
  const name = topic.startsWith(`${own}/`) ? topic.slice(own.length + 1) : topic;
  return own === bases[0] || !bases.includes(own) ? name : `${own}/${name}`;
}
