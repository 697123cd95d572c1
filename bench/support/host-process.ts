import type { Log } from '../../runtime/contract/log.ts';
import { systemClock } from '../../runtime/lib/clock.ts';
import { ModelHost } from '../../runtime/modelhost/client.ts';
import type { ModelHostOptions } from '../../runtime/modelhost/options.ts';

const loud = (_fields: object, message: string): void => void process.stderr.write(`${message}\n`);
const quiet = (): void => {};
const log: Log = { debug: quiet, info: quiet, warn: loud, error: loud };

/** A model host of its own, as the daemon starts it, without a limit worth the name on memory. */
export async function startHost(more: Partial<ModelHostOptions> = {}): Promise<ModelHost> {
  const host = new ModelHost({ clock: systemClock, log, random: Math.random, memoryBytes: 64e9, ...more });
  await host.start();
  return host;
}
