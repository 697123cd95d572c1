import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Log } from '../contract/log.ts';
import type { Clock, Timer } from '../contract/time.ts';
import { messageOf } from '../errors.ts';
import { workerFile } from '../lib/worker-file.ts';
import { ChildOutput } from './child-output.ts';
import { ownMemoryBytes } from './memory.ts';
import type { FromHost, HostCounters, HostSettings, ToHost } from './protocol.ts';

export interface HostProcessOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Own memory above which the process is ended, bytes. */
  readonly memoryBytes: number;
  readonly pollMs: number;
  /** Silence after which the process counts as hung, ms. */
  readonly hangMs: number;
  /** How long a stop may take before the process is killed, ms. */
  readonly stopMs: number;
  readonly settings: HostSettings;
}

export interface HostProcessEvents {
  message(message: FromHost): void;
  /** Called once, when the process is gone, with the reason in words. */
  exit(reason: string, overMemory: boolean): void;
}

/** If we were the ones who stood still, the answers to our pings lie in the pipe: look again before judging. */
const MIN_LOOKS = 3;

/**
 * One life of the model host's child process: starts it, watches its memory and its pulse, ends it.
 * Construct → start → (exit event) or stop.
 */
export class HostProcess {
  /** Own memory at the last look, bytes. */
  memoryBytes = 0;
  /** What it counted, as of the last look. */
  counters: HostCounters | undefined;
  /** While a model loads natively the process may not answer pings; then only the load's own limit counts. */
  loading = false;
  readonly #options: HostProcessOptions;
  readonly #events: HostProcessEvents;
  #child: ChildProcess | undefined;
  #poll: Timer | undefined;
  #killReason: string | undefined;
  #lastPulse = 0;
  #looks = 0;
  #gone = false;
  #overMemory = false;

  constructor(options: HostProcessOptions, events: HostProcessEvents) {
    this.#options = options;
    this.#events = events;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { clock, log, settings } = this.#options;
    const child = fork(fileURLToPath(workerFile(import.meta.url, 'host.js')), {
      // The parent's own flags (a test runner's loader, --inspect) are not the child's. Questions leave little garbage: the
      // young generation need not grow to its 32 MB for it.
      execArgv: ['--max-semi-space-size=2'],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#lastPulse = clock.mono();
    const output = new ChildOutput(clock, (level, line) => log[level]({ modelHost: child.pid }, line));
    output.read(child.stdout);
    output.read(child.stderr);
    child.on('message', (message: FromHost) => {
      this.#lastPulse = clock.mono();
      this.#looks = 0;
      if (message.type === 'pong') {
        this.counters = message.counters;
        this.#remember(message.rssBytes);
      } else if (message.type === 'log') output.say(message.level, message.message);
      else this.#events.message(message);
    });
    child.once('error', (error) => this.#ended(messageOf(error)));
    child.once('exit', (code, signal) => this.#ended(exitReason(code, signal, output.lastPrinted)));
    this.send({ type: 'start', settings });
    this.#watch();
  }

  /** False if the process is gone; its exit event says the rest. */
  send(message: ToHost): boolean {
    const child = this.#child;
    if (child === undefined || this.#gone || !child.connected) return false;
    child.send(message, (error) => {
      if (error !== null) this.kill(`it took no messages: ${error.message}`);
    });
    return true;
  }

  /** Ends it at once; the exit event gives this reason. */
  kill(reason: string): void {
    if (this.#gone) return;
    this.#killReason ??= reason;
    this.#child?.kill('SIGKILL');
  }

  /** Asks it to end, and makes it after `stopMs`. Resolves when it is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#gone) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      const timer = this.#options.clock.schedule(this.#options.stopMs, () => child.kill('SIGKILL'));
      child.once('exit', () => timer.cancel());
      if (!this.send({ type: 'stop' })) child.kill('SIGKILL');
    });
  }

  #watch(): void {
    this.#poll = this.#options.clock.schedule(this.#options.pollMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || this.#gone) return;
    const { clock, hangMs } = this.#options;
    const silentMs = clock.mono() - this.#lastPulse;
    this.#looks++;
    if (silentMs > hangMs && this.#looks > MIN_LOOKS && !this.loading) {
      this.kill(`it did not answer for ${Math.round(silentMs / 1000)} s`);
      return;
    }
    this.send({ type: 'ping' });
    const own = await ownMemoryBytes(child.pid);
    if (own !== undefined) this.#weigh(own);
    if (!this.#gone) this.#watch();
  }

  /** Where the system does not tell what is the process's own, its whole resident size counts. */
  #remember(rssBytes: number): void {
    if (process.platform !== 'linux') this.#weigh(rssBytes);
  }

  #weigh(bytes: number): void {
    this.memoryBytes = bytes;
    const { memoryBytes } = this.#options;
    if (bytes > memoryBytes) {
      this.#overMemory = true;
      this.kill(`it used ${megabytes(bytes)} MB of memory where ${megabytes(memoryBytes)} MB are allowed`);
    }
  }

  #ended(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#poll?.cancel();
    this.#events.exit(this.#killReason ?? reason, this.#overMemory);
  }
}

/** An abort of native code says why on its last line (`GGML_ASSERT(…) failed`). */
function exitReason(code: number | null, signal: string | null, lastLine: string): string {
  if (signal === null) return `it exited with status ${code}`;
  const aborted = signal === 'SIGABRT' && lastLine !== '';
  return aborted ? `it was ended by ${signal} (${lastLine.slice(0, 200)})` : `it was ended by ${signal}`;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
