import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Clock, Timer } from '../../../contract/time.ts';
import { GanglionError } from '../../../errors.ts';
import { networkReason } from '../../../lib/network-reason.ts';

export interface TransportOptions {
  /** Ends in `/v1` mostly; paths are added to it. */
  readonly url: string;
  /** Sent as a bearer token, shown nowhere. */
  readonly key?: string;
  readonly clock: Clock;
  readonly times: TransportTimes;
  /** Of one answer, bytes. */
  readonly maxBytes: number;
}

export interface TransportTimes {
  /** Until the connection stands, TLS included, ms. */
  readonly connectMs: number;
  /** From then to the first byte of the answer, ms: the server reads the prompt meanwhile. */
  readonly firstByteMs: number;
  /** Between two chunks, ms. */
  readonly chunkMs: number;
}

export interface Reply {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** Throws REMOTE_UNREACHABLE when it is cut or stalls, REMOTE_ANSWER_INVALID when it is too large, MODEL_ABORTED. */
  readonly body: AsyncIterable<Buffer>;
  close(): void;
}

/** An answer may take this long to end after its last event. */
const DRAIN_MS = 1000;

/**
 * POSTs JSON to one server, over connections that are kept. Not fetch: that cannot tell connecting from waiting. Never
 * follows to another address: the key is for this one.
 */
export class Transport {
  /** Scheme, host and path, as people may see it. */
  readonly server: string;
  readonly #options: TransportOptions;
  readonly #base: URL;
  readonly #agent: HttpAgent;

  /** Throws TypeError for what is no address; the configuration has checked it. */
  constructor(options: TransportOptions) {
    this.#options = options;
    this.#base = new URL(options.url);
    this.server = `${this.#base.origin}${this.#base.pathname.replace(/\/+$/, '')}`;
    this.#agent =
      this.#base.protocol === 'https:'
        ? new HttpsAgent({ keepAlive: true })
        : new HttpAgent({ keepAlive: true });
  }

  /** Throws REMOTE_UNREACHABLE, MODEL_ABORTED. */
  async post(path: string, body: object, signal: AbortSignal): Promise<Reply> {
    const text = JSON.stringify(body);
    const first = await this.#exchange(path, text, signal);
    // A kept connection that the server had closed meanwhile: that is no failure of the server.
    return first === 'stale' ? this.#fresh(path, text, signal) : first;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #fresh(path: string, text: string, signal: AbortSignal): Promise<Reply> {
    const reply = await this.#exchange(path, text, signal);
    if (reply !== 'stale') return reply;
    throw this.#unreachable('the connection was cut');
  }

  #exchange(path: string, text: string, signal: AbortSignal): Promise<Reply | 'stale'> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(this.#aborted());
        return;
      }
      const request = this.#request(path, text);
      const watch = new Watch(request, this.#options.clock);
      const onAbort = (): void => watch.end('withdrawn');
      signal.addEventListener('abort', onAbort, { once: true });
      const { connectMs, firstByteMs } = this.#options.times;
      watch.expect(connectMs, `no connection came about within ${connectMs / 1000} s`);
      const connected = (): void => watch.expect(firstByteMs, `it sent nothing for ${firstByteMs / 1000} s`);
      request.once('socket', (socket) => {
        if (request.reusedSocket) connected();
        else socket.once(this.#base.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
      });
      request.once('response', (response) => {
        watch.rest();
        response.once('close', () => {
          watch.rest();
          signal.removeEventListener('abort', onAbort);
        });
        // One that nobody reads any more may still be cut.
        response.on('error', () => {});
        resolve(this.#reply(response, watch));
      });
      request.on('error', (error) => {
        watch.rest();
        signal.removeEventListener('abort', onAbort);
        if (watch.why === undefined && request.reusedSocket && isReset(error)) resolve('stale');
        else reject(this.#explain(error, watch));
      });
      request.end(text);
    });
  }

  #request(path: string, text: string): ClientRequest {
    const { key } = this.#options;
    const send = this.#base.protocol === 'https:' ? httpsRequest : httpRequest;
    return send(`${this.server}${path}${this.#base.search}`, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        accept: 'text/event-stream, application/json',
        ...(key === undefined || key === '' ? {} : { authorization: `Bearer ${key}` }),
      },
    });
  }

  #reply(response: IncomingMessage, watch: Watch): Reply {
    const header = (name: string): string | undefined => {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    return {
      status: response.statusCode ?? 0,
      header,
      body: this.#body(response, watch),
      close: () => response.destroy(),
    };
  }

  async *#body(response: IncomingMessage, watch: Watch): AsyncGenerator<Buffer, void, undefined> {
    const { maxBytes, times } = this.#options;
    const chunks = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    let size = 0;
    let failed = true;
    try {
      for (;;) {
        watch.expect(times.chunkMs, `it sent nothing more for ${times.chunkMs / 1000} s`);
        const chunk = await this.#next(chunks, watch);
        if (chunk === undefined) return;
        failed = false;
        size += chunk.length;
        if (size > maxBytes) {
          failed = true;
          throw new GanglionError('REMOTE_ANSWER_INVALID', {
            server: this.server,
            expected: `an answer of at most ${maxBytes} bytes`,
            received: 'more',
          });
        }
        yield chunk;
        failed = true;
      }
    } finally {
      watch.rest();
      if (failed && !response.complete) response.destroy();
      else if (!response.complete) {
        // The reader has what it wants; what little follows is let pass, so that the connection can be used again.
        watch.expect(DRAIN_MS, 'it went on after its end');
        void drain(chunks);
      }
    }
  }

  async #next(chunks: AsyncIterator<Buffer>, watch: Watch): Promise<Buffer | undefined> {
    try {
      const { done, value } = await chunks.next();
      return done === true ? undefined : value;
    } catch (error) {
      throw this.#explain(error, watch);
    } finally {
      watch.rest();
    }
  }

  #explain(error: unknown, watch: Watch): GanglionError {
    if (watch.why === 'withdrawn') return this.#aborted();
    return this.#unreachable(watch.why ?? networkReason(error).text, error);
  }

  #unreachable(reason: string, cause?: unknown): GanglionError {
    return new GanglionError('REMOTE_UNREACHABLE', { server: this.server, reason }, { cause });
  }

  #aborted(): GanglionError {
    return new GanglionError('MODEL_ABORTED', { file: this.server });
  }
}

/** One request's patience: at most one thing is waited for at a time. */
class Watch {
  readonly #request: ClientRequest;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  /** Why we ended it ourselves. */
  why: string | undefined;

  constructor(request: ClientRequest, clock: Clock) {
    this.#request = request;
    this.#clock = clock;
  }

  expect(ms: number, otherwise: string): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.schedule(ms, () => this.end(otherwise));
  }

  rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  end(why: string): void {
    this.rest();
    this.why ??= why;
    this.#request.destroy();
  }
}

async function drain(chunks: AsyncIterator<unknown>): Promise<void> {
  try {
    while ((await chunks.next()).done !== true);
  } catch {
    // Cut after its end: nothing is lost.
  }
}

function isReset(error: Error): boolean {
  const { code } = error as { code?: string };
  return code === 'ECONNRESET' || code === 'EPIPE';
}
