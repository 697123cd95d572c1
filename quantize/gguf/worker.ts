import { setPriority } from 'node:os';
import { rmSync } from 'node:fs';
import { GanglionError, messageOf } from '../../runtime/errors.ts';
import { loadQuantizeLibrary } from './library.ts';
import type { QuantizeJob, QuantizeReport } from './quantize.ts';

/** The quantizer's child process: one job, then it ends. */
const TENSOR = /\[\s*(\d+)\/\s*(\d+)\]\s+(\S+)/;
const ERROR = 4;

let part: string | undefined;
let lastError = 'the library did not say why';

// Ctrl-C, a closed terminal and systemd's stop reach all processes; the parent decides when this one ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => {
  // The parent is gone: nobody would finish or remove the half-written file.
  if (part !== undefined) rmSync(part, { force: true });
  process.kill(process.pid, 'SIGKILL');
});
process.once('message', (job: QuantizeJob) => void run(job));

async function run(job: QuantizeJob): Promise<void> {
  part = job.output;
  try {
    setPriority(10);
  } catch {
    // Only politeness: it works at normal priority as well.
  }
  try {
    const library = loadQuantizeLibrary(onLog);
    const status = await library.quantize(job.input, job.output, job.options);
    report(status === 0 ? { kind: 'done' } : { kind: 'failed', reason: lastError });
  } catch (error) {
    if (error instanceof GanglionError && error.code === 'QUANTIZE_LIBRARY') {
      report({ kind: 'unusable', reason: (error as GanglionError<'QUANTIZE_LIBRARY'>).fields.reason });
    } else {
      report({ kind: 'failed', reason: messageOf(error) });
    }
  }
}

function onLog(level: number, text: string): void {
  const match = TENSOR.exec(text);
  if (match !== null)
    report({ kind: 'tensor', index: Number(match[1]), total: Number(match[2]), name: match[3]! });
  if (level === ERROR && text.trim() !== '')
    lastError = text
      .trim()
      .replace(/^llama_model_quantize: failed to quantize: /, '')
      .slice(0, 300);
}

function report(message: QuantizeReport): void {
  // A send after the parent is gone fails; `disconnect` deals with that.
  process.send?.(message, undefined, undefined, () => {});
}
