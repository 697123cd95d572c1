import type { Turn } from '../../contract/engine.ts';
import type { TokenId, TokenSession } from './token-model.ts';

/** Tokens per decode call in the background lane: the longest somebody of a higher lane waits for. */
const BACKGROUND_TOKENS = 32;

/** How many tokens two sequences share from their beginning. */
export function sharedLength(a: readonly TokenId[], b: readonly TokenId[]): number {
  const end = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < end && a[shared] === b[shared]) shared++;
  return shared;
}

/** How many tokens a decode call takes in this lane. */
export function callTokens(batchTokens: number, { lane }: Turn): number {
  return lane === 'background' ? Math.min(BACKGROUND_TOKENS, batchTokens) : batchTokens;
}

/**
 * Makes the session hold exactly `tokens[0, length)`, evaluating only what it does not hold already. Offers its place
 * before each decode call. Returns how many tokens were there already. Throws MODEL_ABORTED.
 */
export async function prefill(
  session: TokenSession,
  tokens: readonly TokenId[],
  length: number,
  batchTokens: number,
  turn: Turn,
): Promise<number> {
  const shared = Math.min(sharedLength(session.tokens, tokens), length);
  const cached = session.tokens.length > shared ? await session.rewind(shared) : shared;
  const step = callTokens(batchTokens, turn);
  for (let from = cached; from < length; from += step) {
    await turn.pass();
    await session.append(tokens.slice(from, Math.min(length, from + step)));
  }
  return cached;
}
