import type { StageStats, Stats } from './contract/api.ts';
import { Histogram } from './lib/histogram.ts';

/** The stages a message walks through, in order. */
export const STAGES = ['sense', 'fuse', 'decide', 'journal', 'ladder', 'act'] as const;
export type Stage = (typeof STAGES)[number];

/** What the daemon counts about itself. Recording allocates nothing once a counter exists. */
export class RuntimeStats {
  readonly #stages = new Map<Stage, Histogram>(STAGES.map((stage) => [stage, new Histogram()]));
  readonly #counters = new Map<string, number>();
  readonly #gauges: (() => Readonly<Record<string, number>>)[] = [];

  stage(stage: Stage, ms: number): void {
    this.#stages.get(stage)?.record(ms);
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
      counters: Object.fromEntries(this.#counters),
      gauges: Object.assign({}, ...this.#gauges.map((read) => read())) as Record<string, number>,
    };
  }
}
