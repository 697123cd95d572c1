import { z } from 'zod';
import type { ChatMessage, ChatRequest } from '../../contract/engine.ts';
import { expected } from '../query.ts';

const MAX_TOKENS = 8192;
const DEFAULT_TOKENS = 512;

const text = z.string(expected('text')).max(500_000, expected('at most 500000 characters'));
const content = z.union(
  [
    text,
    z
      .array(z.object({ type: z.literal('text'), text }))
      .transform((parts) => parts.map((part) => part.text).join('')),
  ],
  expected('text (images and sound are not supported)'),
);
const number = (least: number, most: number) =>
  z
    .number(expected(`a number from ${least} to ${most}`))
    .min(least, expected(`a number from ${least} to ${most}`))
    .max(most, expected(`a number from ${least} to ${most}`));
const tokens = number(1, MAX_TOKENS).int(expected('a whole number'));
/** What would change the answer and is not done is refused rather than passed over. */
const absent = (what: string) =>
  z
    .array(z.unknown())
    .max(0, expected(`no ${what}: they are not supported`))
    .nullish();

/** The body of POST /v1/chat/completions, as OpenAI's clients send it. Fields that change nothing here are passed over. */
export const chatBody = z
  .object({
    model: z.string(expected('the name of a model')).max(200).optional(),
    messages: z
      .array(
        z.object({
          role: z.enum(
            ['system', 'developer', 'user', 'assistant'],
            expected('system, developer, user or assistant'),
          ),
          content,
        }),
        expected('a list of messages'),
      )
      .min(1, expected('at least one message'))
      .max(1000, expected('at most 1000 messages')),
    max_tokens: tokens.nullish(),
    max_completion_tokens: tokens.nullish(),
    temperature: number(0, 2).nullish(),
    top_p: number(0, 1).nullish(),
    seed: z.number().int(expected('a whole number')).nullish(),
    stop: z.union([text, z.array(text).max(8)]).nullish(),
    stream: z.boolean(expected('true or false')).nullish(),
    stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
    n: z.literal(1, expected('1: one answer is written')).nullish(),
    response_format: z
      .discriminatedUnion('type', [
        z.object({ type: z.literal('text') }),
        z.object({ type: z.literal('json_object') }),
        z.object({
          type: z.literal('json_schema'),
          json_schema: z.object({ schema: z.record(z.string(), z.unknown()) }),
        }),
      ])
      .nullish(),
    tools: absent('tools'),
    functions: absent('functions'),
    logprobs: z.literal(false, expected('no logprobs: they are not supported')).nullish(),
  })
  .transform((body) => ({
    model: body.model,
    stream: body.stream === true,
    usage: body.stream_options?.include_usage === true,
    request: requestOf(body),
  }));

interface Body {
  readonly messages: readonly {
    readonly role: ChatMessage['role'] | 'developer';
    readonly content: string;
  }[];
  readonly max_tokens?: number | null | undefined;
  readonly max_completion_tokens?: number | null | undefined;
  readonly temperature?: number | null | undefined;
  readonly top_p?: number | null | undefined;
  readonly seed?: number | null | undefined;
  readonly stop?: string | string[] | null | undefined;
  readonly response_format?:
    | { readonly type: 'text' }
    | { readonly type: 'json_object' }
    | { readonly type: 'json_schema'; readonly json_schema: { readonly schema: object } }
    | null
    | undefined;
}

function requestOf(body: Body): ChatRequest {
  const { messages, seed, stop, response_format: format } = body;
  const schema =
    format?.type === 'json_schema'
      ? format.json_schema.schema
      : format?.type === 'json_object'
        ? { type: 'object' }
        : undefined;
  return {
    messages: messages.map(({ role, content: said }) => ({
      role: role === 'developer' ? 'system' : role,
      content: said,
    })),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? DEFAULT_TOKENS,
    temperature: body.temperature ?? 0.7,
    topP: body.top_p ?? 0.95,
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    ...(typeof seed === 'number' ? { seed } : {}),
    ...(schema === undefined ? {} : { schema }),
  };
}
