import type { FastifyInstance } from 'fastify';
import { PAGE_HTML } from './html.ts';
import { APP_JS } from './scripts/app.ts';
import { CLIENT_JS } from './scripts/client.ts';
import { DECISIONS_JS } from './scripts/decisions.ts';
import { STATE_JS } from './scripts/state.ts';
import { VIEW_JS } from './scripts/view.ts';
import { PAGE_CSS } from './style.ts';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const JS = 'text/javascript; charset=utf-8';

/** The dashboard's files live in the code, so that the compiled package needs no copying and no path. */
const PAGES: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  '/': { type: HTML, text: PAGE_HTML },
  '/assets/style.css': { type: CSS, text: PAGE_CSS },
  '/assets/app.js': { type: JS, text: APP_JS },
  '/assets/client.js': { type: JS, text: CLIENT_JS },
  '/assets/decisions.js': { type: JS, text: DECISIONS_JS },
  '/assets/state.js': { type: JS, text: STATE_JS },
  '/assets/view.js': { type: JS, text: VIEW_JS },
};

export const PAGE_PATHS: readonly string[] = Object.keys(PAGES);

export function addDashboard(app: FastifyInstance): void {
  for (const [path, page] of Object.entries(PAGES)) {
    app.get(path, (_request, reply) => reply.type(page.type).send(page.text));
  }
}
