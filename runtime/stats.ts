import type { StageStats, Stats } from './contract/api.ts';
import { Histogram } from './lib/histogram.ts';

/** The stages a message walks through, in order. */
export const STAGES = ['sense', 'fuse', 'decide', 'journal', 'ladder', 'act'] as const;
/** One message in so many is timed. */
export const SAMPLE = 16;

export type Stage = (typeof STAGES)[number];

/** What the daemon counts about itself. Recording allocates nothing once a counter exists. */
export class RuntimeStats {
  /** Counted for every message: plain fields. */
  messages = 0;
  readings = 0;
  readonly #stages = new Map<Stage, Histogram>(STAGES.map((stage) => [stage, new Histogram()]));
  readonly #counters = new Map<string, number>();
  #turn = 0;
  readonly #gauges: (() => Readonly<Record<string, number>>)[] = [];

  /**
   * Whether this message's stages are to be timed: every sixteenth. Reading the clock and finding a bucket four times a
   * message would cost more than some stages do.
   */
  sample(): boolean {
    this.#turn = (this.#turn + 1) % SAMPLE;
    return this.#turn === 0;
  }

  /** @param weight how many runs this one stands for */
  stage(stage: Stage, ms: number, weight = 1): void {
    this.#stages.get(stage)?.record(ms, weight);
  }

  count(name: string, by = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  counter(name: string): number {
    return this.#counters.get(name) ?? 0;
  }

  /** Registers gauges that are read when somebody asks. */
  watch(gauges: () => Readonly<Record<string, number>>): void {
    this.#gauges.push(gauges);
  }

  snapshot(): Stats {
    const stages: StageStats[] = [...this.#stages].map(([stage, histogram]) => ({
      stage,
      count: histogram.count,
      p50Ms: histogram.quantile(0.5),
      p99Ms: histogram.quantile(0.99),
      cpuMs: histogram.sumMs,
    }));
    return {
      stages,
      counters: { messages: this.messages, readings: this.readings, ...Object.fromEntries(this.#counters) },
      gauges: Object.assign({}, ...this.#gauges.map((read) => read())) as Record<string, number>,
    };
  }
}
