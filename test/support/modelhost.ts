import { writeFileSync } from 'node:fs';
import type { DecideRequest } from '../../runtime/contract/engine.ts';
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
 * C ends the process while loading, H hangs for ever when asked, anything else works. Asked `slow` it takes one decode call
 * after another until it is aborted or stands back and `slow` is no more; it says the texts it is asked.
 */
export function writeTroubleEngine(file: string): void {
  writeFileSync(
    file,
    `const answer = {
  text: 'none', probability: 1, abstained: false, branches: [], alternatives: [],
  tokens: { cached: 0, prompt: 1, generated: 1 }, timings: { waitedMs: 0, promptMs: 0, predictedMs: 0 },
};
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
        info: { engine: 'trouble', file: spec.file, name: what, sizeBytes: 5, memoryBytes: 100, details: {} },
        decide: async (request, turn) => {
          const asked = request.prompt.user[0];
          await turn.pass();
          console.log('asked ' + asked);
          if (what === 'H' && asked === 'hang') for (;;);
          while (asked.startsWith('slow')) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            await turn.pass();
          }
          return answer;
        },
        classify: async () => ({ index: 0, probability: 1, probabilities: [1] }),
        dispose: async () => console.log('let go of ' + what),
      };
    },
  }],
};
`,
  );
}

/** A question with two answers. */
export function question(text: string): DecideRequest {
  return {
    prompt: { system: ['You decide.'], user: [text], opening: 'Answer:' },
    language: { key: 'none or light', root: { any: [{ text: ' none' }, { text: ' light.hall.turn_on' }] } },
  };
}
