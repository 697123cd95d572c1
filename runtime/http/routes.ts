import type { FastifyInstance, FastifyReply } from 'fastify';
import type { RuntimeApi } from '../contract/api.ts';
import type { Clock } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import type { PastDesk } from '../replay/index.ts';
import type { EventHub } from './events.ts';
import type { Guard } from './guard.ts';
import { addLearning } from './learning.ts';
import type { Metrics } from './metrics.ts';
import { addAuthoring } from './authoring.ts';
import { addOpenAi } from './openai/routes.ts';
import { addPast } from './past.ts';
import { addPolicies } from './policies.ts';
import {
  approvalBody,
  askBody,
  decisionQuery,
  eventsQuery,
  feedbackBody,
  historyQuery,
  idParams,
  noQuery,
  parse,
  stateQuery,
} from './query.ts';
import { devicesReply, requireProperty, stateReply } from './views.ts';

export interface RouteParts {
  readonly api: RuntimeApi;
  readonly past?: Pick<PastDesk, 'replay' | 'explain'>;
  readonly clock: Clock;
  readonly guard: Guard;
  readonly events: EventHub;
  readonly metrics: Metrics;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

/** Every path of docs/http.md but the dashboard. */
export function addRoutes(app: FastifyInstance, parts: RouteParts): void {
  addOperations(app, parts);
  addInspection(app, parts);
  addCommands(app, parts);
  addLearning(app, parts.api.learning);
  const { api, clock, past, stopping } = parts;
  addPolicies(app, api);
  const signalFor = (reply: FastifyReply): AbortSignal => AbortSignal.any([stopping, goneSignal(reply)]);
  if (past !== undefined) addPast(app, { past, clock, signalFor });
  addAuthoring(app, api, signalFor);
  addOpenAi(app, { api, clock, signalFor });
}

function addOperations(app: FastifyInstance, { api, events, guard, metrics }: RouteParts): void {
  app.get('/health', (request, reply) => {
    const health = api.health();
    void reply.code(health.status === 'ok' || health.status === 'degraded' ? 200 : 503);
    // A load balancer may know whether it runs; what it is made of is for those who have the token.
    return guard.authorized(request.headers) ? health : { status: health.status };
  });

  app.get('/metrics', async (_request, reply) => {
    const { text, contentType } = await metrics.scrape();
    return reply.type(contentType).send(text);
  });

  app.get('/v1/stats', (request) => {
    parse(noQuery, request.query);
    return api.stats();
  });

  app.get('/v1/events', { exposeHeadRoute: false }, (request, reply) => {
    const { types } = parse(eventsQuery, request.query);
    events.checkRoom();
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    events.add(reply.raw, types);
  });
}

function addInspection(app: FastifyInstance, { api, clock }: RouteParts): void {
  app.get('/v1/state', (request) => stateReply(api, parse(stateQuery, request.query).entity));

  app.get('/v1/devices', (request) => {
    parse(noQuery, request.query);
    return devicesReply(api);
  });

  app.get('/v1/history', async (request) => {
    const { key, from, to, limit } = parse(historyQuery(clock.wall()), request.query);
    if (from > to) {
      const problems = ['Expected a moment before to for from but received a later one.'];
      throw new GanglionError('HTTP_REQUEST_INVALID', { problems });
    }
    requireProperty(api, key);
    return { key, from, to, points: await api.history({ key, fromMs: from, toMs: to, limit }) };
  });

  app.get('/v1/decisions', (request) => ({
    decisions: api.decisions(definedOf(parse(decisionQuery, request.query))),
  }));

  app.get('/v1/decisions/:id', (request) => {
    const { id } = parse(idParams, request.params);
    const record = api.decision(id);
    if (record === undefined) throw new GanglionError('ACTION_UNKNOWN', { id });
    return record;
  });

  app.get('/v1/actions', (request) => ({
    actions: api.actions(definedOf(parse(decisionQuery, request.query))),
  }));

  app.get('/v1/approvals', (request) => {
    parse(noQuery, request.query);
    return { approvals: api.approvals() };
  });
}

function addCommands(app: FastifyInstance, { api, stopping }: RouteParts): void {
  app.post('/v1/ask', async (request, reply) => {
    const { text, dryRun, waitMs } = parse(askBody, request.body);
    const signal = AbortSignal.any([stopping, goneSignal(reply)]);
    return api.ask(text, { dryRun, waitMs, signal });
  });

  app.post('/v1/feedback', (request, reply) => {
    const { decision, reward, note, choice } = parse(feedbackBody, request.body);
    void reply.code(201);
    return api.feedback({
      decision,
      reward,
      ...(note !== undefined && { note }),
      ...(choice !== undefined && { choice }),
    });
  });

  app.post('/v1/approvals/:id', (request) => {
    const { id } = parse(idParams, request.params);
    return api.approve(id, parse(approvalBody, request.body).verdict);
  });
}

/** Aborts when whoever asked hangs up before the answer. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) controller.abort();
  });
  return controller.signal;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The same without keys whose value is undefined. */
function definedOf<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<T>;
}
