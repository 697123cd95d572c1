import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { RuntimeApi } from '../contract/api.ts';
import { parseDuration } from '../lib/units.ts';
import { expected, parse } from './query.ts';

/** As long as the journal keeps anything by default, and more than anybody waits for. */
const MAX_REPLAY_MS = 31 * 86_400_000;

const EXPECTED_SPAN = 'a span such as 7d, at most 31d';
const authorBody = z.strictObject({
  // What is empty or too long is answered like any other sentence that is none.
  text: z.string(expected('text')).max(10_000, expected('at most 10000 characters')),
  edit: z.string(expected('the id of a policy')).min(1).max(64).optional(),
  replay: z
    .string(expected(EXPECTED_SPAN))
    .refine((text) => within(parseDuration(text)), expected(EXPECTED_SPAN))
    .optional(),
  install: z.boolean(expected('true or false')).default(false),
});
const draftParams = z.strictObject({
  draft: z.string().regex(/^[0-9a-f]{8}$/, expected('the draft of an answer')),
});
const verdictBody = z.strictObject({
  verdict: z.enum(['accept', 'reject'], expected('"accept" or "reject"')),
});

function within(ms: number | undefined): boolean {
  return ms !== undefined && ms > 0 && ms <= MAX_REPLAY_MS;
}

/** Rules from sentences, and what is said to the drafts. */
export function addAuthoring(
  app: FastifyInstance,
  api: RuntimeApi,
  signalFor: (reply: FastifyReply) => AbortSignal,
): void {
  app.post('/v1/policies/author', async (request, reply) => {
    const { text, edit, replay, install } = parse(authorBody, request.body);
    const replayMs = replay === undefined ? undefined : parseDuration(replay);
    const made = await api.authoring.author({
      text,
      install,
      signal: signalFor(reply),
      ...(edit === undefined ? {} : { edit }),
      ...(replayMs === undefined ? {} : { replayMs }),
    });
    if (made.status === 'installed') void reply.code(201);
    return made;
  });

  app.post('/v1/policies/author/:draft', (request, reply) => {
    const { draft } = parse(draftParams, request.params);
    const made = api.authoring.judge({ draft, verdict: parse(verdictBody, request.body).verdict });
    if (made.status === 'installed') void reply.code(201);
    return made;
  });
}
