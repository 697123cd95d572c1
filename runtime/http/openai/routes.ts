import type { FastifyInstance, FastifyReply } from 'fastify';
import type { RuntimeApi } from '../../contract/api.ts';
import type { ChatAnswer } from '../../contract/engine.ts';
import type { Clock } from '../../contract/time.ts';
import { GanglionError } from '../../errors.ts';
import { newId } from '../../lib/id.ts';
import { parse } from '../query.ts';
import { errorReply } from '../reply.ts';
import { chatBody } from './request.ts';

export interface OpenAiParts {
  readonly api: Pick<RuntimeApi, 'models' | 'chat'>;
  readonly clock: Clock;
  /** Aborts when the server stops, or when whoever asked hangs up. */
  readonly signalFor: (reply: FastifyReply) => AbortSignal;
}

/** A conversation may be long; its tokens are bounded by the model's context. */
const BODY_LIMIT_BYTES = 1_048_576;

/**
 * The OpenAI-compatible face: GET /v1/models and POST /v1/chat/completions, for programs that speak that. Answers are
 * written in the background lane: whatever the ladder decides comes first.
 */
export function addOpenAi(app: FastifyInstance, { api, clock, signalFor }: OpenAiParts): void {
  app.get('/v1/models', () => ({
    object: 'list',
    data: api.models().map(({ name, state, info }) => ({
      id: name,
      object: 'model',
      created: 0,
      owned_by: 'ganglion',
      state,
      ...(info === undefined ? {} : { engine: info.engine, size_bytes: info.sizeBytes }),
    })),
  }));

  app.post('/v1/chat/completions', { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
    const { model: wanted, stream, usage, request: chat } = parse(chatBody, request.body);
    const model = modelNamed(api, wanted);
    const head = { id: `chatcmpl-${newId(clock.wall())}`, created: Math.floor(clock.wall() / 1000), model };
    const signal = signalFor(reply);
    if (!stream) {
      const answer = await api.chat(model, chat, { signal });
      return { ...head, object: 'chat.completion', choices: [choiceOf(answer)], ...figuresOf(answer) };
    }
    await streamed(reply, head, usage, async (onText, onQueue) =>
      api.chat(model, chat, { signal, onQueue }, onText),
    );
    return reply;
  });
}

/** The model of this name; without a name, or the one that stands for whatever there is, the first. Throws HTTP_NOT_FOUND. */
function modelNamed(api: OpenAiParts['api'], wanted: string | undefined): string {
  const names = api.models().map(({ name }) => name);
  const name = wanted === undefined || wanted === 'default' ? names[0] : names.find((one) => one === wanted);
  if (name !== undefined) return name;
  const hint =
    names.length === 0
      ? 'No model is configured: see model in ganglion.yaml.'
      : `There is: ${names.join(', ')}.`;
  throw new GanglionError('HTTP_NOT_FOUND', { what: `a model named ${(wanted ?? '').slice(0, 100)}`, hint });
}

function choiceOf({ text, finish }: ChatAnswer) {
  return { index: 0, message: { role: 'assistant', content: text }, logprobs: null, finish_reason: finish };
}

/** Token counts as OpenAI names them, and timings as llama.cpp's server does. */
function figuresOf({ tokens, timings }: ChatAnswer) {
  const prompt = tokens.cached + tokens.prompt;
  return {
    usage: {
      prompt_tokens: prompt,
      completion_tokens: tokens.generated,
      total_tokens: prompt + tokens.generated,
      prompt_tokens_details: { cached_tokens: tokens.cached },
    },
    timings: {
      cache_n: tokens.cached,
      prompt_n: tokens.prompt,
      prompt_ms: timings.promptMs,
      predicted_n: tokens.generated,
      predicted_ms: timings.predictedMs,
      waited_ms: timings.waitedMs,
    },
  };
}

/** The answer as server-sent events, the last of which tells why it ended and what it cost. */
async function streamed(
  reply: FastifyReply,
  head: object,
  usage: boolean,
  write: (onText: (piece: string) => void, onQueue: (ahead: number) => void) => Promise<ChatAnswer>,
): Promise<void> {
  let open = false;
  let said = false;
  const begin = (): void => {
    if (open) return;
    open = true;
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
  };
  const send = (fields: object): void => {
    begin();
    said = true;
    reply.raw.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...fields })}\n\n`);
  };
  const delta = (content: object, finish: string | null = null): object => ({
    choices: [{ index: 0, delta: content, logprobs: null, finish_reason: finish }],
  });
  try {
    const answer = await write(
      (piece) => send(delta(said ? { content: piece } : { role: 'assistant', content: piece })),
      // A comment, which clients pass over; people who look see why nothing comes.
      (ahead) => {
        if (ahead === 0) return;
        begin();
        reply.raw.write(`: waiting, ${ahead} ahead\n\n`);
      },
    );
    const { usage: used, timings } = figuresOf(answer);
    send({ ...delta(said ? {} : { role: 'assistant', content: '' }, answer.finish), timings });
    if (usage) send({ choices: [], usage: used });
  } catch (error) {
    // What fails before the first word is an ordinary error; after it there is no status left to set.
    if (!open) throw error;
    // No [DONE] behind it: a broken answer is not to pass for a whole one.
    reply.raw.end(`data: ${JSON.stringify(errorReply(error, 'POST /v1/chat/completions').body)}\n\n`);
    return;
  }
  reply.raw.end('data: [DONE]\n\n');
}
