import type { ChatWrapper, LlamaContext, LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import type { ChooseRequest, Chosen, LoadedModel, ModelInfo } from '../../contract/engine.ts';
import { GanglionError, messageOf } from '../../errors.ts';
import { choiceProbabilities, labelledList, LABELS, labelTokens } from './labels.ts';

/** Tokens evaluated between two looks at the abort signal: some 100 ms of prefill on a small board. */
const CHUNK_TOKENS = 128;
/** No vocabulary packs more characters than this into a token on average; longer text is refused before it is tokenized. */
const MAX_CHARS_PER_TOKEN = 24;

interface Parts {
  readonly info: ModelInfo;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly sequence: LlamaContextSequence;
  /** Undefined: the model has no chat template and reads plain text. */
  readonly chat: ChatWrapper | undefined;
}

/**
 * Answers a closed question with one prefill: the choices are labelled with letters, and the probabilities of the letters
 * as the next token are the answer. What the prompt shares with the one before stays in the KV cache.
 */
export class LlamaChooser implements LoadedModel {
  readonly info: ModelInfo;
  readonly #parts: Parts;
  readonly #labels: readonly (readonly number[])[];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.info = parts.info;
    this.#parts = parts;
    this.#labels = labelTokens({
      tokenize: (text) => parts.model.tokenize(text, false),
      detokenize: (token) => parts.model.detokenize([token as Token]),
    });
  }

  /** One at a time: there is one KV cache. Throws MODEL_QUESTION_INVALID, MODEL_PROMPT_TOO_LONG, MODEL_ABORTED, MODEL_ANSWER_FAILED. */
  async choose(request: ChooseRequest, signal: AbortSignal): Promise<Chosen> {
    const answer = this.#turn.then(async () => this.#choose(request, signal));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async dispose(): Promise<void> {
    await this.#turn;
    await this.#parts.context.dispose();
    await this.#parts.model.dispose();
  }

  async #choose(request: ChooseRequest, signal: AbortSignal): Promise<Chosen> {
    const { sequence, info } = this.#parts;
    this.#check(request);
    if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file: info.file });
    const tokens = this.#tokens(request);
    try {
      const cached = await this.#rewind(tokens);
      const last = tokens.length - 1;
      for (let from = cached; from < last; from += CHUNK_TOKENS) {
        if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file: info.file });
        await sequence.evaluateWithoutGeneratingNewTokens(
          tokens.slice(from, Math.min(last, from + CHUNK_TOKENS)),
        );
      }
      if (signal.aborted) throw new GanglionError('MODEL_ABORTED', { file: info.file });
      // Temperature 1 without any filter: the model's own distribution over its whole vocabulary.
      const options = { temperature: 1, topK: 0, topP: 1, minP: 0 };
      const [result] = await sequence.controlledEvaluate([
        [tokens[last]!, { generateNext: { probabilities: true, options } }],
      ]);
      const next = result?.next.probabilities;
      if (next === undefined)
        throw new GanglionError('MODEL_ANSWER_FAILED', {
          file: info.file,
          reason: 'it gave no probabilities',
        });
      const probabilities = choiceProbabilities(this.#labels, request.choices.length, next);
      const probability = Math.max(...probabilities);
      return {
        index: probabilities.indexOf(probability),
        probability,
        probabilities,
        tokens: { cached, prompt: tokens.length - cached, generated: 1 },
      };
    } catch (error) {
      if (error instanceof GanglionError) throw error;
      // The cache may hold half of something now.
      await sequence.clearHistory().catch(() => {});
      throw new GanglionError(
        'MODEL_ANSWER_FAILED',
        { file: info.file, reason: messageOf(error).slice(0, 300) },
        { cause: error },
      );
    }
  }

  /** Takes the cache back to what it shares with `tokens`, at most all but the last one. Returns how many that are. */
  async #rewind(tokens: readonly Token[]): Promise<number> {
    const { sequence } = this.#parts;
    const { firstDifferentIndex } = sequence.compareContextTokens([...tokens]);
    const shared = Math.min(firstDifferentIndex, tokens.length - 1);
    if (sequence.nextTokenIndex > shared) {
      await sequence.eraseContextTokenRanges([{ start: shared, end: sequence.nextTokenIndex }]);
    }
    // Recurrent models cannot step back and start anew; the library says so by its index.
    return Math.min(shared, sequence.nextTokenIndex);
  }

  #check({ choices, prefix, suffix }: ChooseRequest): void {
    const { info, context } = this.#parts;
    const invalid = (expected: string, received: string): GanglionError =>
      new GanglionError('MODEL_QUESTION_INVALID', { file: info.file, expected, received });
    if (choices.length < 1 || choices.length > LABELS.length) {
      throw invalid(`1 to ${LABELS.length} choices`, `${choices.length}`);
    }
    const characters = choices.reduce((sum, choice) => sum + choice.length, prefix.length + suffix.length);
    if (characters > context.contextSize * MAX_CHARS_PER_TOKEN) {
      throw invalid(
        `at most ${context.contextSize * MAX_CHARS_PER_TOKEN} characters of prompt`,
        `${characters}`,
      );
    }
    const missing = this.#labels.findIndex((tokens, i) => i < choices.length && tokens.length === 0);
    if (missing !== -1) {
      throw new GanglionError('MODEL_UNSUPPORTED', {
        file: info.file,
        reason: `its vocabulary has no token for the letter ${LABELS[missing]}, which labels a choice`,
      });
    }
  }

  #tokens(request: ChooseRequest): Token[] {
    const { model, chat, info, context } = this.#parts;
    const list = `Possible answers:\n${labelledList(request.choices)}`;
    const task = `${list}\n\n${request.suffix}\n\nReply with the letter of the best answer.`;
    // Strings are tokenized without special tokens in both ways: a name that reads <|im_end|> stays text.
    const tokens =
      chat === undefined
        ? model.tokenize(`${request.prefix}\n\n${task}\nAnswer:`, false)
        : chat
            .generateContextState({
              chatHistory: [
                { type: 'system', text: request.prefix },
                { type: 'user', text: task },
                { type: 'model', response: ['Answer:'] },
              ],
            })
            .contextText.tokenize(model.tokenizer);
    const { bos, shouldPrependBosToken } = model.tokens;
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    // One place is left for the answer.
    if (tokens.length >= context.contextSize) {
      throw new GanglionError('MODEL_PROMPT_TOO_LONG', {
        file: info.file,
        tokens: tokens.length,
        limit: context.contextSize - 1,
      });
    }
    return tokens;
  }
}
