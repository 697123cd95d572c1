import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { GanglionError } from '../errors.ts';
import { hostName } from './address.ts';

export interface GuardOptions {
  readonly token?: string;
  /** Names besides IP addresses and localhost that a Host header may carry, lower case. */
  readonly hosts: readonly string[];
}

export interface GuardedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
}

/**
 * Who may talk to the daemon. Three separate dangers:
 * - a web page whose name was rebound to 127.0.0.1: its Host header carries the attacker's name, so only IP
 *   addresses (which cannot be rebound) and known names pass;
 * - a web page that sends a cross-site request: its Origin or Sec-Fetch-Site gives it away;
 * - another machine or user: the token.
 */
export class Guard {
  readonly #tokenHash: Buffer | undefined;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: GuardOptions) {
    this.#tokenHash = options.token === undefined ? undefined : sha256(options.token);
    this.#hosts = new Set(['localhost', ...options.hosts]);
  }

  get needsToken(): boolean {
    return this.#tokenHash !== undefined;
  }

  /** Throws HTTP_HOST_REFUSED or HTTP_ORIGIN_REFUSED. */
  checkSource(request: GuardedRequest): void {
    const { headers, path } = request;
    const host = headers.host ?? '';
    const name = hostName(host);
    if (isIP(name) === 0 && !this.#hosts.has(name) && !name.endsWith('.localhost')) {
      throw new GanglionError('HTTP_HOST_REFUSED', { host: host.slice(0, 100) });
    }
    const origin = headers.origin;
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      throw new GanglionError('HTTP_ORIGIN_REFUSED', { origin: origin.slice(0, 100) });
    }
    // Following a link to the dashboard from another site is fine; anything else from there is not.
    const site = headers['sec-fetch-site'];
    if ((site === 'cross-site' || site === 'same-site') && path !== '/') {
      throw new GanglionError('HTTP_ORIGIN_REFUSED', { origin: 'another web site' });
    }
  }

  /** True if no token is needed or the right one came. */
  authorized(headers: IncomingHttpHeaders): boolean {
    if (this.#tokenHash === undefined) return true;
    const given = bearer(headers.authorization);
    // Hashes have one length, so the comparison takes one time whatever was sent.
    return given !== undefined && timingSafeEqual(sha256(given), this.#tokenHash);
  }

  /** Throws HTTP_UNAUTHORIZED. */
  checkToken(headers: IncomingHttpHeaders): void {
    if (this.authorized(headers)) return;
    const reason = headers.authorization === undefined ? 'there is none' : 'the one sent is not it';
    throw new GanglionError('HTTP_UNAUTHORIZED', { reason });
  }
}

function bearer(header: string | undefined): string | undefined {
  const match = header === undefined ? null : /^Bearer +(\S+)$/i.exec(header);
  return match?.[1];
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
