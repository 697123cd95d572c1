import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface BrokerUser {
  readonly password: string;
  /** Topic prefixes this user may publish to; left out: all. */
  readonly publish?: readonly string[];
  /** Topic prefixes this user may subscribe to; left out: all. */
  readonly subscribe?: readonly string[];
}

/** Who may connect and what they may do. Without users anybody may do anything. */
export class Users {
  /** For the daemon's own connections; new with every start. */
  readonly own = { username: '$ganglion', password: randomBytes(24).toString('base64url') };
  readonly #users: ReadonlyMap<string, BrokerUser>;

  constructor(users: Readonly<Record<string, BrokerUser>>) {
    this.#users = new Map([...Object.entries(users), [this.own.username, { password: this.own.password }]]);
  }

  get open(): boolean {
    return this.#users.size === 1;
  }

  /** Takes the same time whether the name or the password is wrong, and how wrong it is. */
  admit(username: string | undefined, password: Uint8Array | undefined): boolean {
    if (this.open && username !== this.own.username) return true;
    const user = username === undefined ? undefined : this.#users.get(username);
    const given = digest(password ?? '');
    const right = digest(user?.password ?? this.own.password);
    return timingSafeEqual(given, right) && user !== undefined;
  }

  mayPublish(username: string | undefined, topic: string): boolean {
    const prefixes = this.#users.get(username ?? '')?.publish;
    return prefixes === undefined || prefixes.some((prefix) => topic.startsWith(prefix));
  }

  /** A filter must lie within a prefix as it is written: `#` is within none but the empty one. */
  maySubscribe(username: string | undefined, filter: string): boolean {
    const prefixes = this.#users.get(username ?? '')?.subscribe;
    const plain = filter.startsWith('$share/') ? filter.split('/').slice(2).join('/') : filter;
    return prefixes === undefined || prefixes.some((prefix) => plain.startsWith(prefix));
  }
}

function digest(secret: string | Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest();
}
