import { GanglionError } from '../../errors.ts';
import type { TokenId } from './token-model.ts';

export interface SessionLimits {
  /** The model, for error messages. */
  readonly file: string;
  readonly vocabularySize: number;
  /** Tokens a decode call may take. */
  readonly batchTokens: number;
  /** Tokens a session can hold. */
  readonly contextTokens: number;
}

/** What a session must not hand to a native library, which may abort on it. */
export function tokensInvalid(file: string, expected: string, received: string): GanglionError {
  return new GanglionError('MODEL_QUESTION_INVALID', { file, expected, received });
}

/** The tokens of one decode call on a session that holds `held`. Throws MODEL_QUESTION_INVALID, MODEL_PROMPT_TOO_LONG. */
export function checkCall(tokens: readonly TokenId[], held: number, limits: SessionLimits): void {
  const { file, batchTokens, contextTokens } = limits;
  if (tokens.length === 0 || tokens.length > batchTokens)
    throw tokensInvalid(file, `1 to ${batchTokens} tokens in a call`, `${tokens.length}`);
  checkKnown(tokens, limits);
  const total = held + tokens.length;
  if (total > contextTokens)
    throw new GanglionError('MODEL_PROMPT_TOO_LONG', { file, tokens: total, limit: contextTokens });
}

/** What a branch chooses among. Throws MODEL_QUESTION_INVALID. */
export function checkAllowed(allowed: readonly TokenId[], limits: SessionLimits): void {
  if (allowed.length === 0 || new Set(allowed).size !== allowed.length)
    throw tokensInvalid(
      limits.file,
      'one or more different tokens to choose from',
      `[${allowed.slice(0, 20).join(', ')}]`,
    );
  checkKnown(allowed, limits);
}

function checkKnown(tokens: readonly TokenId[], { file, vocabularySize: size }: SessionLimits): void {
  const strange = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < size));
  if (strange !== undefined) throw tokensInvalid(file, `tokens from 0 to ${size - 1}`, `${strange}`);
}
