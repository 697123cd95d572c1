import { realpathSync } from 'node:fs';
import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import type { ModelSpec } from '../contract/engine.ts';
import type { Log } from '../contract/log.ts';
import type { Clock } from '../contract/time.ts';
import type { GanglionError } from '../errors.ts';
import { isLlmFolder, llmFile, llmFolderOf } from './engines/onnx/llm-folder.ts';
import type { LaneLimits } from './requests.ts';
import { defaultThreads } from './threads.ts';

export interface ModelHostOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** 0–1; for the jitter of restarts. */
  readonly random: () => number;
  /** Memory of its own the host may take, bytes. Memory-mapped weights do not count on Linux. */
  readonly memoryBytes: number;
  /** What the models may take together, weights and KV caches, bytes; the least used one makes room. Default: no limit of its own. */
  readonly budgetBytes?: number;
  /** Folder of the prefix cache and its size; absent: nothing is kept on disk. */
  readonly prefixCache?: { readonly folder: string; readonly maxBytes: number };
  /** Told when the host has ended by itself and is started again. */
  readonly onDied?: (error: GanglionError) => void;
  /** Questions that may be open in each lane. Defaults: see DEFAULT_LANE_LIMITS. */
  readonly laneLimits?: Partial<LaneLimits>;
  /** Times in a row a model may end the host before it is given up. */
  readonly maxCrashes?: number;
  /** Niceness of its process; 0: that of ours. Default 10: decisions by rules keep their latency while a model works. */
  readonly priority?: number;
  /** Modules whose engines the host loads besides its own: absolute paths or package names. */
  readonly extensions?: readonly string[];
  /** Intervals, ms. Defaults: see DEFAULT_TIMES. */
  readonly times?: Partial<HostTimes>;
}

/** A house asks a handful of things at once; what is not wanted within seconds is better refused than kept. */
export const DEFAULT_LANE_LIMITS: LaneLimits = { interactive: 16, event: 64, background: 16 };

export interface HostTimes {
  /** Between two looks at memory and pulse. */
  readonly pollMs: number;
  /** Silence after which the host counts as hung; also how long a withdrawn question may go on. */
  readonly hangMs: number;
  readonly loadMs: number;
  readonly stopMs: number;
  readonly restartBaseMs: number;
  readonly restartMaxMs: number;
  /** A life longer than this starts the restart delays anew. */
  readonly stableMs: number;
}

export const DEFAULT_TIMES: HostTimes = {
  pollMs: 1000,
  // A classifier blocks the host's thread while it runs; none worth having takes longer than this.
  hangMs: 30_000,
  // A 7B model read from an SD card at 20 MB/s takes 4 minutes.
  loadMs: 600_000,
  stopMs: 800,
  restartBaseMs: 500,
  restartMaxMs: 60_000,
  stableMs: 120_000,
};

/**
 * How to load a model where the configuration leaves it open: 4096 tokens of context (or what the model was trained on, if
 * less), all cores but one and at most 4 of them, no GPU.
 */
export function modelSpec(file: string, given: Partial<Omit<ModelSpec, 'file'>> = {}): ModelSpec {
  return { contextTokens: 4096, threads: defaultThreads(), device: 'cpu', ...given, file: canonical(file) };
}

/**
 * One model, one name: a model that is named by its link and by its file is loaded once, and so is one that is named by its
 * folder and by the file in it that would be loaded for the folder.
 */
export function canonical(file: string): string {
  let real: string;
  try {
    real = realpathSync(file);
  } catch {
    return resolve(file);
  }
  try {
    if (!isLlmFolder(real)) return real;
    const folder = llmFolderOf(real);
    return llmFile(folder).file === real ? folder : real;
  } catch {
    // A folder that cannot be read is the engine's to report.
    return real;
  }
}

/** The memory cap where the configuration sets none: half of the machine's. Bytes. */
export function defaultMemoryBytes(totalBytes = totalmem()): number {
  return totalBytes / 2;
}
