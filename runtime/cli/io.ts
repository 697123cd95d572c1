import { isatty } from 'node:tty';
import type { Clock } from '../contract/time.ts';
import { systemClock } from '../lib/clock.ts';

/** What a command sees of the world outside. Tests hand in their own. */
export interface CliIo {
  /** Writes to standard output; lines end with \n. */
  out(text: string): void;
  /** Writes to standard error. */
  err(text: string): void;
  /** Width of the terminal, or 80. */
  readonly columns: number;
  /** Whether colours may be used on standard output. */
  readonly colour: boolean;
  /** Whether standard error is a terminal on which a line can be redrawn. */
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Calls back on Ctrl-C and on a polite request to end; returns what stops listening. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once, whatever still runs. */
  forceExit(code: number): void;
}

/** Pseudo-terminals may say 0. */
function columnsOf(stream: { readonly columns?: number }): number {
  const { columns = 80 } = stream;
  return columns >= 40 ? columns : 80;
}

/** The process's own streams. */
export function processIo(): CliIo {
  const { stdout, stderr, env } = process;
  // `ganglion decisions | head` closes the pipe; that is no failure.
  stdout.on('error', () => process.exit(0));
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: columnsOf(stdout),
    colour: isatty(1) && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    interactive: isatty(2) && env['TERM'] !== 'dumb',
    env,
    cwd: process.cwd(),
    clock: systemClock,
    onInterrupt(listener) {
      process.on('SIGINT', listener);
      process.on('SIGTERM', listener);
      return () => {
        process.off('SIGINT', listener);
        process.off('SIGTERM', listener);
      };
    },
    forceExit: (code) => process.exit(code),
  };
}
