import type { Message } from '../../runtime/contract/message.ts';
import { GanglionError, isGanglionError, messageOf } from '../../runtime/errors.ts';
import type { DeviceBook } from './book.ts';
import type { Device } from './device.ts';
import { discoverTasmota, discoverTasmotaSensors } from './discovery-tasmota.ts';
import { discoverGroups } from './discovery-groups.ts';
import { discoverZigbee, type ZigbeeNetwork } from './discovery-zigbee2mqtt.ts';
import { HomeAssistantDiscovery } from './discovery-homeassistant.ts';
import type { PointTable } from './points.ts';
import type { Problems } from './problems.ts';

export interface DiscoveryOptions {
  /** Zigbee2MQTT base topics; the first one's devices keep their plain names. Default `zigbee2mqtt`. */
  readonly zigbee2mqtt?: readonly string[];
  /** Home Assistant's discovery prefix. Default `homeassistant`. */
  readonly homeassistant?: string;
  /** Tasmota's discovery prefix. Default `tasmota/discovery`. */
  readonly tasmota?: string;
}

/** `other`: not a discovery topic. */
export type DiscoveryOutcome = 'changed' | 'unchanged' | 'other';

/** What the decoder of a Zigbee2MQTT network puts before its device names. */
export function zigbeePrefix(base: string, bases: readonly string[]): string {
  return base === (bases[0] ?? 'zigbee2mqtt') ? '' : `${base}/`;
}

/** Configuration topics of Home Assistant discovery. */
const MAX_CONFIGS = 5000;
const MAX_CONFIG_BYTES = 256 * 1024;
/** Brackets inside brackets; real announcements need a dozen. */
const MAX_DEPTH = 64;

/** Sorts discovery messages to those who read them, and contains what goes wrong there. */
export class Discovery {
  readonly #book: DeviceBook;
  readonly #problems: Problems;
  readonly #maxBytes: number;
  readonly #networks = new Map<string, ZigbeeNetwork>();
  readonly #groups = new Map<string, ZigbeeNetwork>();
  /** The last list of groups of each network: what they are depends on the devices, which may come later. */
  readonly #groupLists = new Map<ZigbeeNetwork, unknown>();
  readonly #tasmota: string;
  readonly #homeassistant: string;
  readonly #announced: HomeAssistantDiscovery;

  constructor(
    options: DiscoveryOptions,
    book: DeviceBook,
    points: PointTable,
    problems: Problems,
    maxBytes: number,
  ) {
    this.#book = book;
    this.#problems = problems;
    this.#maxBytes = maxBytes;
    this.#tasmota = `${options.tasmota ?? 'tasmota/discovery'}/`;
    const bases = options.zigbee2mqtt ?? ['zigbee2mqtt'];
    for (const base of bases) {
      const network = { base, prefix: zigbeePrefix(base, bases) };
      this.#networks.set(`${base}/bridge/devices`, network);
      this.#groups.set(`${base}/bridge/groups`, network);
    }
    this.#homeassistant = `${options.homeassistant ?? 'homeassistant'}/`;
    const owned = [...bases.map((base) => `${base}/`), 'tele/', 'stat/', 'cmnd/', 'ganglion/'];
    this.#announced = new HomeAssistantDiscovery(
      { prefix: this.#homeassistant, owned, limit: MAX_CONFIGS },
      book,
      points,
      problems,
    );
  }

  get topics(): readonly string[] {
    return [
      ...this.#networks.keys(),
      ...this.#groups.keys(),
      `${this.#tasmota}+/config`,
      `${this.#tasmota}+/sensors`,
      `${this.#homeassistant}+/+/config`,
      `${this.#homeassistant}+/+/+/config`,
    ];
  }

  read(message: Message): DiscoveryOutcome {
    try {
      return this.#read(message);
    } catch (error) {
      this.#problems.add(
        message.topic,
        isGanglionError(error)
          ? error.message
          : `Expected to understand ${message.topic} but ${messageOf(error)}.`,
      );
      return 'unchanged';
    }
  }

  #read(message: Message): DiscoveryOutcome {
    const { topic } = message;
    const network = this.#networks.get(topic);
    if (network !== undefined) {
      const payload = this.#json(message);
      const changed = discoverZigbee(payload, network, this.#book);
      if (changed === true) discoverGroups(this.#groupLists.get(network), network, this.#book);
      return this.#done(topic, changed, 'a list of devices', payload);
    }
    const grouped = this.#groups.get(topic);
    if (grouped !== undefined) {
      const payload = this.#json(message);
      const changed = discoverGroups(payload, grouped, this.#book);
      if (changed !== undefined) this.#groupLists.set(grouped, payload);
      return this.#done(topic, changed, 'a list of groups', payload);
    }
    if (topic.startsWith(this.#tasmota)) return this.#readTasmota(message);
    if (topic.startsWith(this.#homeassistant) && topic.endsWith('/config')) {
      return this.#announced.read(topic, this.#json(message, MAX_CONFIG_BYTES)) === true
        ? 'changed'
        : 'unchanged';
    }
    return 'other';
  }

  #readTasmota(message: Message): DiscoveryOutcome {
    const { topic } = message;
    const [mac = '', part, rest] = topic.slice(this.#tasmota.length).split('/');
    if (rest !== undefined || (part !== 'config' && part !== 'sensors')) return 'unchanged';
    const payload = this.#json(message);
    const changed =
      part === 'config'
        ? discoverTasmota(mac, payload, this.#book)
        : discoverTasmotaSensors(mac, payload, this.#book);
    return this.#done(topic, changed, 'a Tasmota device configuration', payload);
  }

  #done(topic: string, changed: boolean | undefined, expected: string, payload: unknown): DiscoveryOutcome {
    if (changed === undefined) throw this.#invalid(topic, expected, payload);
    this.#problems.clear(topic);
    return changed ? 'changed' : 'unchanged';
  }

  #json(message: Message, maxBytes = this.#maxBytes): unknown {
    if (message.payload.length === 0) return undefined;
    if (message.payload.length > maxBytes) {
      throw this.#invalid(message.topic, `at most ${maxBytes} bytes`, `${message.payload.length} bytes`);
    }
    if (depthOf(message.payload) > MAX_DEPTH) {
      throw this.#invalid(message.topic, `at most ${MAX_DEPTH} nested levels`, 'more');
    }
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message.payload)) as unknown;
    } catch (error) {
      throw this.#invalid(message.topic, 'JSON', messageOf(error));
    }
  }

  #invalid(topic: string, expected: string, received: unknown): GanglionError {
    const shown =
      typeof received === 'string'
        ? received.slice(0, 120)
        : received === undefined
          ? 'nothing'
          : typeof received;
    return new GanglionError('DISCOVERY_INVALID', { topic, expected, received: shown });
  }

  keeps(device: Device): boolean {
    return device.dialect === 'homeassistant';
  }

  save(): unknown {
    return this.#announced.save();
  }

  load(saved: unknown): void {
    this.#announced.load(saved);
  }
}

/** Depth of brackets outside strings. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (quoted) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return deepest;
}
