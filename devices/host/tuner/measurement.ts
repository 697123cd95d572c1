import type { Device, KvType } from '../../../runtime/contract/engine.ts';

/** How a model can be loaded: what the tuner chooses. */
export interface TuneSpec {
  readonly threads: number;
  readonly batchTokens: number;
  readonly contextTokens: number;
  readonly kvType: KvType;
  readonly gpuLayers: number;
  readonly device: Device;
}

/** What one visit to a model, loaded in one way, showed. */
export interface Measurement {
  /** Reading a prompt that was never seen. */
  readonly promptTokensPerS: number;
  /** Median of typical decisions: the prefix kept, a suffix of some 40 tokens, 3 branches. */
  readonly decisionMs: number;
  /** One branch: a decode call of a token or two. */
  readonly tokenMs: number;
  /** Weights, contexts and working memory, bytes. */
  readonly memoryBytes: number;
  readonly loadMs: number;
}

/** A prefix that has to be read anew, in tokens, and how seldom that is: after a restart or a change of the house. */
const PREFIX_TOKENS = 700;
const PREFIX_EVERY = 20;

/** What a decision costs on the average, ms: the smaller the better. One in twenty has to read its whole prompt. */
export function costMs(measurement: Pick<Measurement, 'decisionMs' | 'promptTokensPerS'>): number {
  return measurement.decisionMs + (PREFIX_TOKENS / measurement.promptTokensPerS) * (1000 / PREFIX_EVERY);
}

/** Each figure's own median. */
export function medianOf(all: readonly Measurement[]): Measurement {
  const middle = (figure: (one: Measurement) => number): number => median(all.map(figure));
  return {
    promptTokensPerS: middle((one) => one.promptTokensPerS),
    decisionMs: middle((one) => one.decisionMs),
    tokenMs: middle((one) => one.tokenMs),
    memoryBytes: middle((one) => one.memoryBytes),
    loadMs: middle((one) => one.loadMs),
  };
}

/** NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  return (lower + upper) / 2;
}
