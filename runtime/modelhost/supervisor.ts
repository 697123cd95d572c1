import type { MonoMs, Timer } from '../contract/time.ts';
import { messageOf } from '../errors.ts';
import { Backoff } from './backoff.ts';
import { HostProcess } from './host-process.ts';
import type { HostTimes, ModelHostOptions } from './options.ts';
import type { FromHost, ToHost } from './protocol.ts';

export interface SupervisorEvents {
  /** A life of the host takes messages. */
  ready(): void;
  message(message: FromHost): void;
  /** A life has ended by itself and another follows after `restartMs`. */
  died(reason: string, overMemory: boolean, restartMs: number): void;
}

/** Niceness of the host. */
const PRIORITY = 10;

/** Keeps one model host process running: starts it, and again after a growing delay whenever it ends. */
export class Supervisor {
  state: 'stopped' | 'starting' | 'running' | 'restarting' = 'stopped';
  restarts = 0;
  /** Why the last life ended. */
  lastExit: string | undefined;
  readonly #options: ModelHostOptions;
  readonly #times: HostTimes;
  readonly #events: SupervisorEvents;
  readonly #backoff: Backoff;
  #process: HostProcess | undefined;
  #startedAt = 0 as MonoMs;
  #restart: Timer | undefined;
  #started: (() => void) | undefined;
  #alive: NodeJS.Timeout | undefined;

  constructor(options: ModelHostOptions, times: HostTimes, events: SupervisorEvents) {
    this.#options = options;
    this.#times = times;
    this.#events = events;
    this.#backoff = new Backoff({
      baseMs: times.restartBaseMs,
      maxMs: times.restartMaxMs,
      stableMs: times.stableMs,
      random: options.random,
    });
  }

  /** The present life, undefined between two of them. */
  get process(): HostProcess | undefined {
    return this.#process;
  }

  /** Resolves when the first life is ready or has ended. */
  async start(): Promise<void> {
    this.state = 'starting';
    // A child keeps its parent's event loop going, the clock's timers do not: between two lives, this does.
    this.#alive = setInterval(() => {}, 0x7fff_ffff);
    await new Promise<void>((resolve) => {
      this.#started = resolve;
      this.#spawn();
    });
  }

  async stop(): Promise<void> {
    this.state = 'stopped';
    this.#restart?.cancel();
    clearInterval(this.#alive);
    const running = this.#process;
    this.#process = undefined;
    this.#started?.();
    await running?.stop();
  }

  send(message: ToHost): void {
    // A process that is gone says so by its exit event, which settles whatever this message was about.
    this.#process?.send(message);
  }

  #spawn(): void {
    const { clock, log, memoryBytes, extensions, prefixCache, priority = PRIORITY } = this.#options;
    const settings = {
      priority,
      extensions: extensions ?? [],
      ...(prefixCache === undefined ? {} : { prefixCache }),
    };
    const host = new HostProcess(
      { clock, log, memoryBytes, settings, ...this.#times },
      {
        message: (message) => {
          if (host === this.#process) this.#received(message);
        },
        exit: (reason, overMemory) => {
          if (host === this.#process) this.#ended(reason, overMemory);
        },
      },
    );
    this.#process = host;
    this.#startedAt = clock.mono();
    try {
      host.start();
    } catch (error) {
      // Node throws where the system has no memory left for a process; then most of all it has to be tried again.
      this.#ended(messageOf(error), false);
    }
  }

  #received(message: FromHost): void {
    if (message.type !== 'ready') {
      this.#events.message(message);
      return;
    }
    this.state = 'running';
    this.#events.ready();
    this.#started?.();
  }

  #ended(reason: string, overMemory: boolean): void {
    this.#process = undefined;
    this.lastExit = reason;
    this.state = 'restarting';
    const restartMs = this.#backoff.next(this.#options.clock.mono() - this.#startedAt);
    this.#restart = this.#options.clock.schedule(restartMs, () => {
      this.restarts++;
      this.#spawn();
    });
    this.#events.died(reason, overMemory, restartMs);
    this.#started?.();
  }
}
