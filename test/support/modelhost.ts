import { writeFileSync } from 'node:fs';
import type { Log } from '../../runtime/contract/log.ts';
import { systemClock } from '../../runtime/lib/clock.ts';
import { ModelHost } from '../../runtime/modelhost/client.ts';
import type { ModelHostOptions } from '../../runtime/modelhost/options.ts';

/** A log that remembers. */
export function memoryLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (_fields: object, message: string): void =>
      void lines.push(`${level}: ${message}`);
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

export function modelHost(options: Partial<ModelHostOptions> = {}): ModelHost {
  return new ModelHost({
    clock: systemClock,
    log: memoryLog(),
    random: () => 0,
    memoryBytes: 2e9,
    ...options,
    times: { restartBaseMs: 20, restartMaxMs: 50, pollMs: 100, ...options.times },
  });
}

/**
 * Writes an extension whose engine takes files that begin with FAKE and does what their fifth character says:
 * C ends the process while loading, H hangs for ever when asked, S is slow when asked (until aborted), anything else works.
 */
export function writeTroubleEngine(file: string): void {
  writeFileSync(
    file,
    `const answer = { index: 0, probability: 1, probabilities: [1], tokens: { cached: 0, prompt: 1, generated: 1 } };
export default {
  name: 'trouble',
  engines: [{
    name: 'trouble',
    accepts: (file, head) => Buffer.from(head.subarray(0, 4)).toString() === 'FAKE',
    load: async (spec) => {
      const { readFileSync } = await import('node:fs');
      const what = readFileSync(spec.file, 'utf8')[4];
      if (what === 'C') process.kill(process.pid, 'SIGKILL');
      if (what === 'C') await new Promise(() => {});
      return {
        info: { engine: 'trouble', file: spec.file, name: what, sizeBytes: 5, details: {} },
        choose: async (request, signal) => {
          console.log('asked ' + request.suffix);
          if (what === 'H' && request.suffix === 'hang') for (;;);
          if (what === 'S' && request.suffix === 'slow') {
            await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
          }
          return answer;
        },
        dispose: async () => {},
      };
    },
  }],
};
`,
  );
}
