import { isGanglionError, messageOf } from '../../runtime/errors.ts';

export interface BrokerFailure {
  /** In words a person can act on. */
  readonly detail: string;
  /** It will not mend itself: try again, but slowly. */
  readonly lasting: boolean;
}

// Brokers use 4 and 5 for the same thing.
const BAD_USER =
  'user name or password is wrong, or this user may not connect: mend `username` and `password` of the broker';

/** MQTT 3.1.1 §3.2.2.3, by return code of CONNACK. */
const REFUSED: Readonly<Record<number, string>> = {
  1: 'it does not speak MQTT 3.1.1',
  2: 'it does not accept the client id',
  3: 'it is not available at the moment',
  4: BAD_USER,
  5: BAD_USER,
};

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start the broker or mend its address',
  ENOTFOUND: 'its name cannot be resolved: mend the address or the name server',
  EAI_AGAIN: 'its name cannot be resolved for now',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'it does not answer',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
};

const CERTIFICATE =
  /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|INVALID_CA|HOSTNAME_MISMATCH/;

/** @param address of the broker, without user name and password */
export function describeFailure(address: string, failure: unknown): BrokerFailure {
  const says = (reason: string, lasting: boolean) => ({
    detail: `Expected to connect to ${address} but ${reason}.`,
    lasting,
  });
  if (failure === undefined) return says('it closed the connection without a reason', false);
  const code =
    typeof failure === 'object' && failure !== null && 'code' in failure ? failure.code : undefined;
  if (isGanglionError(failure)) return { detail: `${failure.message} ${failure.remedy}`, lasting: true };
  if (typeof code === 'number') {
    const reason = REFUSED[code] ?? `it refused with code ${code}`;
    return says(reason, code !== 3);
  }
  if (typeof code === 'string') {
    const reason = NETWORK[code];
    if (reason !== undefined) return says(reason, false);
    if (CERTIFICATE.test(code)) {
      const why = messageOf(failure).slice(0, 200);
      return says(`TLS failed (${code}: ${why}): name the right \`ca\`, \`cert\` and \`key\``, true);
    }
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
      return says(`a certificate file cannot be read (${messageOf(failure)})`, true);
    }
  }
  return says(messageOf(failure).slice(0, 200), false);
}

/** The URL as it may be shown: without user name, password, path and query. */
export function brokerAddress(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return 'the broker';
  }
}
