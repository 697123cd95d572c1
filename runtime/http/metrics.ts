import type { Gauge, Histogram, Registry } from 'prom-client';
import type { RuntimeApi, Stats } from '../contract/api.ts';

/** Counters and gauges of the HTTP server itself, in the shape of `Stats`. */
export type OwnStats = () => Pick<Stats, 'counters' | 'gauges'>;

/** Different counter names at most; what a defect would add beyond is left out. */
const MAX_SERIES = 500;

/** Seconds. Rules take microseconds, models seconds, covers a minute. */
const BUCKETS = [1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

/**
 * What Prometheus scrapes. Nothing is loaded or measured before the first scrape, so a house without Prometheus
 * pays nothing. Counters come from the runtime's own and so are complete; the histograms begin with the first scrape.
 */
export class Metrics {
  readonly #api: RuntimeApi;
  readonly #own: OwnStats;
  #exporter: Promise<Exporter> | undefined;

  constructor(api: RuntimeApi, own: OwnStats) {
    this.#api = api;
    this.#own = own;
  }

  /** The exposition text and its content type. */
  async scrape(): Promise<{ readonly text: string; readonly contentType: string }> {
    this.#exporter ??= startExporter(this.#api);
    const exporter = await this.#exporter;
    exporter.update(this.#api, this.#own());
    return { text: await exporter.registry.metrics(), contentType: exporter.registry.contentType };
  }

  async stop(): Promise<void> {
    const exporter = this.#exporter;
    this.#exporter = undefined;
    (await exporter)?.stop();
  }
}

interface Exporter {
  readonly registry: Registry;
  update(api: RuntimeApi, own: ReturnType<OwnStats>): void;
  stop(): void;
}

async function startExporter(api: RuntimeApi): Promise<Exporter> {
  const prom = await import('prom-client');
  const registry = new prom.Registry();
  prom.collectDefaultMetrics({ register: registry });
  const histogram = (name: string, help: string, label: string): Histogram =>
    new prom.Histogram({ name, help, labelNames: [label], buckets: BUCKETS, registers: [registry] });
  const gauge = (name: string, help: string, labelNames: string[]): Gauge =>
    new prom.Gauge({ name, help, labelNames, registers: [registry] });

  const decisions = histogram(
    'ganglion_decision_seconds',
    'From the trigger to the decision, by rung, since the first scrape.',
    'rung',
  );
  const outcomes = histogram(
    'ganglion_outcome_seconds',
    'From the decision to the outcome, by status, since the first scrape.',
    'status',
  );
  const stageLatency = gauge('ganglion_stage_seconds', 'Latency of a stage over the last minutes.', [
    'stage',
    'quantile',
  ]);
  const stageSamples = gauge('ganglion_stage_samples', 'Times a stage ran over the last minutes.', ['stage']);
  const stageCpu = gauge('ganglion_stage_cpu_seconds', 'CPU time of a stage over the last minutes.', [
    'stage',
  ]);
  const up = gauge('ganglion_up', '1 once everything is loaded, by health status.', ['status']);
  const version = gauge('ganglion_info', 'Always 1; the version and node are its labels.', [
    'version',
    'node',
  ]);

  const unsubscribe = api.subscribe(
    (event) => {
      if (event.type === 'decision') {
        decisions.observe({ rung: event.decision.rung }, event.decision.latencyMs / 1000);
      } else if (event.type === 'outcome') {
        outcomes.observe({ status: event.outcome.status }, event.outcome.latencyMs / 1000);
      }
    },
    ['decision', 'outcome'],
  );

  const series = new Map<string, { set(value: number): void }>();
  const counter = (name: string): { set(value: number): void } => {
    const metric = new prom.Counter({ name, help: `Since the start: ${name}.`, registers: [registry] });
    return {
      set(value) {
        metric.reset();
        metric.inc(Math.max(0, value));
      },
    };
  };
  const put = (name: string, value: number, make: (name: string) => { set(value: number): void }): void => {
    if (!Number.isFinite(value)) return;
    let metric = series.get(name);
    if (metric === undefined) {
      if (series.size >= MAX_SERIES || registry.getSingleMetric(name) !== undefined) return;
      metric = make(name);
      series.set(name, metric);
    }
    metric.set(value);
  };

  return {
    registry,
    update(api, own) {
      const stats = api.stats();
      for (const [name, value] of Object.entries({ ...stats.counters, ...own.counters })) {
        put(`ganglion_${metricName(name)}_total`, value, counter);
      }
      for (const [name, value] of Object.entries({ ...stats.gauges, ...own.gauges })) {
        put(`ganglion_${metricName(name)}`, value, (name) => gauge(name, `Now: ${name}.`, []));
      }
      for (const { stage, p50Ms, p99Ms, count, cpuMs } of stats.stages) {
        stageLatency.set({ stage, quantile: '0.5' }, p50Ms / 1000);
        stageLatency.set({ stage, quantile: '0.99' }, p99Ms / 1000);
        stageSamples.set({ stage }, count);
        stageCpu.set({ stage }, cpuMs / 1000);
      }
      const health = api.health();
      up.reset();
      up.set({ status: health.status }, health.status === 'ok' || health.status === 'degraded' ? 1 : 0);
      version.set({ version: health.version, node: health.node }, 1);
    },
    stop() {
      unsubscribe();
      registry.clear();
    },
  };
}

/** `sense.messages-in` → `sense_messages_in`. */
function metricName(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[^a-zA-Z0-9_]+/g, '_')
    .toLowerCase();
}
