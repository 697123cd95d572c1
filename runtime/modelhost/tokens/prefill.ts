import type { Lane, Turn } from '../../contract/engine.ts';
import type { TokenId, TokenSession } from './token-model.ts';

/** A decode call of the background lane takes this many tokens at most, so that nobody waits long for it. */
export const BACKGROUND_TOKENS = 32;

/** How many tokens two sequences begin with alike. */
export function sharedLength(held: readonly TokenId[], wanted: readonly TokenId[]): number {
  const most = Math.min(held.length, wanted.length);
  let shared = 0;
  while (shared < most && held[shared] === wanted[shared]) shared++;
  return shared;
}

/** Tokens a decode call of a lane may take. */
export function callTokens(lane: Lane, batchTokens: number): number {
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
  const step = callTokens(turn.lane, batchTokens);
  for (let from = cached; from < length; from += step) {
    await turn.pass();
    await session.append(tokens.slice(from, Math.min(length, from + step)));
  }
  return cached;
}
