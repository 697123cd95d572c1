import type { BrokerSettings } from '../../lib/mqtt-options.ts';
import { connectOptions } from '../../lib/mqtt-options.ts';

/** What a broker showed while it was listened to. */
export interface Discovered {
  /** Device names by dialect, in the order they were seen. */
  readonly devices: ReadonlyMap<Dialect, readonly string[]>;
  /** Messages heard. */
  readonly messages: number;
}

export type Dialect = 'zigbee2mqtt' | 'homeassistant' | 'tasmota' | 'shelly';

const TOPICS = [
  'zigbee2mqtt/bridge/devices',
  'homeassistant/#',
  'tasmota/discovery/+/config',
  '+/events/rpc',
  '+/online',
];
/** A hub has tens to hundreds; more is somebody filling our memory. */
const MAX_DEVICES = 2000;
const MAX_PAYLOAD_BYTES = 4_194_304;

/** Collects who announces itself. Payloads are other people's: whatever cannot be read counts for nothing. */
export class DeviceCollector {
  readonly #devices = new Map<Dialect, Set<string>>();
  #messages = 0;

  message(topic: string, payload: Uint8Array): void {
    this.#messages++;
    if (payload.length > MAX_PAYLOAD_BYTES) return;
    if (topic === 'zigbee2mqtt/bridge/devices') this.#zigbee(payload);
    else if (topic.startsWith('homeassistant/') && topic.endsWith('/config'))
      this.#homeAssistant(topic, payload);
    else if (topic.startsWith('tasmota/discovery/'))
      this.#add('tasmota', nameIn(parse(payload), ['dn', 'hn', 't']));
    else if (/^shelly[^/]*\/(events\/rpc|online)$/.test(topic)) this.#add('shelly', topic.split('/')[0]);
  }

  get count(): number {
    let count = 0;
    for (const names of this.#devices.values()) count += names.size;
    return count;
  }

  result(): Discovered {
    const devices = new Map([...this.#devices].map(([dialect, names]) => [dialect, [...names]] as const));
    return { devices, messages: this.#messages };
  }

  #zigbee(payload: Uint8Array): void {
    const list = parse(payload);
    if (!Array.isArray(list)) return;
    for (const device of list.slice(0, MAX_DEVICES) as unknown[]) {
      if (nameIn(device, ['type']) !== 'Coordinator')
        this.#add('zigbee2mqtt', nameIn(device, ['friendly_name']));
    }
  }

  #homeAssistant(topic: string, payload: Uint8Array): void {
    const config = parse(payload);
    const device = field(config, 'device') ?? field(config, 'dev');
    // Zigbee2MQTT and Tasmota announce themselves here too; they are counted under their own names.
    this.#add(
      'homeassistant',
      nameIn(device, ['name']) ?? nameIn(config, ['name']) ?? topic.split('/').at(-2),
    );
  }

  #add(dialect: Dialect, name: string | undefined): void {
    if (name === undefined || this.count >= MAX_DEVICES) return;
    const names = this.#devices.get(dialect) ?? new Set();
    names.add(name.slice(0, 100));
    this.#devices.set(dialect, names);
  }
}

/** Listens to a broker for a while. Rejects as the MQTT client does if it cannot be reached. */
export async function listen(
  broker: BrokerSettings,
  listenMs: number,
  onProgress: (fraction: number, devices: number) => void,
  signal: AbortSignal,
): Promise<Discovered> {
  const { connectAsync } = await import('mqtt');
  const options = { ...connectOptions(broker), reconnectPeriod: 0, connectTimeout: 4000 };
  const client = await connectAsync(broker.url, options, false);
  const collector = new DeviceCollector();
  try {
    client.on('error', () => {});
    client.on('message', (topic, payload) => collector.message(topic, payload));
    await client.subscribeAsync(TOPICS);
    await new Promise<void>((resolve) => {
      const started = performance.now();
      const timer = setInterval(() => {
        const fraction = (performance.now() - started) / listenMs;
        onProgress(Math.min(1, fraction), collector.count);
        if (fraction >= 1 || signal.aborted || !client.connected) {
          clearInterval(timer);
          resolve();
        }
      }, 100);
    });
  } finally {
    await client.endAsync(true);
  }
  return collector.result();
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function nameIn(value: unknown, names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = field(value, name);
    if (typeof found === 'string' && found !== '') return found;
  }
  return undefined;
}
