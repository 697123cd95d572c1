import { fork } from 'node:child_process';
import { workerFile } from '../../lib/worker-file.ts';
import { fail, ok, warn, type Check } from './check.ts';

/** What each library is for, and whether the daemon can do without it. */
const LIBRARIES = [
  { name: 'libsql', needed: true, purpose: 'the journal' },
  { name: 'koffi', needed: false, purpose: '`ganglion quantize`' },
  { name: 'llama', needed: false, purpose: 'GGUF models' },
  { name: 'onnxruntime', needed: false, purpose: 'ONNX models' },
] as const;

const TIMEOUT_MS = 30_000;

/** Really loads every native library, each in a process of its own, one after the other. */
export async function* checkNative(): AsyncGenerator<Check> {
  for (const { name, needed, purpose } of LIBRARIES) {
    const result = await tryLibrary(name);
    const detail = `${name}: ${result.detail}`;
    const mend = `Run \`npm ci\` again on this machine; without it ${purpose} will not work.`;
    if (result.ok) yield ok('native', detail);
    else yield needed ? fail('native', detail, mend) : warn('native', detail, mend);
  }
}

interface Trial {
  readonly ok: boolean;
  readonly detail: string;
}

function tryLibrary(name: string): Promise<Trial> {
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
