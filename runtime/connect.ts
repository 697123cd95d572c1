import { zigbeePrefix } from '../devices/index.ts';
import type { DiscoveryOptions } from '../devices/index.ts';
import {
  createPointsDecoder,
  createShellyDecoder,
  createStatestreamDecoder,
  createTasmotaDecoder,
  createZigbee2mqttDecoder,
  fixedPoints,
  topicPoints,
} from '../sensors/index.ts';
import type { Config } from './config/load.ts';
import type { Decoder } from './contract/decoder.ts';
import type { Point, PointSource } from './contract/house.ts';

export type SourceConfig = NonNullable<Config['sources']>[number];

/** What a daemon listens to when its configuration names no sources: everything a hub's broker usually carries. */
const EVERYTHING: readonly SourceConfig[] = [
  { dialect: 'zigbee2mqtt', qos: 1 },
  { dialect: 'tasmota', qos: 1 },
  { dialect: 'shelly', qos: 1 },
  { dialect: 'homeassistant', qos: 1 },
];

/** Dialects of house.yaml whose state comes by topics it names. */
const DESCRIBED = ['topic', 'webhook', 'handler'];

export function sourcesOf(config: Config): readonly SourceConfig[] {
  return config.sources ?? EVERYTHING;
}

/** The highest quality of service that the sources ask for: one connection carries them all. */
export function subscriptionQos(config: Config): 0 | 1 | 2 {
  return sourcesOf(config).reduce<0 | 1 | 2>(
    (qos, source) => ('qos' in source && source.qos > qos ? source.qos : qos),
    0,
  );
}

/** Where announcements are looked for. */
export function discoveryOptions(config: Config): DiscoveryOptions {
  const homeassistant = bases(config, 'homeassistant', 'homeassistant')[0];
  return {
    zigbee2mqtt: bases(config, 'zigbee2mqtt', 'zigbee2mqtt'),
    ...(homeassistant === undefined ? {} : { homeassistant }),
  };
}

/** Announcements of dialects that the configuration does not ask for are not listened to. */
export function wantedDiscovery(config: Config, topics: readonly string[]): string[] {
  const { homeassistant = 'homeassistant' } = discoveryOptions(config);
  return topics.filter(
    (topic) =>
      (uses(config, 'tasmota') || !topic.startsWith('tasmota/discovery/')) &&
      (uses(config, 'homeassistant') || !topic.startsWith(`${homeassistant}/`)),
  );
}

/**
 * One decoder per dialect and base topic that the configuration asks for, and those that follow the house: entities
 * announced through Home Assistant, and those of house.yaml with topics of their own.
 * @param dialects those of actuators of extensions
 */
export function decodersOf(
  config: Config,
  house: PointSource,
  dialects: readonly string[],
  onProblem: (point: Point, reason: string) => void,
): readonly Decoder[] {
  const networks = bases(config, 'zigbee2mqtt', 'zigbee2mqtt');
  return [
    ...networks.map((base) => createZigbee2mqttDecoder({ base, prefix: zigbeePrefix(base, networks) })),
    ...(uses(config, 'tasmota') ? [createTasmotaDecoder()] : []),
    ...(uses(config, 'shelly') ? [createShellyDecoder()] : []),
    ...bases(config, 'statestream', 'homeassistant').map((base) => createStatestreamDecoder({ base })),
    ...(uses(config, 'homeassistant')
      ? [createPointsDecoder({ dialect: 'homeassistant', source: house })]
      : []),
    ...[...DESCRIBED, ...dialects].map((dialect) => createPointsDecoder({ dialect, source: house })),
    ...plainTopics(config, onProblem),
  ];
}

/** The sources that name topics and paths themselves. */
function plainTopics(config: Config, onProblem: (point: Point, reason: string) => void): Decoder[] {
  const points = sourcesOf(config).flatMap((source) =>
    'topic' in source ? topicPoints(source.topic, source.as) : [],
  );
  return points.length === 0
    ? []
    : [createPointsDecoder({ dialect: 'json', source: fixedPoints(points, onProblem) })];
}

function uses(config: Config, dialect: string): boolean {
  return sourcesOf(config).some((source) => 'dialect' in source && source.dialect === dialect);
}

function bases(config: Config, dialect: string, usual: string): string[] {
  return sourcesOf(config).flatMap((source) =>
    'dialect' in source && source.dialect === dialect ? [source.base ?? usual] : [],
  );
}
