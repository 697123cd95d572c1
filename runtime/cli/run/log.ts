import pino from 'pino';
import type { Log } from '../../contract/log.ts';

/** JSON lines on standard error, so that standard output stays for events. */
export function jsonLog(level: string): Log {
  return pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
}
