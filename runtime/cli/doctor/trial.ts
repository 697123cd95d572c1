import { fork } from 'node:child_process';
import { workerFile } from '../../lib/worker-file.ts';

const TIMEOUT_MS = 30_000;

/** What became of loading a library in a process of its own. */
export interface Trial {
  readonly ok: boolean;
  /** What was found, or why it failed. */
  readonly detail: string;
  /** More of what was found, for some libraries. */
  readonly data?: unknown;
}

/** Loads a native library in a child process and uses it once. `name`: see native-worker.ts. Never fails itself. */
export function tryLibrary(name: string): Promise<Trial> {
  return new Promise((resolve) => {
    const child = fork(workerFile(import.meta.url, 'native-worker.js'), [name], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: TIMEOUT_MS,
    });
    let said: Trial | undefined;
    child.on('message', (message) => {
      said = message as Trial;
    });
    child.on('error', (error) => resolve({ ok: false, detail: error.message }));
    child.on('exit', (code, signal) => {
      const end = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
      resolve(said ?? { ok: false, detail: `loading it ${end}` });
    });
  });
}
