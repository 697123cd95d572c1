import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import type { PastDesk } from '../replay/index.ts';
import { expected, id, idParams, moment, parse } from './query.ts';

const DAY_MS = 86_400_000;
/** Drafts: as many policies as a person writes in a day. */
const BODY_LIMIT_BYTES = 262_144;

const replayBody = (nowMs: number) =>
  z.strictObject({
    from: moment(nowMs).default(nowMs - DAY_MS),
    to: moment(nowMs).default(nowMs),
    about: z.array(id).max(1000, expected('at most 1000 policies')).optional(),
    drafts: z
      .array(z.strictObject({ name: z.string().max(1000), text: z.string(expected('policies as YAML')) }))
      .max(100, expected('at most 100 drafts'))
      .optional(),
  });
const explainQuery = (nowMs: number) => z.strictObject({ at: moment(nowMs).optional() });

export interface PastParts {
  readonly past: Pick<PastDesk, 'replay' | 'explain'>;
  readonly clock: Clock;
  /** Aborts when nobody waits for the reply any more. */
  readonly signalFor: (reply: FastifyReply) => AbortSignal;
}

/** What policies would have done, and why one does or does not fire, now or then. */
export function addPast(app: FastifyInstance, { past, clock, signalFor }: PastParts): void {
  app.post('/v1/policies/replay', { bodyLimit: BODY_LIMIT_BYTES }, (request, reply) => {
    const { from, to, about, drafts } = parse(replayBody(clock.wall()), request.body);
    if (from >= to) {
      const problems = ['Expected a moment before to for from but received a later one.'];
      throw new GanglionError('HTTP_REQUEST_INVALID', { problems });
    }
    const question = {
      fromMs: from,
      toMs: Math.min(to, clock.wall()),
      ...(about === undefined ? {} : { about }),
      ...(drafts === undefined ? {} : { drafts }),
    };
    return past.replay(question, signalFor(reply));
  });

  app.get('/v1/policies/:id/explain', (request, reply) => {
    const { id: policy } = parse(idParams, request.params);
    return past.explain(policy, parse(explainQuery(clock.wall()), request.query).at, signalFor(reply));
  });
}
