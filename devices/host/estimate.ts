import type { ModelShape } from './model-shape.ts';
import type { BoardSpeed } from './profiles.ts';
import { median, type Measurement } from './tuner/measurement.ts';

/** A typical decision: what of the prompt is new, and how often the model is asked. */
export const TYPICAL = { suffixTokens: 40, branches: 3 } as const;

export interface SpeedEstimate {
  readonly promptTokensPerS: number;
  readonly tokenMs: number;
  readonly decisionMs: number;
}

/**
 * Speed by the two limits every model has: a token needs all weights read from memory once, and a prompt two operations
 * per weight and token, and not less than the weights' reading once per batch. (The roofline model: Williams, Waterman and
 * Patterson, 2009.)
 * @returns undefined where nothing is known about the machine
 */
export function estimateSpeed(
  shape: Pick<ModelShape, 'fileBytes' | 'parameters'>,
  board: BoardSpeed,
  batchTokens: number,
): SpeedEstimate | undefined {
  const { memoryGBs, promptGflops } = board;
  if (memoryGBs === undefined || promptGflops === undefined) return undefined;
  const readMs = shape.fileBytes / (memoryGBs * 1e6);
  const flopMs = (2 * shape.parameters) / (promptGflops * 1e6);
  const tokenMs = Math.max(readMs, flopMs);
  const promptMsPerToken = Math.max(flopMs, readMs / batchTokens);
  const suffixMs = Math.max(
    TYPICAL.suffixTokens * flopMs,
    Math.ceil(TYPICAL.suffixTokens / batchTokens) * readMs,
  );
  return {
    promptTokensPerS: 1000 / promptMsPerToken,
    tokenMs,
    decisionMs: suffixMs + TYPICAL.branches * tokenMs,
  };
}

/** A model that was measured on this board. */
export interface Measured {
  readonly name: string;
  readonly fileBytes: number;
  readonly parameters: number;
  readonly measurement: Pick<Measurement, 'promptTokensPerS' | 'tokenMs'>;
}

/** How fast the board is by what other models showed on it; undefined if none was measured. */
export function speedMeasured(all: readonly Measured[]): BoardSpeed | undefined {
  if (all.length === 0) return undefined;
  const names = all.map(({ name }) => name).join(', ');
  return {
    memoryGBs: median(all.map(({ fileBytes, measurement }) => fileBytes / (measurement.tokenMs * 1e6))),
    promptGflops: median(
      all.map(({ parameters, measurement }) => (2 * parameters * measurement.promptTokensPerS) / 1e9),
    ),
    source: `estimated from ${names}, measured on this board`,
  };
}

/** Larger than any cache of a board or PC, and small enough for 512 MB. */
const COPY_BYTES = 32 * 1024 * 1024;

/**
 * Memory speed of this machine, GB/s read and written, by copying a few blocks on one thread: about what a model's threads
 * reach together on small boards, where one core nearly fills the bus. Takes a fraction of a second.
 * @param nowMs a clock that never jumps
 */
export function measureMemoryGBs(nowMs: () => number): number {
  const from = Buffer.alloc(COPY_BYTES, 1);
  const to = Buffer.alloc(COPY_BYTES);
  let bestMs = Infinity;
  for (let run = 0; run < 5; run++) {
    const startMs = nowMs();
    from.copy(to);
    bestMs = Math.min(bestMs, nowMs() - startMs);
  }
  return (2 * COPY_BYTES) / (bestMs * 1e6);
}
