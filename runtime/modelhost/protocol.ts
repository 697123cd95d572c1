import type {
  Chosen,
  ChooseRequest,
  Classified,
  ClassifyRequest,
  ModelInfo,
  ModelSpec,
} from '../contract/engine.ts';
import { CATALOGUE, GanglionError, messageOf, type ErrorCode } from '../errors.ts';

/** What a loaded model can be asked. */
export type Question =
  | { readonly kind: 'choose'; readonly request: ChooseRequest }
  | { readonly kind: 'classify'; readonly request: ClassifyRequest };

/** Main → model host. Structured clone carries typed arrays as they are. */
export type ToHost =
  | { readonly type: 'start'; readonly priority: number; readonly extensions: readonly string[] }
  | { readonly type: 'load'; readonly id: number; readonly spec: ModelSpec }
  | { readonly type: 'ask'; readonly id: number; readonly file: string; readonly question: Question }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'ping' }
  | { readonly type: 'stop' };

/** Model host → main. */
export type FromHost =
  | { readonly type: 'ready' }
  | {
      readonly type: 'loaded';
      readonly id: number;
      readonly info: ModelInfo;
      readonly kinds: readonly Question['kind'][];
    }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Chosen | Classified }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError }
  | { readonly type: 'pong'; readonly rssBytes: number }
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
