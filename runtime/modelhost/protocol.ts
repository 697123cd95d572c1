import type {
  ChatAnswer,
  ChatRequest,
  Classified,
  ClassifyRequest,
  Decided,
  DecideRequest,
  Lane,
  ModelInfo,
  ModelSpec,
} from '../contract/engine.ts';
import { CATALOGUE, GanglionError, messageOf, type ErrorCode } from '../errors.ts';

/** What a loaded model can be asked. */
export type Question =
  | { readonly kind: 'decide'; readonly request: DecideRequest }
  | { readonly kind: 'chat'; readonly request: ChatRequest }
  | { readonly kind: 'classify'; readonly request: ClassifyRequest };

export type QuestionKind = Question['kind'];

/** What each question is answered with. */
export interface Answers {
  readonly decide: Decided;
  readonly chat: ChatAnswer;
  readonly classify: Classified;
}

export type Answer = Answers[QuestionKind];

export interface HostSettings {
  readonly priority: number;
  readonly extensions: readonly string[];
  /** Folder of the prefix cache; absent: nothing is kept. */
  readonly prefixCache?: { readonly folder: string; readonly maxBytes: number };
}

/** Main → model host. Structured clone carries typed arrays as they are. */
export type ToHost =
  | { readonly type: 'start'; readonly settings: HostSettings }
  | { readonly type: 'load'; readonly id: number; readonly spec: ModelSpec }
  | { readonly type: 'unload'; readonly file: string }
  | {
      readonly type: 'ask';
      readonly id: number;
      readonly file: string;
      readonly lane: Lane;
      readonly question: Question;
    }
  | { readonly type: 'cancel'; readonly id: number }
  /** Lanes that are held back until the next such message. */
  | { readonly type: 'hold'; readonly lanes: readonly Lane[] }
  | { readonly type: 'ping' }
  | { readonly type: 'stop' };

/** What the host counted since it started. */
export interface HostCounters {
  readonly prefixHits: number;
  readonly prefixMisses: number;
  readonly prefixBytes: number;
  readonly automatonHits: number;
  readonly automatonMisses: number;
}

/** Model host → main. */
export type FromHost =
  | { readonly type: 'ready' }
  | {
      readonly type: 'loaded';
      readonly id: number;
      readonly info: ModelInfo;
      readonly kinds: readonly QuestionKind[];
    }
  /** The question has its first turn. */
  | { readonly type: 'started'; readonly id: number }
  /** A piece of an answer that is being written. */
  | { readonly type: 'piece'; readonly id: number; readonly text: string }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError }
  | { readonly type: 'pong'; readonly rssBytes: number; readonly counters: HostCounters | undefined }
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string };

/** An error on its way between the processes. `code` is empty for one that is not of the catalogue. */
export interface WireError {
  readonly code: string;
  readonly fields: object;
  readonly message: string;
}

const MAX_MESSAGE = 500;

export function toWire(error: unknown): WireError {
  const message = messageOf(error).slice(0, MAX_MESSAGE);
  return error instanceof GanglionError
    ? { code: error.code, fields: error.fields as object, message }
    : { code: '', fields: {}, message };
}

/** The error again; one that is not of the catalogue becomes MODEL_ANSWER_FAILED of `file`. */
export function fromWire(wire: WireError, file: string): GanglionError {
  if (Object.hasOwn(CATALOGUE, wire.code)) {
    return new GanglionError(wire.code as ErrorCode, wire.fields);
  }
  return new GanglionError('MODEL_ANSWER_FAILED', { file, reason: wire.message });
}
