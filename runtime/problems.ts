import type { RuntimeEvent } from './contract/api.ts';
import type { Log } from './contract/log.ts';
import type { Clock } from './contract/time.ts';
import { isGanglionError, messageOf } from './errors.ts';
import type { GanglionError } from './errors.ts';
import type { RuntimeStats } from './stats.ts';

/** The same problem is logged again after this time at the earliest; it is counted every time. */
const REPEAT_MS = 60_000;
const REMEMBERED = 500;

/** One place for what goes wrong and is survived: counted, said once in a while, shown to whoever listens. */
export class ProblemDesk {
  readonly #log: Log;
  readonly #stats: RuntimeStats;
  readonly #clock: Clock;
  readonly #emit: (event: RuntimeEvent) => void;
  readonly #said = new Map<string, number>();

  constructor(parts: {
    readonly log: Log;
    readonly stats: RuntimeStats;
    readonly clock: Clock;
    readonly emit: (event: RuntimeEvent) => void;
  }) {
    this.#log = parts.log;
    this.#stats = parts.stats;
    this.#clock = parts.clock;
    this.#emit = parts.emit;
  }

  report(error: GanglionError, about = ''): void {
    this.say(error.code, about, error.message, error.remedy);
  }

  /** Work that nobody waits for has failed: said here, so that it neither vanishes nor ends the daemon. */
  caught(work: string, error: unknown): void {
    const code = isGanglionError(error) ? error.code : 'WORK_FAILED';
    this.say(code, work, `${work} could not be dealt with: ${messageOf(error)}`);
  }

  /** @param about what keeps two problems of one code apart: a topic, a file */
  say(code: string, about: string, message: string, remedy = ''): void {
    this.#stats.count(`problem_${code.toLowerCase()}`);
    const key = `${code} ${about}`;
    const now = this.#clock.mono();
    const last = this.#said.get(key);
    if (last !== undefined && now - last < REPEAT_MS) return;
    if (this.#said.size >= REMEMBERED) this.#said.clear();
    this.#said.set(key, now);
    this.#log.warn(
      { code, ...(about === '' ? {} : { about }) },
      remedy === '' ? message : `${message} ${remedy}`,
    );
    this.#emit({ type: 'problem', code, message, remedy });
  }

  /** What was wrong is right again: said, and should it go wrong once more, that is said at once. */
  mended(code: string, message: string): void {
    for (const key of this.#said.keys()) if (key.startsWith(`${code} `)) this.#said.delete(key);
    this.#log.info({ code }, message);
  }
}
