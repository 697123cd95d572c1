import type { Config } from './config/load.ts';
import type { BrokerSettings } from './lib/mqtt-options.ts';

/** The embedded broker as it runs: the port it got, and the login it gave the daemon's own connections. */
export interface OwnBroker {
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** Where and as whom to connect. */
export function brokerSettings(
  config: Config,
  own: OwnBroker | undefined,
): BrokerSettings & { readonly clientId: string } {
  const { broker, node } = config;
  // Stable, so that the broker keeps our session while we are away.
  const clientId = `ganglion-${node}`;
  if (own !== undefined)
    return { url: `mqtt://127.0.0.1:${own.port}`, clientId, username: own.username, password: own.password };
  if (typeof broker === 'string') return { url: broker, clientId };
  if ('embedded' in broker) return { url: `mqtt://${broker.embedded.listen}`, clientId };
  return {
    url: broker.url,
    clientId: broker.client_id ?? clientId,
    ...(broker.username === undefined ? {} : { username: broker.username }),
    ...(broker.password === undefined ? {} : { password: broker.password }),
    ...(broker.ca === undefined ? {} : { ca: broker.ca }),
    ...(broker.cert === undefined ? {} : { cert: broker.cert }),
    ...(broker.key === undefined ? {} : { key: broker.key }),
    rejectUnauthorized: broker.verify,
  };
}
