import type { ChatAnswer, ChatRequest, Turn } from '../../contract/engine.ts';
import type { TokenId, TokenModel, TokenSession, Vocabulary } from './token-model.ts';
import { prefill } from './prefill.ts';

export interface ChatParts {
  readonly model: TokenModel;
  readonly session: TokenSession;
  readonly mono: () => number;
  /** Where the request sets no seed. */
  readonly seed: number;
}

/**
 * Writes an answer freely, token by token; between two tokens the place is offered to whoever waits in a higher lane.
 * What the prompt shares with the session's last one is not evaluated again.
 */
export async function writeAnswer(
  request: ChatRequest,
  prompt: readonly TokenId[],
  parts: ChatParts,
  turn: Turn,
  onText: (piece: string) => void,
): Promise<Omit<ChatAnswer, 'timings'> & { readonly promptMs: number; readonly predictedMs: number }> {
  const { model, session, mono } = parts;
  const { vocabulary } = model;
  const grammar = request.schema === undefined ? undefined : await model.grammar?.(request.schema);
  const started = mono();
  const last = prompt.length - 1;
  const cached = await prefill(session, prompt, last, model.batchTokens, turn);
  const sampling = {
    temperature: request.temperature,
    topP: request.topP,
    seed: request.seed ?? parts.seed,
  };
  const room = Math.min(request.maxTokens, model.contextTokens - prompt.length);
  const text = new AnswerText(vocabulary, request.stop, onText);
  let generated = 0;
  let next: TokenId[] = [prompt[last]!];
  let promptMs = 0;
  let ended = false;
  while (!ended && generated < room) {
    await turn.pass();
    const token = await session.sample(next, sampling, grammar);
    if (generated === 0) promptMs = mono() - started;
    if (vocabulary.ends.includes(token)) {
      ended = true;
      break;
    }
    generated++;
    next = [token];
    ended = text.add(token);
  }
  return {
    text: text.finish(),
    finish: ended ? 'stop' : 'length',
    tokens: { cached, prompt: prompt.length - cached, generated },
    promptMs,
    predictedMs: mono() - started - promptMs,
  };
}

/** A character takes at most this many tokens; what is still none after them is broken for good. */
const MAX_PENDING = 8;

/**
 * The answer as far as it may be shown: a character that is not complete and what may be the beginning of a stop string
 * are held back until it is clear what they become.
 */
class AnswerText {
  readonly #vocabulary: Vocabulary;
  readonly #stop: readonly string[];
  readonly #onText: (piece: string) => void;
  #pending: TokenId[] = [];
  #text = '';
  #shown = 0;

  constructor(vocabulary: Vocabulary, stop: readonly string[], onText: (piece: string) => void) {
    this.#vocabulary = vocabulary;
    this.#stop = stop.filter((one) => one !== '');
    this.#onText = onText;
  }

  /** True once a stop string has come. */
  add(token: TokenId): boolean {
    this.#pending.push(token);
    const piece = this.#vocabulary.detokenize(this.#pending);
    if (piece.endsWith('\uFFFD') && this.#pending.length < MAX_PENDING) return false;
    this.#pending = [];
    this.#text += piece;
    const found = this.#stop.map((one) => this.#text.indexOf(one, this.#shown)).filter((at) => at !== -1);
    if (found.length > 0) {
      this.#text = this.#text.slice(0, Math.min(...found));
      return true;
    }
    this.#show(this.#text.length - stopBeginning(this.#text, this.#stop));
    return false;
  }

  finish(): string {
    this.#text += this.#vocabulary.detokenize(this.#pending);
    this.#pending = [];
    this.#show(this.#text.length);
    return this.#text;
  }

  #show(end: number): void {
    if (end <= this.#shown) return;
    this.#onText(this.#text.slice(this.#shown, end));
    this.#shown = end;
  }
}

/** How many characters at the end may turn out to be the beginning of a stop string. */
function stopBeginning(text: string, stop: readonly string[]): number {
  let longest = 0;
  for (const one of stop) {
    for (let length = Math.min(one.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(one.slice(0, length))) longest = length;
    }
  }
  return longest;
}
