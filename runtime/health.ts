import type { Health, HealthPart } from './contract/api.ts';
import type { Clock } from './contract/time.ts';

/** What each part of the daemon last said about itself. */
export class HealthBoard {
  readonly #node: string;
  readonly #version: string;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #parts = new Map<string, HealthPart>();
  readonly #refresh: (() => void)[] = [];
  #phase: 'starting' | 'running' | 'stopping' = 'starting';

  constructor(node: string, version: string, clock: Clock) {
    this.#node = node;
    this.#version = version;
    this.#clock = clock;
    this.#startedAt = clock.mono();
  }

  set(name: string, status: HealthPart['status'], detail: string): void {
    this.#parts.set(name, { name, status, detail });
  }

  /** Has parts brought up to date each time that somebody looks. */
  beforeRead(refresh: () => void): void {
    this.#refresh.push(refresh);
  }

  phase(phase: 'running' | 'stopping'): void {
    this.#phase = phase;
  }

  read(): Health {
    for (const refresh of this.#refresh) refresh();
    const parts = [...this.#parts.values()];
    return {
      status: this.#status(parts),
      node: this.#node,
      version: this.#version,
      uptimeS: Math.round((this.#clock.mono() - this.#startedAt) / 1000),
      parts,
    };
  }

  #status(parts: readonly HealthPart[]): Health['status'] {
    if (this.#phase !== 'running') return this.#phase;
    if (parts.some((part) => part.status === 'starting')) return 'starting';
    return parts.some((part) => part.status !== 'ok') ? 'degraded' : 'ok';
  }
}
