import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly logprobs?: boolean;
  readonly response_format?: { readonly json_schema: { readonly schema: unknown } };
  readonly [key: string]: unknown;
}

export type Answerer = (body: ChatBody, response: ServerResponse, request: IncomingMessage) => void;

/** An OpenAI-compatible server on this machine whose answers a test writes. */
export class RemoteServer {
  readonly bodies: ChatBody[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  answer: Answerer = (_, response) => stream(response, ['{"answer":', '"none"}']);
  url = '';
  #stop: () => Promise<void> = async () => {};

  static async start(): Promise<RemoteServer> {
    const remote = new RemoteServer();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as ChatBody;
        remote.bodies.push(body);
        remote.headers.push(request.headers);
        remote.answer(body, response, request);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    remote.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    remote.#stop = async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    };
    onTestFinished(() => remote.stop());
    return remote;
  }

  /** Idempotent. */
  stop(): Promise<void> {
    return this.#stop();
  }
}

export const EVENTS = { 'content-type': 'text/event-stream; charset=utf-8' };
export const JSON_TYPE = { 'content-type': 'application/json' };

/** One event of a stream. */
export function event(delta: object, rest: object = {}): string {
  return `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta, ...rest }] })}\n\n`;
}

/** A whole stream: a role, the pieces, the end. */
export function stream(response: ServerResponse, pieces: readonly string[], finish = 'stop'): void {
  response.writeHead(200, EVENTS);
  response.write(event({ role: 'assistant', content: null }));
  for (const content of pieces) response.write(event({ content }));
  response.write(event({}, { finish_reason: finish }));
  const usage = { prompt_tokens: 20, completion_tokens: 6, prompt_tokens_details: { cached_tokens: 12 } };
  response.end(`data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`);
}

/** A whole answer in one object, as servers give it that do not stream. */
export function whole(response: ServerResponse, content: string, rest: object = {}): void {
  const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop', ...rest };
  response.writeHead(200, JSON_TYPE).end(JSON.stringify({ object: 'chat.completion', choices: [choice] }));
}

/** `logprobs` of tokens with their probabilities. */
export function scores(tokens: readonly (readonly [string, number])[]): object {
  const content = tokens.map(([token, p]) => ({
    token,
    logprob: Math.log(p),
    bytes: [...Buffer.from(token)],
  }));
  return { logprobs: { content } };
}
