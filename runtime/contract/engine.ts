import type { TokenCounts } from './decision.ts';

export interface ModelSpec {
  /** Absolute path. */
  readonly file: string;
  /** Context length in tokens. */
  readonly contextTokens: number;
  /** CPU threads; never all cores. */
  readonly threads: number;
  /** Layers on a GPU; 0 on CPU. */
  readonly gpuLayers: number;
}

export interface ModelInfo {
  readonly engine: string;
  readonly file: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** A closed question in words. The prompt is `prefix + suffix`; `prefix` is what stays the same between questions. */
export interface ChooseRequest {
  readonly prefix: string;
  readonly suffix: string;
  /** At least one, at most 52. */
  readonly choices: readonly string[];
}

export interface Chosen {
  readonly index: number;
  /** Probability of the chosen answer among the choices, 0–1. */
  readonly probability: number;
  /** (choices.length), sums to 1 */
  readonly probabilities: readonly number[];
  readonly tokens: TokenCounts;
}

/** A closed question in numbers: one feature row in, one score per class out. */
export interface ClassifyRequest {
  /** (features) */
  readonly features: Float64Array;
}

export interface Classified {
  readonly index: number;
  readonly probability: number;
  /** (classes) */
  readonly probabilities: readonly number[];
}

/** A loaded model. It answers the questions its format can; the other method is absent. */
export interface LoadedModel {
  readonly info: ModelInfo;
  choose?(request: ChooseRequest, signal: AbortSignal): Promise<Chosen>;
  classify?(request: ClassifyRequest, signal: AbortSignal): Promise<Classified>;
  dispose(): Promise<void>;
}

/** Loads one kind of model file. Lives in the model host process only. */
export interface Engine {
  readonly name: string;
  /** By the file's first bytes, never by its name alone. */
  accepts(file: string, head: Uint8Array): boolean;
  load(spec: ModelSpec, signal: AbortSignal): Promise<LoadedModel>;
}
