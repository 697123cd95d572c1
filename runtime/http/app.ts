import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../contract/log.ts';
import { GanglionError, messageOf } from '../errors.ts';
import { didYouMean } from '../lib/suggest.ts';
import { addDashboard, PAGE_PATHS } from './dashboard/routes.ts';
import { errorReply } from './reply.ts';
import { addRoutes, type RouteParts } from './routes.ts';

export interface AppParts extends RouteParts {
  readonly log: Log;
  /** Told of every answer. */
  readonly answered: (status: number) => void;
}

/** Request bodies are one sentence or one number. */
const BODY_LIMIT_BYTES = 65_536;

/**
 * Pages may load only what this server serves, and may not build markup from text: names and payloads come from
 * whoever can publish on the broker.
 */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/** Without a token: the pages (which hold nothing) and whether the daemon is up. */
const PUBLIC_PATHS: ReadonlySet<string> = new Set(['/health', ...PAGE_PATHS]);

/** The web application without its socket. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const { fastify } = await import('fastify');
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    // A client that sends its request drop by drop is let go.
    requestTimeout: 30_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 100 },
    frameworkErrors: (error, request, reply: FastifyReply) => {
      const { status, body } = errorReply(error, where(request));
      void reply.code(status).headers(SECURITY_HEADERS).send(body);
    },
  });
  // Browsers may send text/plain across sites without asking first; JSON they may not.
  app.removeContentTypeParser('text/plain');

  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(SECURITY_HEADERS);
    const path = pathOf(request);
    parts.guard.checkSource({ headers: request.headers, path });
    if (!PUBLIC_PATHS.has(path)) parts.guard.checkToken(request.headers);
    done();
  });
  app.addHook('onResponse', (_request, reply, done) => {
    parts.answered(reply.statusCode);
    done();
  });

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, body } = errorReply(error, where(request), request.routeOptions.bodyLimit);
    if (body.error.code === 'HTTP_INTERNAL') {
      parts.log.error(
        { err: error, path: pathOf(request) },
        `answering ${where(request)}: ${messageOf(error)}`,
      );
    }
    if (status === 401) void reply.header('www-authenticate', 'Bearer realm="ganglion"');
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((request) => {
    const path = pathOf(request).slice(0, 100);
    throw new GanglionError('HTTP_NOT_FOUND', {
      what: `something at ${request.method} ${path}`,
      hint: didYouMean(path, PATHS),
    });
  });

  addRoutes(app, parts);
  addDashboard(app);
  return app;
}

const PATHS = [
  '/v1/state',
  '/v1/devices',
  '/v1/decisions',
  '/v1/actions',
  '/v1/policies',
  '/v1/learning',
  '/v1/history',
  '/v1/approvals',
  '/v1/events',
  '/v1/ask',
  '/v1/feedback',
  '/v1/stats',
  '/v1/models',
  '/v1/chat/completions',
  '/health',
  '/metrics',
];

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

function where(request: FastifyRequest): string {
  return `${request.method} ${pathOf(request).slice(0, 100)}`;
}
