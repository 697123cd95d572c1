const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'there is no server of that name',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no way to that server',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was cut short',
  HPE_INVALID_CONSTANT: 'what answers there does not speak HTTP',
  HPE_INVALID_VERSION: 'what answers there does not speak HTTP',
  UND_ERR_HEADERS_OVERFLOW: 'what answers there does not speak HTTP',
};

const TLS_CODES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; name its file in NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate comes from an authority this machine does not know; name that in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate comes from an authority this machine does not know; name that in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate comes from an authority this machine does not know; name that in NODE_EXTRA_CA_CERTS',
  CERT_HAS_EXPIRED: 'its certificate has expired, or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet, or the clock of this machine is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  EPROTO: 'it does not speak TLS there; its address begins with http: then',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there; its address begins with http: then',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there; its address begins with http: then',
};

export interface NetworkReason {
  /** Goes after "but": never holds headers, keys or query strings. */
  readonly text: string;
  /** Trying again cannot help: the server's certificate is not to be trusted. */
  readonly lasting: boolean;
}

/** Why a fetch failed, in plain words, from the codes of Node, undici and OpenSSL. */
export function networkReason(error: unknown): NetworkReason {
  const codes = codesOf(error);
  for (const code of codes) {
    const text = TLS_CODES[code];
    if (text !== undefined) return { text, lasting: true };
  }
  for (const code of codes) {
    const text = CODES[code];
    if (text !== undefined) return { text, lasting: false };
  }
  const tls = codes.find((code) => code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL'));
  if (tls !== undefined) return { text: `no secure connection came about (${tls})`, lasting: true };
  const code = codes[0];
  return {
    text: code === undefined ? 'the connection failed' : `the connection failed (${code})`,
    lasting: false,
  };
}

/** The codes of an error, of what caused it and of what it is made of. */
function codesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 4) return [];
  const code = (error as { code?: unknown }).code;
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [
    ...(typeof code === 'string' ? [code] : []),
    ...[error.cause, ...inner].flatMap((cause) => codesOf(cause, depth + 1)),
  ];
}
