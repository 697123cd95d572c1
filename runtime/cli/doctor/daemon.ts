import type { Health } from '../../contract/api.ts';
import { fail, ok, warn, type Check } from './check.ts';

/** Whether the daemon runs, and each part of it that is not as it should be. */
export function* checkDaemon(
  url: string,
  health: (Pick<Health, 'status'> & Partial<Health>) | undefined,
): Generator<Check> {
  if (health === undefined) {
    yield warn('daemon', `does not run at ${url}`, 'Start it: `ganglion run`.');
    return;
  }
  yield ok('daemon', `runs at ${url}`);
  for (const { name, status, detail } of health.parts ?? []) {
    if (status === 'warn') yield warn('daemon', `${name}: ${detail}`, 'Its log says more.');
    if (status === 'fail') yield fail('daemon', `${name}: ${detail}`, 'Its log says more.');
  }
}
