import type { CliIo } from './io.ts';
import { clean, fit } from './text.ts';

/** Redraws a bar at most so often, ms. */
const REDRAW_MS = 100;
/** Elsewhere than on a terminal: a line at most so often, ms. */
const LINE_MS = 5000;
const BAR_COLUMNS = 24;

/**
 * How far something long has come, on standard error: a bar that redraws itself on a terminal, a plain line every few
 * seconds elsewhere, nothing with `quiet`. `done` leaves the cursor on a fresh line.
 */
export class Progress {
  readonly #io: CliIo;
  readonly #quiet: boolean;
  readonly #label: string;
  #lastMs = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(io: CliIo, label: string, quiet = false) {
    this.#io = io;
    this.#label = label;
    this.#quiet = quiet;
  }

  /** @param fraction 0–1; undefined while nobody knows */
  update(fraction: number | undefined, step: string): void {
    if (this.#quiet) return;
    const nowMs = this.#io.clock.mono();
    if (nowMs - this.#lastMs < (this.#io.interactive ? REDRAW_MS : LINE_MS)) return;
    this.#lastMs = nowMs;
    const share = fraction === undefined ? undefined : Math.min(1, Math.max(0, fraction));
    const percent = share === undefined ? '' : `${String(Math.floor(share * 100)).padStart(3)} %`;
    if (!this.#io.interactive) {
      this.#io.err(`${[this.#label, percent.trim(), clean(step)].filter(Boolean).join(' ')}\n`);
      return;
    }
    const filled = share === undefined ? 0 : Math.round(share * BAR_COLUMNS);
    const bar = share === undefined ? '' : `${'█'.repeat(filled)}${'░'.repeat(BAR_COLUMNS - filled)} `;
    const line = fit(`${this.#label} ${bar}${percent} ${clean(step)}`, this.#io.columns - 1);
    // \r and "erase to the end of the line".
    this.#io.err(`\r${line}\u001B[K`);
    this.#drawn = true;
  }

  done(): void {
    if (this.#drawn) this.#io.err('\r\u001B[K');
    this.#drawn = false;
  }
}
