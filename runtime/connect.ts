import { zigbeePrefix } from '../devices/index.ts';
import type { DiscoveryOptions } from '../devices/index.ts';
import { createShellyDecoder, createTasmotaDecoder, createZigbee2mqttDecoder } from '../sensors/index.ts';
import type { Config } from './config/load.ts';
import type { Decoder } from './contract/decoder.ts';

export type SourceConfig = NonNullable<Config['sources']>[number];

/** What a daemon listens to when its configuration names no sources: everything a hub's broker usually carries. */
const EVERYTHING: readonly SourceConfig[] = [
  { dialect: 'zigbee2mqtt', qos: 1 },
  { dialect: 'tasmota', qos: 1 },
  { dialect: 'shelly', qos: 1 },
  { dialect: 'homeassistant', qos: 1 },
];

export function sourcesOf(config: Config): readonly SourceConfig[] {
  return config.sources ?? EVERYTHING;
}

/** Where announcements are looked for. */
export function discoveryOptions(config: Config): DiscoveryOptions {
  const homeassistant = bases(config, 'homeassistant', 'homeassistant')[0];
  return {
    zigbee2mqtt: bases(config, 'zigbee2mqtt', 'zigbee2mqtt'),
    ...(homeassistant === undefined ? {} : { homeassistant }),
  };
}

/** One decoder per dialect and base topic that the configuration asks for. */
export function decodersOf(config: Config): readonly Decoder[] {
  const networks = bases(config, 'zigbee2mqtt', 'zigbee2mqtt');
  return [
    ...networks.map((base) => createZigbee2mqttDecoder({ base, prefix: zigbeePrefix(base, networks) })),
    ...(uses(config, 'tasmota') ? [createTasmotaDecoder()] : []),
    ...(uses(config, 'shelly') ? [createShellyDecoder()] : []),
  ];
}

function uses(config: Config, dialect: string): boolean {
  return sourcesOf(config).some((source) => 'dialect' in source && source.dialect === dialect);
}

function bases(config: Config, dialect: string, usual: string): string[] {
  return sourcesOf(config).flatMap((source) =>
    'dialect' in source && source.dialect === dialect ? [source.base ?? usual] : [],
  );
}
