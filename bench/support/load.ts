import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GanglionError } from '../../runtime/errors.ts';
import { workerFile } from '../../runtime/lib/worker-file.ts';
import { stopProcess } from './broker.ts';
import type { LoadEvent, LoadPlan, LoadResult } from './protocol.ts';

export interface LoadHooks {
  readonly onWindowStart?: () => void;
  readonly onWindowEnd?: () => void;
  readonly signal: AbortSignal;
}

/** Runs one plan in a load generator process. Throws BENCH_SYSTEM (`system` names who was measured). */
export async function runLoad(system: string, plan: LoadPlan, hooks: LoadHooks): Promise<LoadResult> {
  const child = fork(fileURLToPath(workerFile(import.meta.url, './loadgen.js')));
  const failed = (reason: string): GanglionError => new GanglionError('BENCH_SYSTEM', { system, reason });
  try {
    return await new Promise<LoadResult>((resolve, reject) => {
      const onAbort = (): void => {
        const { reason }: { reason: unknown } = hooks.signal;
        reject(failed(typeof reason === 'string' ? reason : 'the bench was stopped'));
      };
      if (hooks.signal.aborted) onAbort();
      hooks.signal.addEventListener('abort', onAbort, { once: true });
      child.on('exit', (code) => reject(failed(`its load generator ended with exit code ${code}`)));
      child.on('message', (event: LoadEvent) => {
        if (event.type === 'window-start') hooks.onWindowStart?.();
        else if (event.type === 'window-end') hooks.onWindowEnd?.();
        else if (event.type === 'result') resolve(event.result);
        else if (event.type === 'failed') reject(failed(event.reason));
      });
      child.send(plan);
    });
  } finally {
    await stopProcess(child);
  }
}
