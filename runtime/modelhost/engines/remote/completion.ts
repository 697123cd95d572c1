import { GanglionError, isGanglionError, messageOf } from '../../../errors.ts';
import { SseReader } from './sse.ts';
import type { Reply } from './transport.ts';

/** What a server answered, whichever way it sent it. */
export interface Completion {
  readonly text: string;
  /** `stop`, `length`, or what else the server calls it; undefined: it said nothing. */
  readonly finish: string | undefined;
  /** One for each token, in order; empty where the server gives none. */
  readonly logprobs: readonly TokenLogprob[];
  readonly usage: { readonly prompt?: number; readonly generated?: number; readonly cached?: number };
  /** llama-server measures them itself. */
  readonly timings: { readonly promptMs?: number; readonly predictedMs?: number };
}

export interface TokenLogprob {
  /** UTF-8; a token may be a part of a character. */
  readonly bytes: Buffer;
  /** Natural logarithm, at most 0. */
  readonly logprob: number;
}

/**
 * Reads the answer to a chat completion: server-sent events, or one JSON object from servers that do not stream.
 * Throws REMOTE_ANSWER_INVALID, REMOTE_REFUSED for an error in the stream, REMOTE_UNREACHABLE.
 */
export async function readCompletion(
  reply: Reply,
  server: string,
  onText: (piece: string) => void,
): Promise<Completion> {
  const type = (reply.header('content-type') ?? '').toLowerCase();
  const collector = new Collector(server, onText);
  if (type.includes('event-stream')) await readStream(reply, server, collector);
  else if (type.includes('json')) collector.take(parse(await readText(reply), server));
  else {
    const received = type === '' ? 'an answer without content type' : `content type ${quote(type)}`;
    throw invalid(server, 'server-sent events or JSON', received);
  }
  return collector.completion();
}

async function readStream(reply: Reply, server: string, collector: Collector): Promise<void> {
  const reader = new SseReader();
  const take = (events: readonly string[]): boolean => {
    for (const data of events) {
      if (data.trim() === '[DONE]') return true;
      collector.take(parse(data, server));
    }
    return false;
  };
  for await (const chunk of reply.body) {
    if (take(reader.push(chunk))) return;
    if (reader.overlong) throw invalid(server, 'events of a sensible size', 'one without end');
  }
  if (take(reader.end())) return;
  // Some servers leave [DONE] out; without a reason for its end either, the answer was cut.
  if (!collector.finished) throw invalid(server, 'a complete answer', 'a stream that ends in the middle');
}

/** The whole body as text; what is no UTF-8 becomes replacement characters and is refused as an answer later. */
export async function readText(reply: Reply): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Puts chunks (or the one whole object) together. */
class Collector {
  readonly #server: string;
  readonly #onText: (piece: string) => void;
  readonly #pieces: string[] = [];
  readonly #logprobs: TokenLogprob[] = [];
  #finish: string | undefined;
  #usage: Completion['usage'] = {};
  #timings: Completion['timings'] = {};
  #any = false;

  constructor(server: string, onText: (piece: string) => void) {
    this.#server = server;
    this.#onText = onText;
  }

  get finished(): boolean {
    return this.#finish !== undefined;
  }

  take(value: unknown): void {
    if (!isObject(value)) throw this.#wrong(shape(value));
    if (isObject(value['error']) || typeof value['error'] === 'string')
      throw new GanglionError('REMOTE_REFUSED', { server: this.#server, reason: errorReason(value) });
    this.#measure(value);
    const choices = value['choices'];
    if (!Array.isArray(choices)) throw this.#wrong(shape(value));
    const choice: unknown = choices[0];
    // The last chunk may hold the usage alone.
    if (choice === undefined) return;
    if (!isObject(choice)) throw this.#wrong(shape(choice));
    const message = choice['delta'] ?? choice['message'];
    if (isObject(message)) this.#text(message['content']);
    else if (choice['finish_reason'] === undefined || choice['finish_reason'] === null)
      throw this.#wrong(shape(choice));
    this.#any = true;
    this.#scores(choice['logprobs']);
    if (typeof choice['finish_reason'] === 'string') this.#finish = choice['finish_reason'];
  }

  completion(): Completion {
    if (!this.#any) throw this.#wrong('none');
    return {
      text: this.#pieces.join(''),
      finish: this.#finish,
      logprobs: this.#logprobs,
      usage: this.#usage,
      timings: this.#timings,
    };
  }

  #text(content: unknown): void {
    if (content === undefined || content === null || content === '') return;
    if (typeof content !== 'string') throw this.#wrong(`content that is ${shape(content)}`);
    this.#pieces.push(content);
    this.#onText(content);
  }

  #scores(value: unknown): void {
    const content = isObject(value) ? value['content'] : undefined;
    if (!Array.isArray(content)) return;
    for (const entry of content as unknown[]) {
      if (!isObject(entry)) continue;
      const { token, logprob, bytes } = entry;
      if (typeof token !== 'string' || typeof logprob !== 'number') continue;
      this.#logprobs.push({ bytes: isBytes(bytes) ? Buffer.from(bytes) : Buffer.from(token), logprob });
    }
  }

  #measure(value: Record<string, unknown>): void {
    const { usage, timings } = value;
    if (isObject(usage)) {
      const details = isObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {};
      this.#usage = {
        ...this.#usage,
        ...count('prompt', usage['prompt_tokens']),
        ...count('generated', usage['completion_tokens']),
        ...count('cached', details['cached_tokens']),
      };
    }
    if (isObject(timings)) {
      this.#timings = {
        ...count('promptMs', timings['prompt_ms']),
        ...count('predictedMs', timings['predicted_ms']),
      };
      if (this.#usage.cached === undefined)
        this.#usage = { ...this.#usage, ...count('cached', timings['cache_n']) };
    }
  }

  #wrong(received: string): GanglionError {
    return invalid(this.#server, 'a chat completion with a choice', received);
  }
}

function count<K extends string>(name: K, value: unknown): Partial<Record<K, number>> {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? ({ [name]: value } as Record<K, number>)
    : {};
}

/** The server's own words, cut, on one line: `error.message`, `error`, `message`, `detail`. */
export function errorReason(body: unknown): string {
  const words = isObject(body) ? (body['error'] ?? body['message'] ?? body['detail']) : undefined;
  const text = isObject(words) ? words['message'] : words;
  return typeof text === 'string' && text !== '' ? `it says ${quote(text)}` : 'it gives no reason';
}

export function parse(text: string, server: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (isGanglionError(error)) throw error;
    throw new GanglionError(
      'REMOTE_ANSWER_INVALID',
      { server, expected: 'JSON', received: text === '' ? 'nothing' : quote(text) },
      { cause: messageOf(error) },
    );
  }
}

export function invalid(server: string, expected: string, received: string): GanglionError {
  return new GanglionError('REMOTE_ANSWER_INVALID', { server, expected, received });
}

/** What a server sent, as data: one line, cut. */
export function quote(text: string): string {
  const line = text
    .slice(0, 400)
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return JSON.stringify(line.length > 120 ? `${line.slice(0, 119).replace(/[\uD800-\uDBFF]$/, '')}…` : line);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBytes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((byte) => Number.isInteger(byte));
}

function shape(value: unknown): string {
  if (!isObject(value))
    return Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
  const keys = Object.keys(value).slice(0, 6);
  return keys.length === 0 ? 'an empty object' : `an object with ${keys.join(', ').slice(0, 100)}`;
}
