import type { Clock } from '../../contract/time.ts';
import { networkReason } from '../../lib/network-reason.ts';
import { parseUrl } from '../../lib/parse-url.ts';
import { retryAfterMs } from '../../lib/retry-after.ts';
import { isLoopbackHost } from './reference.ts';

export interface HttpOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Goes to `tokenOrigin` and nowhere else. */
  readonly token?: string | undefined;
  /** `https://huggingface.co` */
  readonly tokenOrigin: string;
  /** Silence after which a connection counts as dead, ms. */
  readonly stallMs: number;
}

export interface Opened {
  readonly kind: 'open';
  readonly response: Response;
  /** What the hub says of the file on the way: sha256 for large files. */
  readonly linkedEtag?: string;
  /** The bytes of the body. Ends, or returns a failure; silence is one. */
  read(): Promise<{ readonly bytes: Uint8Array } | 'end' | Failure>;
  close(): void;
}

export interface Failure {
  readonly kind: 'failure';
  /** Goes after "but". */
  readonly reason: string;
  /** Trying again may help. */
  readonly again: boolean;
  readonly retryAfterMs?: number;
}

const MAX_REDIRECTS = 5;
/** The hub's own words for a refusal, in header `x-error-code`. */
const HUB_CODES: Readonly<Record<string, string>> = {
  RepoNotFound: 'there is no such repository, or it is private',
  RevisionNotFound: 'the repository has no such revision',
  EntryNotFound: 'the repository has no such file',
  GatedRepo: 'access to the repository has to be asked for on its page first',
};

/**
 * Opens an address for reading, following redirects itself: fetch would keep no account of where the token may go, and
 * would not show the hub's headers on the way. Throws only what `signal` was aborted with.
 */
export async function open(
  address: string,
  headers: Readonly<Record<string, string>>,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<Opened | Failure> {
  let url = new URL(address);
  let linkedEtag: string | undefined;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const watch = new Watch(options, signal);
    let response: Response;
    try {
      response = await watch.over(
        options.fetch(url.href, {
          headers: { ...headers, 'accept-encoding': 'identity', ...tokenFor(url, options) },
          redirect: 'manual',
          signal: watch.signal,
        }),
      );
    } catch (error) {
      watch.close();
      signal.throwIfAborted();
      if (watch.stalled) return failure(`it sent nothing for ${options.stallMs / 1000} s`, true);
      const { text, lasting } = networkReason(error);
      return failure(text, !lasting);
    }
    linkedEtag ??= opaqueTag(response.headers.get('x-linked-etag'));
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && response.status !== 304 && location !== null) {
      watch.close();
      const next = parseUrl(location, url);
      if (next === undefined || !/^https?:$/.test(next.protocol))
        return failure('it sends on to an address that is none', false);
      if (url.protocol === 'https:' && next.protocol !== 'https:')
        return failure('it sends on to an address without encryption', false);
      url = next;
      continue;
    }
    if (response.status !== 200 && response.status !== 206 && response.status !== 416) {
      watch.close();
      return refusal(response, url, options.clock.wall());
    }
    return opened(response, linkedEtag, watch, options, signal);
  }
  return failure(`it sends on more than ${MAX_REDIRECTS} times`, false);
}

function opened(
  response: Response,
  linkedEtag: string | undefined,
  watch: Watch,
  options: HttpOptions,
  signal: AbortSignal,
): Opened {
  const reader = response.body?.getReader();
  return {
    kind: 'open',
    response,
    ...(linkedEtag === undefined ? {} : { linkedEtag }),
    close: () => watch.close(),
    async read() {
      try {
        const chunk = await watch.over(reader?.read() ?? Promise.resolve({ done: true, value: undefined }));
        return chunk.value === undefined ? 'end' : { bytes: chunk.value };
      } catch (error) {
        signal.throwIfAborted();
        return watch.stalled
          ? failure(`it sent nothing more for ${options.stallMs / 1000} s`, true)
          : failure(networkReason(error).text, true);
      }
    },
  };
}

/** One connection, ended by whoever asked, by its own end, or by silence. */
class Watch {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #abort = new AbortController();
  readonly #outer: AbortSignal;
  stalled = false;

  constructor(options: HttpOptions, outer: AbortSignal) {
    this.#clock = options.clock;
    this.#stallMs = options.stallMs;
    this.#outer = outer;
    if (outer.aborted) this.#abort.abort();
    outer.addEventListener('abort', this.#end, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async over<T>(work: Promise<T>): Promise<T> {
    const timer = this.#clock.schedule(this.#stallMs, () => {
      this.stalled = true;
      this.#abort.abort();
    });
    try {
      return await work;
    } finally {
      timer.cancel();
    }
  }

  close(): void {
    this.#outer.removeEventListener('abort', this.#end);
    this.#abort.abort();
  }

  readonly #end = (): void => this.#abort.abort();
}

/** Only to the hub itself, and never in the clear over a network. */
function tokenFor(url: URL, { token, tokenOrigin }: HttpOptions): Record<string, string> {
  if (token === undefined || token === '' || url.origin !== tokenOrigin) return {};
  return url.protocol === 'https:' || isLoopbackHost(url) ? { authorization: `Bearer ${token}` } : {};
}

function refusal(response: Response, url: URL, nowMs: number): Failure {
  const { status, headers } = response;
  const wait = retryAfterMs(headers.get('retry-after'), nowMs);
  if (status === 429) return failure(`${url.host} asks for fewer requests (429)`, true, wait);
  if (status >= 500 || status === 408 || status === 425)
    return failure(`${url.host} has trouble of its own (${status})`, true, wait);
  const hub = HUB_CODES[headers.get('x-error-code') ?? ''];
  if (hub !== undefined) return failure(`${hub} (${status})`, false);
  if (status === 401 || status === 403) return failure(`${url.host} does not allow it (${status})`, false);
  if (status === 404 || status === 410) return failure(`${url.host} has no such file (${status})`, false);
  return failure(`${url.host} answered ${status}`, false);
}

export function failure(reason: string, again: boolean, retryAfterMs?: number): Failure {
  return { kind: 'failure', reason, again, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** `W/"abc"` and `"abc"` → `abc`. */
export function opaqueTag(etag: string | null): string | undefined {
  return /^(?:W\/)?"?([^"]*)"?$/.exec(etag ?? '')?.[1] || undefined;
}
