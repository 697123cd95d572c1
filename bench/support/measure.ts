import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchContext } from '../harness.ts';
import { startMosquitto } from './broker.ts';
import { runLoad } from './load.ts';
import { cpuSecondsOfTree } from './proc.ts';
import type { LoadPlan, LoadResult } from './protocol.ts';
import type { RunningSystem, System } from './systems.ts';

export interface Measurement extends LoadResult {
  /** CPU time of all processes and threads of the system, broker and load generator excluded, per message to it. */
  readonly cpuUsPerMessage: number;
}

/** Called with the process id of the system while the window runs. */
export type Watch = (pid: number) => { stop(): void };

/**
 * One run: a fresh broker and a fresh system, load until it is warm, then the measured window.
 * Throws BENCH_NEEDS or BENCH_SYSTEM; leaves no process and no file behind.
 */
export async function measure(
  system: System,
  plan: Omit<LoadPlan, 'port'>,
  context: BenchContext,
  watch?: Watch,
): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-bench-'));
  const own = join(folder, 'system');
  const undo = [async () => rmSync(folder, { recursive: true, force: true })];
  let cpuStart = 0;
  let cpuEnd = 0;
  let watching: { stop(): void } | undefined;
  let running: RunningSystem | undefined;
  try {
    mkdirSync(own);
    const broker = await startMosquitto(folder);
    undo.push(() => broker.stop());
    const started = await system.start({ ...plan, brokerPort: broker.port, folder: own });
    running = started;
    undo.push(() => started.stop());
    const { pid } = started;
    const hooks = {
      signal: AbortSignal.any([context.signal, started.ended]),
      onWindowStart: () => {
        cpuStart = cpuSecondsOfTree(pid);
        watching = watch?.(pid);
      },
      onWindowEnd: () => {
        watching?.stop();
        cpuEnd = cpuSecondsOfTree(pid);
      },
    };
    const result = await runLoad(system.name, { ...plan, port: broker.port }, hooks);
    return { ...result, cpuUsPerMessage: ((cpuEnd - cpuStart) * 1e6) / result.messages };
  } catch (error) {
    watching?.stop();
    if (running !== undefined) context.log(running.output());
    throw error;
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}
