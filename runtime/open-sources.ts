import { HostSource, ReplaySource } from '../sensors/index.ts';
import type { MqttSource } from '../sensors/index.ts';
import type { Config } from './config/load.ts';
import { sourcesOf } from './connect.ts';
import type { Sink, Source } from './contract/source.ts';
import type { Clock } from './contract/time.ts';
import { messageOf } from './errors.ts';
import type { HealthBoard } from './health.ts';
import type { Teardown } from './lib/teardown.ts';
import { within } from './lib/teardown.ts';
import type { ProblemDesk } from './problems.ts';
import type { RuntimeStats } from './stats.ts';

export interface OpenSourceParts {
  readonly sink: Sink;
  readonly signal: AbortSignal;
  readonly teardown: Teardown;
  readonly health: HealthBoard;
  readonly problems: ProblemDesk;
  /** Default 5000. */
  readonly startMs?: number;
}

const START_MS = 5000;

/** Starts a source. One that cannot start, or hangs in it, is a problem of its own: the others go on. Never throws. */
export async function openSource(source: Source, parts: OpenSourceParts): Promise<void> {
  const { sink, signal, teardown, health, problems, startMs = START_MS } = parts;
  teardown.add(source.name, async () => source.stop());
  health.set(source.name, 'starting', 'connecting');
  const failed = (reason: string): void => {
    if (signal.aborted) return;
    const message = `Expected the source ${source.name} to start but ${reason}.`;
    health.set(source.name, 'warn', message);
    problems.say('SOURCE_FAILED', source.name, message);
  };
  const { promise: stopped, stop } = abortOf(signal);
  const start = async (): Promise<void> => source.start(sink, signal);
  try {
    if (!(await within(Promise.race([start(), stopped]), startMs)))
      failed(`it has not said after ${startMs / 1000} s that it runs`);
  } catch (error) {
    failed(messageOf(error));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function abortOf(signal: AbortSignal): { readonly promise: Promise<void>; readonly stop: () => void } {
  let stop = (): void => {};
  const promise = new Promise<void>((resolve) => {
    stop = () => resolve();
  });
  signal.addEventListener('abort', stop, { once: true });
  return { promise, stop };
}

/** This machine's sensors and recordings, as the configuration asks for them. */
export function ownSources(
  config: Config,
  parts: { readonly clock: Clock; readonly stats: RuntimeStats; readonly problems: ProblemDesk },
): Source[] {
  const { clock, stats, problems } = parts;
  return sourcesOf(config).flatMap((source): Source[] => {
    if ('host' in source) {
      const host = new HostSource({
        node: config.node,
        clock,
        intervalMs: source.host.interval,
        disk: config.data,
      });
      stats.watch(() => ({ host_sink_errors: host.sinkErrors }));
      return [host];
    }
    if ('replay' in source) {
      const { file } = source.replay;
      const replay = new ReplaySource({
        ...source.replay,
        clock,
        onBadLine: (line, reason) =>
          problems.say('RECORDING_LINE', file, `Line ${line} of ${file} was left out: ${reason}.`),
      });
      stats.watch(() => gaugesOf('replay', replay.counters));
      return [replay];
    }
    return [];
  });
}

export function mqttGauges({ counters, outbox }: MqttSource): Record<string, number> {
  return { ...gaugesOf('mqtt', counters), mqtt_outbox: outbox.size, mqtt_outbox_dropped: outbox.dropped };
}

/** `sinkErrors` of `mqtt` becomes `mqtt_sink_errors`. */
function gaugesOf(prefix: string, counters: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counters).map(([name, count]) => [
      `${prefix}_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      Number(count),
    ]),
  );
}
