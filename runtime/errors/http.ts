import { spec } from './spec.ts';

export const HTTP_ERRORS = {
  HTTP_TOKEN_MISSING: spec(
    'caller',
    (f: { address: string }) =>
      `Expected a token for the HTTP listener on ${f.address} but none is set, and anyone on the network could command the house.`,
    'Set `http.token` to at least 16 characters, or listen on 127.0.0.1.',
  ),
  HTTP_ADDRESS_INVALID: spec(
    'caller',
    (f: { address: string }) => `Expected host:port for the HTTP listener but received "${f.address}".`,
    'Write it as 127.0.0.1:8420, [::1]:8420 or 0.0.0.0:8420.',
  ),
  HTTP_LISTEN_FAILED: spec(
    'environment',
    (f: { address: string; reason: string }) =>
      `Expected to listen on ${f.address} for HTTP but ${f.reason}.`,
    'Set `http.listen` to an address of this machine and a port above 1023.',
  ),
  HTTP_UNAUTHORIZED: spec(
    'caller',
    (f: { reason: string }) => `Expected the daemon's token with this request but ${f.reason}.`,
    'Send the header `Authorization: Bearer <token>` with the `http.token` of the configuration.',
  ),
  HTTP_HOST_REFUSED: spec(
    'caller',
    (f: { host: string }) => `Expected a Host header that names this machine but received "${f.host}".`,
    'Use the IP address, localhost or the host name of the machine, or add the name to `http.hosts`.',
  ),
  HTTP_ORIGIN_REFUSED: spec(
    'caller',
    (f: { origin: string }) =>
      `Expected a request from this daemon's own pages but it comes from ${f.origin}.`,
    'Open the dashboard at the address of the daemon itself; other web sites may not call it.',
  ),
  HTTP_REQUEST_INVALID: spec(
    'caller',
    (f: { problems: readonly string[] }) => f.problems.join(' '),
    'Mend the request; docs/http.md lists every path with its parameters.',
  ),
  HTTP_NOT_FOUND: spec(
    'caller',
    (f: { what: string; hint: string }) =>
      `Expected ${f.what} but there is no such thing${f.hint === '' ? '' : `; ${f.hint}`}.`,
    'docs/http.md lists every path, GET /v1/devices every entity.',
  ),
  HTTP_BUSY: spec(
    'environment',
    (f: { what: string; limit: number }) =>
      `Expected a free place for ${f.what} but all ${f.limit} are taken.`,
    'Close other dashboards and event streams, or try again later.',
  ),
  HTTP_INTERNAL: spec(
    'bug',
    (f: { where: string }) => `Expected to answer ${f.where} but an internal error got in the way.`,
    'Look into the log of the daemon, and report the line if it happens again.',
  ),
} as const;
