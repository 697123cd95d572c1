import type { Prompt } from '../../runtime/contract/engine.ts';
import {
  allowedTokens,
  nextState,
  textOfPath,
  type TokenAutomaton,
} from '../../runtime/modelhost/automaton/token-automaton.ts';
import { compileChatTemplate } from '../../runtime/modelhost/tokens/chat-template.ts';
import { promptTokens } from '../../runtime/modelhost/tokens/prompt-tokens.ts';
import type { TokenModel } from '../../runtime/modelhost/tokens/token-model.ts';

/**
 * Token-masked greedy decoding in its plainest form, as a reference: every token of the answer is evaluated on its own, also
 * where there is no choice. Returns the answer's text.
 */
export async function stepwise(
  prompt: Prompt,
  automaton: TokenAutomaton,
  model: TokenModel,
): Promise<string> {
  const { vocabulary, contextTokens, batchTokens } = model;
  const { file } = model.info;
  const template = compileChatTemplate({ file, vocabulary });
  const { tokens } = promptTokens(prompt, { file, vocabulary, template, contextTokens });
  const session = model.session('background');
  await session.rewind(0);
  const last = tokens.length - 1;
  for (let from = 0; from < last; from += batchTokens) {
    await session.append(tokens.slice(from, Math.min(last, from + batchTokens)));
  }
  const path: number[] = [];
  let next = tokens[last]!;
  let state = 0;
  for (;;) {
    const allowed = [...allowedTokens(automaton, state)];
    const shares = await session.branch([next], allowed);
    let best = 0;
    for (let i = 1; i < allowed.length; i++) if (shares[i]! > shares[best]!) best = i;
    next = allowed[best]!;
    path.push(next);
    if (next === automaton.end) return textOfPath(automaton, path);
    state = nextState(automaton, state, next)!;
  }
}
