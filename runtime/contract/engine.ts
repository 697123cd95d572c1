import type { AnswerLanguage } from './answer.ts';
import type { TokenCounts } from './decision.ts';

/** Where a model runs. `auto`: the fastest backend there is. */
export const DEVICES = ['auto', 'cpu', 'cuda', 'vulkan', 'metal'] as const;
export type Device = (typeof DEVICES)[number];

/** The precision of the KV cache; `q8_0` halves its memory. */
export const KV_TYPES = ['f16', 'q8_0', 'q4_0'] as const;
export type KvType = (typeof KV_TYPES)[number];

export interface LoraSpec {
  /** Absolute path of a GGUF adapter. */
  readonly file: string;
  /** 1: as it was trained. */
  readonly scale: number;
}

export interface ModelSpec {
  /** Absolute path of a file, or of a folder for models that are one. */
  readonly file: string;
  /** Context length in tokens, for each lane. */
  readonly contextTokens: number;
  /** CPU threads; never all cores. */
  readonly threads: number;
  readonly device?: Device;
  /** Layers on the accelerator; absent: as many as fit where there is one. */
  readonly gpuLayers?: number;
  /** Tokens per decode call at most. */
  readonly batchTokens?: number;
  readonly kvType?: KvType;
  readonly lora?: readonly LoraSpec[];
}

export interface ModelInfo {
  readonly engine: string;
  readonly file: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** What it holds once loaded, weights and KV cache, as far as it is known. */
  readonly memoryBytes?: number;
  /** (classes) Names of a classifier's classes, where its folder tells them. */
  readonly labels?: readonly string[];
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Highest first. `interactive`: a person waits. `event`: a policy does. `background`: nobody does. */
export const LANES = ['interactive', 'event', 'background'] as const;
export type Lane = (typeof LANES)[number];

/** A job's right to use the processor. Engines come back to it between decode calls. */
export interface Turn {
  readonly lane: Lane;
  readonly signal: AbortSignal;
  /** Resolves when nobody of a higher lane wants to run. Throws MODEL_ABORTED. */
  pass(): Promise<void>;
}

/**
 * A stretch of prompt. Strings are data: they are tokenized as plain text, whatever they look like. `token` is a control
 * token of the model inserted by its id, or the plain text `otherwise` where the model has none of that name.
 */
export type PromptPart = string | { readonly token: string; readonly otherwise: string };

/** `system` is what stays the same between questions; its KV state is kept on disk. */
export interface Prompt {
  readonly system: readonly PromptPart[];
  readonly user: readonly PromptPart[];
  /** How the answer begins: `Answer:`. */
  readonly opening?: string;
}

/** A question whose answer is one string of a closed language. */
export interface DecideRequest {
  readonly prompt: Prompt;
  readonly language: AnswerLanguage;
  /** Further answers wanted besides the best, by probability. Default 0, at most 16. */
  readonly alternatives?: number;
  /** Below this probability the model abstains, as soon as that is clear. Default 0. */
  readonly minProbability?: number;
  /** Every member of a small language (at most 64 strings) is scored, and the likeliest wins. Default: best token at each branch. */
  readonly exact?: boolean;
  /**
   * What a model's probabilities are to be read with, as it was fitted for that model: every choice's share is raised to
   * 1 / temperature and they are made to sum up to 1 again. Above 0, default 1. It changes no choice, only how sure it is.
   */
  readonly temperature?: number;
}

export interface ScoredAnswer {
  /** One string of the language; control tokens by their names. */
  readonly text: string;
  /** Product of its branches' probabilities, 0–1. */
  readonly probability: number;
}

/** One choice between tokens: what was taken and how likely it was among the allowed. */
export interface Branch {
  readonly text: string;
  /** 0–1 */
  readonly probability: number;
  /** How many tokens were allowed. */
  readonly options: number;
}

export interface Decided extends ScoredAnswer {
  /** The model was less sure than `minProbability`; `text` is as far as it came. */
  readonly abstained: boolean;
  readonly branches: readonly Branch[];
  /** Likeliest first, without the answer itself. */
  readonly alternatives: readonly ScoredAnswer[];
  readonly tokens: TokenCounts;
  readonly timings: ModelTimings;
}

export interface ModelTimings {
  /** Waiting for its turn, before and between decode calls. */
  readonly waitedMs: number;
  readonly promptMs: number;
  readonly predictedMs: number;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** At least 1. */
  readonly maxTokens: number;
  /** 0: always the likeliest token. */
  readonly temperature: number;
  /** 0–1 */
  readonly topP: number;
  readonly seed?: number;
  /** The answer ends before any of these. */
  readonly stop: readonly string[];
  /** The answer is JSON that follows this JSON schema. */
  readonly schema?: object;
}

export interface ChatAnswer {
  readonly text: string;
  readonly finish: 'stop' | 'length';
  readonly tokens: TokenCounts;
  readonly timings: ModelTimings;
}

/**
 * A closed question in numbers: one row of features in, one score per class out. To a model of images the features are
 * pixels at the model's size, (height × width × channels) row by row, 0–255; or they are given as an image file.
 */
export type ClassifyRequest =
  | {
      /** (features) */
      readonly features: Float64Array | Float32Array;
      readonly image?: undefined;
    }
  | {
      /** The bytes of a JPEG, PNG or WebP file of any size. */
      readonly image: Uint8Array;
      readonly features?: undefined;
    };

export interface Classified {
  readonly index: number;
  readonly probability: number;
  /** (classes) */
  readonly probabilities: readonly number[];
}

/** A loaded model. It answers the questions its format can; the other methods are absent. */
export interface LoadedModel {
  readonly info: ModelInfo;
  /** Throws MODEL_QUESTION_INVALID, MODEL_PROMPT_TOO_LONG, MODEL_ABORTED, MODEL_ANSWER_FAILED. */
  decide?(request: DecideRequest, turn: Turn): Promise<Decided>;
  /** `onText` gets the answer in pieces as they come. */
  chat?(request: ChatRequest, turn: Turn, onText: (piece: string) => void): Promise<ChatAnswer>;
  classify?(request: ClassifyRequest, signal: AbortSignal): Promise<Classified>;
  dispose(): Promise<void>;
}

/** Loads one kind of model file. Lives in the model host process only. */
export interface Engine {
  readonly name: string;
  /** By the file's first bytes (none for a folder), never by its name alone. */
  accepts(file: string, head: Uint8Array): boolean;
  load(spec: ModelSpec, signal: AbortSignal): Promise<LoadedModel>;
}
