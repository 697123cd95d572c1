import type { RuntimeApi, RuntimeEvent } from '../../contract/api.ts';
import type { Timer } from '../../contract/time.ts';
import { GanglionError } from '../../errors.ts';
import type { CliIo } from '../io.ts';
import { reportFailure } from '../report.ts';
import type { Style } from '../style.ts';
import { LiveLog } from './live-log.ts';

/** What `run` needs of the daemon. */
export interface Daemon {
  /** Possible before it starts. */
  subscribe: RuntimeApi['subscribe'];
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  readonly daemon: Daemon;
  readonly io: CliIo;
  readonly style: Style;
  /** Events as JSON lines, nothing for people. */
  readonly json: boolean;
  /** Printed once the daemon has started. */
  readonly greeting: () => readonly string[];
  /** Where it can be reached, for machines: the fields of the first JSON line. */
  readonly addresses: () => object;
}

/** Readings are left out: a busy house has hundreds a second, and `/v1/events` has them for who wants them. */
const TOLD = ['decision', 'action', 'outcome', 'feedback', 'source', 'policies', 'problem'] as const;

/** The daemon promises to stop within this. */
const STOP_MS = 2000;

/**
 * Runs a daemon until it is interrupted, telling what it does. The first Ctrl-C stops it, a second one, or a stop that
 * takes too long, ends the process.
 * @returns the exit code
 */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const { daemon, io, style, json, greeting, addresses } = options;
  const ending = new AbortController();
  const interrupted = new Promise<void>((resolve) => {
    ending.signal.addEventListener('abort', () => resolve());
  });
  let tooSlow: Timer | undefined;
  let unsubscribe = (): void => {};
  const forget = io.onInterrupt(() => {
    if (ending.signal.aborted) {
      io.forceExit(130);
      return;
    }
    // That every part stops now is no news.
    unsubscribe();
    if (!json) io.out('\nStopping…\n');
    tooSlow = io.clock.schedule(STOP_MS, () => {
      reportFailure(io, new GanglionError('STOP_TOO_SLOW', { seconds: STOP_MS / 1000 }), json);
      io.forceExit(1);
    });
    ending.abort();
  });
  const live = new LiveLog({ write: (text) => io.out(text), style, columns: io.columns, clock: io.clock });
  try {
    // What goes wrong while it starts is told below the greeting, not above it.
    const early: RuntimeEvent[] = [];
    let tell = (event: RuntimeEvent): void => void early.push(event);
    unsubscribe = daemon.subscribe((event) => tell(event), TOLD);
    await daemon.start(ending.signal);
    if (json) io.out(`${JSON.stringify({ type: 'started', ...addresses() })}\n`);
    else if (!ending.signal.aborted) io.out(`${greeting().join('\n')}\n\n`);
    tell = json ? (event) => printLine(io, event) : (event) => live.show(event);
    if (!ending.signal.aborted) early.forEach(tell);
    await interrupted;
    return 0;
  } catch (error) {
    // An interrupt while it starts is no failure of the daemon.
    if (ending.signal.aborted) return 0;
    throw error;
  } finally {
    unsubscribe();
    live.flush();
    await daemon.stop();
    tooSlow?.cancel();
    forget();
  }
}

function printLine(io: CliIo, event: RuntimeEvent): void {
  io.out(`${JSON.stringify(event)}\n`);
}
