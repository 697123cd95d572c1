import { fail, ok, warn, type Check } from './check.ts';
import { tryLibrary } from './trial.ts';

/** What each library is for, and whether the daemon can do without it. */
const LIBRARIES = [
  { name: 'libsql', needed: true, purpose: 'the journal' },
  { name: 'koffi', needed: false, purpose: '`ganglion quantize`' },
  { name: 'llama', needed: false, purpose: 'GGUF models' },
  { name: 'onnxruntime', needed: false, purpose: 'ONNX models' },
  { name: 'tensorflow', needed: false, purpose: 'TensorFlow.js models' },
  { name: 'sharp', needed: false, purpose: 'models of images' },
] as const;

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
