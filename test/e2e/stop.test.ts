import { expect, it } from 'vitest';
import { createRuntime, loadConfig } from '../../runtime/index.ts';
import { writeDaemonFiles } from '../support/daemon.ts';
import { MemoryLog } from '../support/log.ts';
import { freePort } from '../support/mosquitto.ts';
import { temporaryFolder } from './rig.ts';

it('leaves nothing behind when it is aborted before, while or after it starts, and stops once', async () => {
  const config = loadConfig(
    await writeDaemonFiles(temporaryFolder(), {
      config: { broker: { embedded: { listen: `127.0.0.1:${await freePort()}` } } },
    }),
  );
  const log = new MemoryLog();
  const runtime = () => createRuntime(config, { log });
  await runtime().start(AbortSignal.abort());

  const abort = new AbortController();
  const aborted = runtime();
  const starting = aborted.start(abort.signal);
  await new Promise(setImmediate);
  abort.abort();
  await starting;

  // The same ports and the same locked journal are free again.
  const again = runtime();
  const closing = new AbortController();
  await again.start(closing.signal);
  expect(again.api.health().status).not.toBe('stopping');
  closing.abort();
  const started = performance.now();
  await Promise.all([again.stop(), again.stop()]);
  expect(performance.now() - started).toBeLessThan(2000);

  const last = runtime();
  await last.start();
  await last.stop();
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
