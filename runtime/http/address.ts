import { isIP } from 'node:net';
import { GanglionError } from '../errors.ts';

/** Where to listen. */
export interface Address {
  /** Without the brackets of IPv6. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export const DEFAULT_LISTEN = '127.0.0.1:8420';

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/;

/** `127.0.0.1:8420`, `[::1]:8420`, `hub.local:8420`. Throws HTTP_ADDRESS_INVALID. */
export function parseAddress(text: string): Address {
  const match = HOST_PORT.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65_535))
    throw new GanglionError('HTTP_ADDRESS_INVALID', { address: text });
  return { host, port };
}

/** Only programs on this machine can reach it. A name other than localhost may resolve to anything. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** `http://host:port` as a browser or curl on this machine would open it. */
export function urlOf(address: Address): string {
  const wildcard = address.host === '0.0.0.0' || address.host === '::';
  const host = wildcard ? '127.0.0.1' : address.host;
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${address.port}`;
}

/** The name in a Host header, without port and brackets, lower case. Empty if it is not one. */
export function hostName(header: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::\d{1,5})?$/.exec(header);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}
