import { alternate, type Bench, type BenchCase, type Measured } from './harness.ts';
import { measure, type Measurement } from './support/measure.ts';
import { readOptions } from './support/options.ts';
import { median, quantile } from './support/stats.ts';
import { available, floor, ganglion, nodeRed } from './support/systems.ts';

const DEFAULTS = { rounds: 5, seconds: 10, warmup: 4, rate: 1000, rules: 100 };
const SHORT = { rounds: 1, seconds: 2, warmup: 1, rate: 300 };
const QOS = [0, 1] as const;

/**
 * From MQTT to MQTT: CPU per message and latency of the daemon beside a bare mqtt.js handler (the floor) and Node-RED,
 * under the same load, rules and QoS, through the same broker. The plain ratio keys are those of the QoS that is worse
 * for us; each QoS has its own with `_qos0` and `_qos1`.
 */
export const e2e: Bench = async (context) => {
  const options = readOptions(context.args, DEFAULTS, SHORT);
  const systems = available([floor, ganglion, nodeRed], context.log);
  const cases: BenchCase[] = [];
  const ratios: Record<string, number[]> = {};
  for (const qos of QOS) {
    const runs = await alternate(
      options.rounds,
      Object.fromEntries(
        systems.map((system) => [
          system.name,
          async (round: number): Promise<Measurement> => {
            const plan = {
              pairs: Math.ceil(options.rules / 2),
              qos,
              rate: options.rate,
              warmupS: options.warmup,
              seconds: options.seconds,
              readyS: 60,
            };
            const run = await measure(system, plan, context);
            context.log(line(`QoS ${qos} round ${round + 1} ${system.name}`, run));
            return run;
          },
        ]),
      ),
    );
    cases.push(...casesOf(runs, qos));
    for (const [key, values] of Object.entries(ratiosOf(runs))) ratios[`${key}_qos${qos}`] = values;
  }
  return { cases, ratios: withWorst(ratios) };
};

function line(title: string, run: Measurement): string {
  const p99 = quantile(run.latenciesMs, 0.99).toFixed(2);
  const lost = run.expected - run.received;
  return `${title}: ${run.cpuUsPerMessage.toFixed(1)} µs CPU a message, p99 ${p99} ms, ${lost} of ${run.expected} commands missing, ${run.unexpected} unexpected`;
}

function casesOf(runs: Readonly<Record<string, readonly Measurement[]>>, qos: number): BenchCase[] {
  return Object.entries(runs).flatMap(([name, results]): BenchCase[] => {
    const p50 = median(results.map((run) => quantile(run.latenciesMs, 0.5)));
    const p99 = median(results.map((run) => quantile(run.latenciesMs, 0.99)));
    const lost = results.reduce((sum, run) => sum + run.expected - run.received, 0);
    const unexpected = results.reduce((sum, run) => sum + run.unexpected, 0);
    const title = `${name} QoS ${qos}`;
    return [
      { name: `${title} CPU`, value: median(results.map((run) => run.cpuUsPerMessage)), unit: 'µs/message' },
      { name: `${title} latency`, value: p50, unit: 'ms', p50, p99 },
      { name: `${title} commands missing`, value: lost, unit: 'commands' },
      { name: `${title} commands unexpected`, value: unexpected, unit: 'commands' },
    ];
  });
}

function ratiosOf(runs: Readonly<Record<string, readonly Measurement[]>>): Record<string, number[]> {
  const ours = runs['ganglion'] ?? [];
  const pair = (name: string, compare: (us: Measurement, other: Measurement) => number): number[] =>
    ours.flatMap((us, round) => {
      const other = runs[name]?.[round];
      return other === undefined ? [] : [compare(us, other)];
    });
  const ratios: Record<string, number[]> = {
    cpu_over_floor: pair('floor', (us, other) => us.cpuUsPerMessage / other.cpuUsPerMessage),
    cpu_vs_nodered: pair('node-red', (us, other) => other.cpuUsPerMessage / us.cpuUsPerMessage),
    p99_added_ms: pair(
      'floor',
      (us, other) => quantile(us.latenciesMs, 0.99) - quantile(other.latenciesMs, 0.99),
    ),
  };
  return ratios;
}

/** Adds each plain key: the runs of the QoS whose median is worse for us. */
function withWorst(byQos: Readonly<Record<string, number[]>>): Measured['ratios'] {
  const plain: Record<string, number[]> = {};
  for (const key of ['cpu_over_floor', 'cpu_vs_nodered', 'p99_added_ms']) {
    const variants = QOS.flatMap((qos) => {
      const runs = byQos[`${key}_qos${qos}`];
      return runs === undefined || runs.length === 0 ? [] : [runs];
    });
    const sign = key === 'cpu_vs_nodered' ? 1 : -1;
    const worst = variants.toSorted((a, b) => sign * (median(a) - median(b))).at(0);
    if (worst !== undefined) plain[key] = worst;
  }
  return { ...plain, ...byQos };
}
