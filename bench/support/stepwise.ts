import type { Prompt, Turn } from '../../runtime/contract/engine.ts';
import {
  allowedTokens,
  nextState,
  textOfPath,
  type TokenAutomaton,
} from '../../runtime/modelhost/automaton/token-automaton.ts';
import { compileChatTemplate } from '../../runtime/modelhost/tokens/chat-template.ts';
import { prefill } from '../../runtime/modelhost/tokens/prefill.ts';
import { promptTokens } from '../../runtime/modelhost/tokens/prompt-tokens.ts';
import type { TokenModel } from '../../runtime/modelhost/tokens/token-model.ts';

/** Two tokens this close, as the logarithm of their ratio, are a tie: another grouping of the same sums turns it around. */
const TIE = 0.1;

export interface Stepwise {
  readonly text: string;
  /** The closest call between the best token and the second, where there was a choice. */
  readonly closest: number;
  readonly tied: boolean;
}

const alone: Turn = { lane: 'event', signal: new AbortController().signal, pass: () => Promise.resolve() };

/**
 * Token-masked greedy decoding in its plainest form, as a reference: every token of the answer is evaluated on its own, also
 * where there is no choice. Only the prompt is taken in batches. Runs in a lane of its own.
 */
export async function stepwise(
  prompt: Prompt,
  automaton: TokenAutomaton,
  model: TokenModel,
): Promise<Stepwise> {
  const { vocabulary, contextTokens, batchTokens } = model;
  const { file } = model.info;
  const template = compileChatTemplate({ file, vocabulary });
  const { tokens, prefixLength } = promptTokens(prompt, { file, vocabulary, template, contextTokens });
  const session = model.session(alone.lane);
  await prefill(session, tokens, prefixLength, batchTokens, alone);
  let done = prefixLength;
  for (; tokens.length - done > batchTokens; done += batchTokens) {
    await session.append(tokens.slice(done, done + batchTokens));
  }
  let next = tokens.slice(done);
  const path: number[] = [];
  let closest = Infinity;
  let state = 0;
  for (;;) {
    const allowed = [...allowedTokens(automaton, state)];
    const shares = await session.branch(next, allowed);
    let best = 0;
    for (let i = 1; i < allowed.length; i++) if (shares[i]! > shares[best]!) best = i;
    const second = shares.reduce((most, share, i) => (i === best ? most : Math.max(most, share)), 0);
    if (allowed.length > 1) closest = Math.min(closest, Math.log(shares[best]! / second));
    const token = allowed[best]!;
    path.push(token);
    if (token === automaton.end) return { text: textOfPath(automaton, path), closest, tied: closest < TIE };
    state = nextState(automaton, state, token)!;
    next = [token];
  }
}
