import { randomBytes } from 'node:crypto';
import type { Config } from './config/load.ts';
import type { BrokerSettings } from './lib/mqtt-options.ts';

/** The user the daemon itself connects as to its own broker. Known to nobody else, new with every start. */
export interface OwnUser {
  readonly name: string;
  readonly password: string;
}

export function makeOwnUser(): OwnUser {
  return { name: 'ganglion-daemon', password: randomBytes(24).toString('base64url') };
}

/** Where and as whom to connect. `port` is the one the embedded broker got. */
export function brokerSettings(
  config: Config,
  embedded?: { readonly port: number; readonly user: OwnUser },
): BrokerSettings & { readonly clientId: string } {
  const { broker, node } = config;
  // Stable, so that the broker keeps our session while we are away.
  const clientId = `ganglion-${node}`;
  if (embedded !== undefined) {
    return {
      url: `mqtt://127.0.0.1:${embedded.port}`,
      clientId,
      username: embedded.user.name,
      password: embedded.user.password,
    };
  }
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
