import type { Readable } from 'node:stream';
import type { Log } from '../contract/log.ts';
import type { Clock, MonoMs } from '../contract/time.ts';

const MAX_LINE = 500;
const WINDOW_MS = 10_000;
const LINES_PER_WINDOW = 50;

/** What a child says, printed or as messages: lines cut at 500 characters, at most 50 in 10 s, the rest counted. */
export class ChildOutput {
  dropped = 0;
  /** The last line printed: after an abort, the reason. */
  lastPrinted = '';
  readonly #clock: Clock;
  readonly #line: (level: keyof Log, line: string) => void;
  #windowStart: MonoMs;
  #inWindow = 0;

  constructor(clock: Clock, line: (level: keyof Log, line: string) => void) {
    this.#clock = clock;
    this.#line = line;
    this.#windowStart = clock.mono();
  }

  read(stream: Readable | null): void {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      // The last one goes on in the next chunk; what is longer than a line may be is cut anyway.
      rest = (lines.pop() ?? '').slice(0, MAX_LINE);
      for (const line of lines) this.#printed(line);
    });
    stream?.on('end', () => this.#printed(rest));
  }

  say(level: keyof Log, message: string): void {
    const line = message.trim().slice(0, MAX_LINE);
    if (line === '') return;
    const now = this.#clock.mono();
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#inWindow = 0;
    }
    if (++this.#inWindow > LINES_PER_WINDOW) this.dropped++;
    else this.#line(level, line);
  }

  #printed(line: string): void {
    if (line.trim() !== '') this.lastPrinted = line.trim().slice(0, MAX_LINE);
    this.say('debug', line);
  }
}
