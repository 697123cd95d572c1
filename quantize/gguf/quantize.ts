import { fork, type ChildProcess } from 'node:child_process';
import { realpath, stat, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GanglionError } from '../../runtime/errors.ts';
import { workerFile } from '../../runtime/lib/worker-file.ts';
import { reasonOf } from '../file-cursor.ts';
import { commitPart, discardPart, exists, partName } from '../part-file.ts';
import { QUANTIZATIONS, type Quantization } from './ftype.ts';
import { metadataNumber, metadataText, readGgufHeader, type GgufHeader } from './header.ts';
import type { NativeOptions } from './library.ts';

export interface QuantizeOptions {
  readonly input: string;
  readonly output: string;
  readonly type: Quantization;
  /** Replace an output that exists. */
  readonly force?: boolean;
  /** Quantize what is quantized already; loses quality twice. */
  readonly allowRequantize?: boolean;
  /** Default: all cores but one. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

export interface QuantizeProgress {
  /** Share of the weights dealt with, 0–1. */
  readonly fraction: number;
  /** The tensor being worked on, or what else is being done. */
  readonly step: string;
}

export interface QuantizeResult {
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly seconds: number;
  /** Of the output, over all its tensors. */
  readonly bitsPerWeight: number;
}

export interface QuantizeJob {
  readonly input: string;
  readonly output: string;
  readonly options: NativeOptions;
}

export type QuantizeReport =
  | { readonly kind: 'tensor'; readonly index: number; readonly total: number; readonly name: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' | 'unusable'; readonly reason: string };

/** Rows kept in memory at once: small boards have no 8 GiB to spare, and larger buffers are not faster. */
const BUFFER_BYTES = 256 << 20;
const PLAIN_TYPES = new Set(['F32', 'F16', 'BF16']);

/**
 * Quantizes a GGUF model with llama.cpp in a child process. The output appears under its name only when it is complete and
 * synced; after a failure or an abort nothing is left of it.
 * Throws MODEL_FILE_… for an unreadable input, QUANTIZE_REFUSED, QUANTIZE_FAILED and QUANTIZE_LIBRARY.
 */
export async function quantizeGguf(options: QuantizeOptions): Promise<QuantizeResult> {
  const started = performance.now();
  const { input, type, signal } = options;
  const output = resolve(options.output);
  const header = readGgufHeader(input, { keepArraysUpTo: 0 });
  await refuseUnfit(options, header);
  if (signal?.aborted === true) throw stopped(input);

  const job: QuantizeJob = {
    input: resolve(input),
    output: partName(output),
    options: {
      ftype: QUANTIZATIONS[type],
      threads: Math.max(1, options.threads ?? availableParallelism() - 1),
      allowRequantize: options.allowRequantize ?? false,
      bufferBytes: BUFFER_BYTES,
    },
  };
  try {
    await runWorker(job, input, header, options);
    options.onProgress?.({ fraction: 1, step: 'writing to disk' });
    const written = readGgufHeader(partName(output), { keepArraysUpTo: 0 });
    await commitPart(output);
    return {
      inputBytes: header.fileBytes,
      outputBytes: written.fileBytes,
      seconds: (performance.now() - started) / 1000,
      bitsPerWeight: bitsPerWeight(written),
    };
  } catch (error) {
    await discardPart(output);
    if (error instanceof GanglionError) throw error;
    throw new GanglionError('QUANTIZE_FAILED', { file: input, reason: reasonOf(error) }, { cause: error });
  }
}

async function refuseUnfit(options: QuantizeOptions, header: GgufHeader): Promise<void> {
  const { input } = options;
  const output = resolve(options.output);
  const refuse = (reason: string): GanglionError =>
    new GanglionError('QUANTIZE_REFUSED', { file: input, reason });
  if ((metadataNumber(header, 'split.count') ?? 1) > 1) {
    throw refuse(
      'it is one part of a model split over several files; merge them first with llama.cpp’s gguf-split',
    );
  }
  if (metadataText(header, 'general.architecture') === undefined || header.tensors.length === 0) {
    throw refuse('it holds no model, only data');
  }
  const quantized = header.tensors.find((tensor) => !PLAIN_TYPES.has(tensor.type ?? ''));
  if (quantized !== undefined && options.allowRequantize !== true) {
    throw refuse(
      `it is quantized already (${quantized.name} is ${quantized.type ?? 'of an unknown type'}); start from the f16, bf16 or f32 model`,
    );
  }
  if (await exists(output)) {
    if ((await realpath(output)) === (await realpath(input)))
      throw refuse('input and output are the same file');
    if ((await stat(output)).isDirectory()) throw refuse(`the output ${output} is a folder`);
    if (options.force !== true) throw refuse(`${output} exists already; name another output or force it`);
  }
  await refuseFullDisk(output, estimateBytes(header, options.type), refuse);
}

async function refuseFullDisk(
  output: string,
  needed: number,
  refuse: (reason: string) => GanglionError,
): Promise<void> {
  const folder = dirname(output);
  let free: number;
  try {
    const disk = await statfs(folder);
    free = disk.bavail * disk.bsize;
  } catch (error) {
    throw new GanglionError(
      'QUANTIZE_REFUSED',
      { file: output, reason: `the folder ${folder} cannot be written to: ${reasonOf(error)}` },
      { cause: error },
    );
  }
  if (free < needed) {
    throw refuse(`about ${megabytes(needed)} MB are needed in ${folder} and ${megabytes(free)} MB are free`);
  }
}

/** Bits per weight of each type on a large model, rounded up. */
const BITS: Readonly<Record<Quantization, number>> = {
  F32: 32,
  F16: 16,
  BF16: 16,
  Q8_0: 8.5,
  Q6_K: 6.6,
  Q5_K_M: 5.8,
  Q5_K_S: 5.6,
  Q5_1: 6,
  Q5_0: 5.6,
  Q4_K_M: 5,
  Q4_K_S: 4.7,
  IQ4_NL: 4.6,
  IQ4_XS: 4.4,
  Q4_1: 5.1,
  Q4_0: 4.7,
  Q3_K_L: 4.4,
  Q3_K_M: 4.1,
  Q3_K_S: 3.6,
  Q2_K: 3.4,
};

function estimateBytes(header: GgufHeader, type: Quantization): number {
  const elements = header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  return (elements * BITS[type] * 1.1) / 8 + header.dataOffset;
}

function bitsPerWeight(header: GgufHeader): number {
  const elements = header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  const bytes = header.tensors.reduce((sum, tensor) => sum + (tensor.bytes ?? 0), 0);
  return elements === 0 ? 0 : (bytes * 8) / elements;
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}

function stopped(file: string): GanglionError<'QUANTIZE_FAILED'> {
  return new GanglionError('QUANTIZE_FAILED', { file, reason: 'it was stopped' });
}

/** Resolves when the worker says it is done; the child has ended by then. */
async function runWorker(
  job: QuantizeJob,
  file: string,
  header: GgufHeader,
  options: QuantizeOptions,
): Promise<void> {
  const child = fork(fileURLToPath(workerFile(import.meta.url, 'worker.js')), {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const stop = (): void => void child.kill('SIGKILL');
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const outcome = await new Promise<QuantizeReport | string>((settle) => {
      let last: QuantizeReport | undefined;
      const progress = progressOf(header, options.onProgress);
      child.on('message', (report: QuantizeReport) => {
        if (report.kind === 'tensor') progress(report.name);
        else {
          last = report;
          child.kill('SIGKILL');
        }
      });
      child.once('error', (error) => settle(error.message));
      child.once('exit', (code, by) =>
        settle(last ?? `the quantizer ended ${by === null ? `with status ${code}` : `by signal ${by}`}`),
      );
      sendJob(child, job, settle);
    });
    if (options.signal?.aborted === true) throw stopped(file);
    if (typeof outcome === 'string') throw new GanglionError('QUANTIZE_FAILED', { file, reason: outcome });
    if (outcome.kind === 'failed')
      throw new GanglionError('QUANTIZE_FAILED', { file, reason: outcome.reason });
    if (outcome.kind === 'unusable') throw new GanglionError('QUANTIZE_LIBRARY', { reason: outcome.reason });
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stop();
  }
}

function sendJob(child: ChildProcess, job: QuantizeJob, settle: (reason: string) => void): void {
  child.send(job, (error) => {
    if (error !== null) settle(error.message);
  });
}

/** Progress in weights, not tensors: the embedding is a thousand times a norm. */
function progressOf(header: GgufHeader, report: QuantizeOptions['onProgress']): (tensor: string) => void {
  const elements = new Map(header.tensors.map((tensor) => [tensor.name, tensor.elements]));
  const total = header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  let before = 0;
  return (tensor) => {
    report?.({ fraction: Math.min(1, before / total), step: tensor });
    before += elements.get(tensor) ?? 0;
  };
}
