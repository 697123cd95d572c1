import type { Config } from '../../config/load.ts';
import { messageOf } from '../../errors.ts';
import { connectOptions, type BrokerSettings } from '../../lib/mqtt-options.ts';
import { fail, ok, warn, type Check } from './check.ts';

const CONNECT_MS = 5000;

/** Connects to the configured broker once. */
export async function checkBroker(broker: Config['broker'], daemonRuns: boolean): Promise<Check> {
  if (typeof broker === 'object' && 'embedded' in broker) {
    const where = `embedded, listens on ${broker.embedded.listen}`;
    return daemonRuns
      ? ok('broker', where)
      : warn('broker', `${where}, once the daemon runs`, 'Start it: `ganglion run`.');
  }
  const settings = brokerSettings(broker);
  const refused = await tryBroker(settings);
  if (refused === undefined) return ok('broker', `connected to ${settings.url}`);
  return fail('broker', `${settings.url}: ${refused}`, mendFor(refused));
}

export function brokerSettings(broker: Exclude<Config['broker'], { embedded: unknown }>): BrokerSettings {
  if (typeof broker === 'string') return { url: broker };
  const { url, username, password, ca, cert, key, verify } = broker;
  return {
    url,
    rejectUnauthorized: verify,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

/** Why it did not work; undefined if it did. */
export async function tryBroker(settings: BrokerSettings): Promise<string | undefined> {
  const { connectAsync } = await import('mqtt');
  try {
    const options = { ...connectOptions(settings), reconnectPeriod: 0, connectTimeout: CONNECT_MS };
    const client = await connectAsync(settings.url, options, false);
    await client.endAsync(true);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the name cannot be resolved';
  if (code === 4 || code === 134) return 'it refused the user name or password';
  if (code === 5 || code === 135) return 'it wants a user name and password, or refused ours';
  return messageOf(error) === '' ? 'it does not answer' : messageOf(error);
}

function mendFor(reason: string): string {
  if (reason.includes('password')) return 'Set `broker.username` and `broker.password` in ganglion.yaml.';
  if (reason.includes('listens'))
    return 'Start the broker (`sudo systemctl start mosquitto`) or mend `broker:` in ganglion.yaml.';
  return 'Mend `broker:` in ganglion.yaml; docs/configuration.md shows every form.';
}
