import type {
  ChatAnswer,
  ChatRequest,
  Decided,
  DecideRequest,
  LoadedModel,
  ModelInfo,
  Turn,
} from '../../contract/engine.ts';
import { GanglionError, messageOf } from '../../errors.ts';
import { AutomatonCache } from '../automaton/cache.ts';
import { checkDecide, decide } from '../decode/decide.ts';
import type { PrefixCache } from '../prefix/cache.ts';
import type { StateOwner } from '../prefix/entry.ts';
import { compileChatTemplate } from './chat-template.ts';
import { writeAnswer } from './chat.ts';
import { prefill, sharedLength } from './prefill.ts';
import { chatTokens, promptTokens, type PromptReader } from './prompt-tokens.ts';
import type { TokenId, TokenModel, TokenSession } from './token-model.ts';

export interface LanguageModelParts {
  readonly mono: () => number;
  /** 0–1, for seeds. */
  readonly random: () => number;
  /** Absent: nothing is kept on disk. */
  readonly prefixes: PrefixCache | undefined;
  /** What kept states of this model belong to. */
  readonly owner: StateOwner;
  readonly onDispose: () => void;
}

/**
 * A language model as the host is asked it, whatever engine brings the tokens.
 *
 *     prompt → tokens → kept prefix → automaton of the answers → branches → answer
 */
export class LanguageModel implements LoadedModel {
  readonly info: ModelInfo;
  readonly automata: AutomatonCache;
  readonly #model: TokenModel;
  readonly #parts: LanguageModelParts;
  readonly #reader: PromptReader;

  /** Throws MODEL_UNSUPPORTED if the model's chat template cannot be used. */
  constructor(model: TokenModel, parts: LanguageModelParts) {
    const { info, vocabulary, contextTokens } = model;
    this.info = info;
    this.#model = model;
    this.#parts = parts;
    this.automata = new AutomatonCache(vocabulary, { now: parts.mono });
    const template = compileChatTemplate({ file: info.file, vocabulary });
    this.#reader = { file: info.file, vocabulary, template, contextTokens };
  }

  async decide(request: DecideRequest, turn: Turn): Promise<Decided> {
    const { tokens, prefixLength } = promptTokens(request.prompt, this.#reader);
    const automaton = this.automata.get(request.language);
    const { contextTokens, batchTokens, info } = this.#model;
    const { alternatives = 0, minProbability = 0, exact = false, temperature = 1 } = request;
    const wanted = { file: info.file, contextTokens, alternatives, minProbability, exact, temperature };
    checkDecide(automaton, tokens, wanted);
    const session = this.#model.session(turn.lane);
    return this.#guarded(session, async () => {
      // Where there is one answer, nothing is evaluated at all.
      const prefix =
        automaton.answers === 1
          ? { evaluated: 0, ms: 0 }
          : await this.#prefix(session, tokens.slice(0, prefixLength), turn);
      const { mono: now } = this.#parts;
      const decided = await decide(automaton, session, tokens, { ...wanted, batchTokens, now }, turn);
      const { cached, prompt, generated } = decided.tokens;
      return {
        ...decided,
        // What was evaluated just now to be kept has not been there before.
        tokens: { cached: cached - prefix.evaluated, prompt: prompt + prefix.evaluated, generated },
        timings: { ...decided.timings, promptMs: decided.timings.promptMs + prefix.ms },
      };
    });
  }

  async chat(request: ChatRequest, turn: Turn, onText: (piece: string) => void): Promise<ChatAnswer> {
    const { file } = this.info;
    if (request.schema !== undefined && this.#model.grammar === undefined) {
      throw new GanglionError('MODEL_QUESTION_INVALID', {
        file,
        expected: 'a request without a JSON schema, which its engine cannot follow',
        received: 'one with a schema',
      });
    }
    const prompt = chatTokens(request.messages, this.#reader);
    const session = this.#model.session(turn.lane);
    const { mono, random } = this.#parts;
    const seed = Math.floor(random() * 0x7fff_ffff);
    return this.#guarded(session, async () => {
      const written = await writeAnswer(
        request,
        prompt,
        { model: this.#model, session, mono, seed },
        turn,
        onText,
      );
      const { promptMs, predictedMs, ...answer } = written;
      return { ...answer, timings: { waitedMs: 0, promptMs, predictedMs } };
    });
  }

  async dispose(): Promise<void> {
    this.#parts.onDispose();
    await this.#model.dispose();
  }

  /**
   * Brings the keys and values of a prefix into the session: they are there, or on disk, or are computed now and kept for
   * the next start. Returns how many tokens were evaluated.
   */
  async #prefix(
    session: TokenSession,
    prefix: readonly TokenId[],
    turn: Turn,
  ): Promise<{ readonly evaluated: number; readonly ms: number }> {
    const { prefixes, owner, mono } = this.#parts;
    if (prefixes === undefined || sharedLength(session.tokens, prefix) === prefix.length)
      return { evaluated: 0, ms: 0 };
    const restored = await prefixes.restore(session, owner, prefix);
    if (restored === prefix.length) return { evaluated: 0, ms: 0 };
    const started = mono();
    const cached = await prefill(session, prefix, prefix.length, this.#model.batchTokens, turn);
    const ms = mono() - started;
    await prefixes.keep(session, owner, prefix);
    return { evaluated: prefix.length - cached, ms };
  }

  /** After a failure inside the library the session may hold half of something: it is emptied. */
  async #guarded<T>(session: TokenSession, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof GanglionError) throw error;
      await session.rewind(0).catch(() => 0);
      throw new GanglionError(
        'MODEL_ANSWER_FAILED',
        { file: this.info.file, reason: messageOf(error).slice(0, 300) },
        { cause: error },
      );
    }
  }
}
