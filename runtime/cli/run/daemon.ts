import type { Config } from '../../config/load.ts';
import type { Log } from '../../contract/log.ts';
import type { Runtime } from '../../daemon.ts';
import type { CliIo } from '../io.ts';
import type { Style } from '../style.ts';
import { clean } from '../text.ts';
import { jsonLog } from './log.ts';
import { supervise } from './supervise.ts';
import { talkLines } from './talk.ts';

export interface RunOptions {
  readonly config: () => Config;
  readonly demo: boolean;
  readonly json: boolean;
  readonly io: CliIo;
  readonly style: Style;
}

/** `ganglion run`: the daemon of the configuration, or the demo, until it is interrupted. @returns the exit code */
export async function runDaemon({ config, demo, json, io, style }: RunOptions): Promise<number> {
  const settings = demo ? undefined : config();
  const log = json ? jsonLog(settings?.log ?? 'info') : readableLog(io, settings?.log === 'debug');
  const runtime = await createDaemon(settings, log);
  return supervise({
    daemon: runtime,
    io,
    style,
    json,
    addresses: () => ({ node: runtime.api.node, url: runtime.url, brokerUrl: runtime.brokerUrl }),
    greeting: () =>
      talkLines(
        {
          node: runtime.api.node,
          url: runtime.url,
          brokerUrl: runtime.brokerUrl,
          house: runtime.api.house,
          demo,
          configFile: demoFile(runtime),
          program: programName(io.env),
        },
        style,
      ),
  });
}

async function createDaemon(config: Config | undefined, log: Log) {
  if (config === undefined) {
    const { createDemo } = await import('../../demo.ts');
    return createDemo({ log });
  }
  const { createRuntime } = await import('../../daemon.ts');
  return createRuntime(config, { log });
}

/** The demo's configuration, where it had to take another port than the one the commands look at. */
function demoFile(runtime: Runtime | (Runtime & { readonly config: Config })): string | undefined {
  if (!('config' in runtime) || runtime.url === undefined) return undefined;
  return new URL(runtime.url).port === '8420' ? undefined : runtime.config.file;
}

/** Problems reach the live log as events; what is left for standard error are defects, and details on request. */
function readableLog(io: CliIo, debug: boolean): Log {
  const write = (level: string) => (_fields: object, message: string) =>
    io.err(`${level}: ${clean(message)}\n`);
  const quiet = (): void => {};
  return {
    debug: debug ? write('debug') : quiet,
    info: debug ? write('info') : quiet,
    warn: debug ? write('warn') : quiet,
    error: write('error'),
  };
}

/** How the user started us: through `npm start` there is no `ganglion` on the path. */
function programName(env: CliIo['env']): string {
  return env['npm_lifecycle_event'] === undefined ? 'ganglion' : 'npm run -s ganglion --';
}
