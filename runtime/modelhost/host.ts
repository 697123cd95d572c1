import { setPriority } from 'node:os';
import type { Engine } from '../contract/engine.ts';
import { messageOf } from '../errors.ts';
import { systemClock } from '../lib/clock.ts';
import { bundledEngines, type HostLog } from './engines/bundled.ts';
import { loadExtensionEngines } from './engines/extensions.ts';
import { PrefixCache } from './prefix/cache.ts';
import type { FromHost, HostSettings, ToHost } from './protocol.ts';
import { ModelServer } from './server.ts';
import { LanguageModels } from './tokens/language-models.ts';

/**
 * Composition root of the model host: the child process that holds the models. It lives as long as its parent wants it,
 * and ends by itself when the parent is gone.
 */
const STOP_MS = 800;

let server: ModelServer | undefined;
let models: LanguageModels | undefined;

function send(message: FromHost): void {
  // A send that fails means the parent is gone; `disconnect` deals with that.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

const log: HostLog = (level, message) => send({ type: 'log', level, message });

async function start({ priority, extensions, prefixCache }: HostSettings): Promise<void> {
  try {
    if (priority !== 0) setPriority(priority);
  } catch {
    // Only politeness towards the main process.
  }
  const warn = (message: string): void => log('warn', message);
  const mono = (): number => systemClock.mono();
  models = new LanguageModels({
    mono,
    random: Math.random,
    prefixes: prefixCache === undefined ? undefined : new PrefixCache({ ...prefixCache, warn }),
  });
  const engines: Engine[] = [...bundledEngines(models, log)];
  for (const module of extensions) {
    try {
      engines.push(...(await loadExtensionEngines(module)));
    } catch (error) {
      log('error', messageOf(error));
    }
  }
  server = new ModelServer(engines, send, mono);
  send({ type: 'ready' });
}

async function stop(): Promise<void> {
  // Native code that does not let go must not keep the process: nothing here needs saving.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_MS).unref();
  await server?.stop();
  await models?.settled();
  process.exit(0);
}

process.on('message', (message: ToHost) => {
  if (message.type === 'start') void start(message.settings);
  else if (message.type === 'stop') void stop();
  else if (message.type === 'ping')
    send({ type: 'pong', rssBytes: process.memoryUsage.rss(), counters: models?.counters });
  else server?.handle(message);
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C, a closed terminal and systemd's stop reach all processes; the parent decides when this one ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
