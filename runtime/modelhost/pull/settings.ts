import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { GanglionError } from '../../errors.ts';
import { parseUrl } from '../../lib/parse-url.ts';
import { isLoopbackHost } from './reference.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const HUB = 'https://huggingface.co';

/** Where fetched models lie unless the configuration says: `~/.cache/ganglion/models` (XDG base directories). */
export function defaultModelsFolder(env: Environment): string {
  const cache = env['XDG_CACHE_HOME'];
  // A relative path is to be ignored, the specification says.
  const base = cache !== undefined && isAbsolute(cache) ? cache : join(homedir(), '.cache');
  return join(base, 'ganglion', 'models');
}

export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | undefined;
}

/**
 * HF_ENDPOINT (a mirror) and HF_TOKEN, as the hub's own tools read them.
 * @throws GanglionError MODEL_REFERENCE_INVALID
 */
export function hubSettings(env: Environment): HubSettings {
  const given = env['HF_ENDPOINT'];
  const url = parseUrl(given === undefined || given === '' ? HUB : given);
  if (
    url === undefined ||
    !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url)))
  ) {
    throw new GanglionError('MODEL_REFERENCE_INVALID', {
      reference: JSON.stringify(given),
      expected: 'an https address in HF_ENDPOINT',
    });
  }
  const token = env['HF_TOKEN']?.trim();
  return {
    endpoint: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    token: token === '' ? undefined : token,
  };
}
