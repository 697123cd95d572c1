import { readFileSync } from 'node:fs';
import type { IClientOptions, MqttClient } from 'mqtt';

/** How to reach a broker. Files are absolute paths of PEM files. */
export interface BrokerSettings {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False accepts any certificate. */
  readonly rejectUnauthorized?: boolean;
  readonly clientId?: string;
}

/** The connection part of mqtt.js options. Throws what reading the PEM files throws. */
export function connectOptions(broker: BrokerSettings): IClientOptions {
  return {
    ...(broker.username === undefined ? {} : { username: broker.username }),
    ...(broker.password === undefined ? {} : { password: broker.password }),
    ...(broker.ca === undefined ? {} : { ca: readFileSync(broker.ca) }),
    ...(broker.cert === undefined ? {} : { cert: readFileSync(broker.cert) }),
    ...(broker.key === undefined ? {} : { key: readFileSync(broker.key) }),
    ...(broker.clientId === undefined ? {} : { clientId: broker.clientId }),
    rejectUnauthorized: broker.rejectUnauthorized ?? true,
    protocolVersion: 4,
    keepalive: 30,
    connectTimeout: 10_000,
    // mqtt.js formats a debug line several times per packet even where nobody reads it.
    log: () => {},
  };
}

/** Sends small packets at once: Nagle's algorithm would hold an acknowledgement back for up to 40 ms. */
export function sendAtOnce(client: MqttClient): MqttClient {
  return client.on('connect', () => {
    const { stream } = client;
    if ('setNoDelay' in stream && typeof stream.setNoDelay === 'function') stream.setNoDelay(true);
  });
}
