import type { LlamaContextSequence, LlamaModel, Token, TokenBias } from 'node-llama-cpp';
import { GanglionError } from '../../../errors.ts';
import { checkAllowed, checkCall, tokensInvalid } from '../../tokens/check.ts';
import type { GrammarState, Sampling, TokenId, TokenSession } from '../../tokens/token-model.ts';
import { LlamaGrammarState } from './grammar.ts';
import { librarySays } from './library-says.ts';
import { raisedTokens } from './raised-tokens.ts';
import { TokenStream, type NextToken } from './token-stream.ts';

export interface SessionParts {
  readonly file: string;
  readonly model: LlamaModel;
  /** Takes a free sequence of the context; a disposed one becomes free. */
  readonly newSequence: () => LlamaContextSequence;
  readonly vocabularySize: number;
  readonly contextTokens: number;
  readonly batchTokens: number;
}

/** How many likeliest tokens a branch asks for: a sampler is kept for each number, so there are few. */
const TOP = [16, 256, 4096] as const;

/** An answer being drawn, token by token. */
interface Draw extends Sampling {
  readonly grammar: GrammarState | undefined;
  readonly stream: TokenStream;
}

/** One sequence of a llama.cpp context. What fails half-way leaves it empty. */
export class LlamaSession implements TokenSession {
  readonly #parts: SessionParts;
  readonly #branches = new Map<number, TokenStream>();
  #sequence: LlamaContextSequence;
  #plain: TokenStream | undefined;
  #draw: Draw | undefined;
  /** What the branch under way allows. */
  #bias: TokenBias;
  #tokens: TokenId[] = [];

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#sequence = parts.newSequence();
    this.#bias = raisedTokens(parts.model, []);
  }

  get tokens(): readonly TokenId[] {
    return this.#tokens;
  }

  async rewind(length: number): Promise<number> {
    const sequence = this.#sequence;
    await this.#endDraw();
    const kept = Math.max(0, Math.floor(length));
    if (kept >= this.#tokens.length) return this.#tokens.length;
    // Recurrent models cannot step back; the library would evaluate all that is kept anew, unseen and uncounted.
    const start = sequence.needsCheckpoints ? 0 : kept;
    await this.#guarded(async () =>
      sequence.eraseContextTokenRanges([{ start, end: sequence.nextTokenIndex }]),
    );
    this.#tokens = this.#tokens.slice(0, start);
    return start;
  }

  async append(tokens: readonly TokenId[]): Promise<void> {
    checkCall(tokens, this.#tokens.length, this.#parts);
    await this.#endDraw();
    this.#plain ??= new TokenStream(this.#sequence, { temperature: 0 });
    await this.#evaluate(this.#plain, tokens);
  }

  async branch(tokens: readonly TokenId[], allowed: readonly TokenId[]): Promise<Float64Array> {
    checkCall(tokens, this.#tokens.length, this.#parts);
    checkAllowed(allowed, this.#parts);
    await this.#endDraw();
    this.#bias = raisedTokens(this.#parts.model, allowed);
    const { probabilities } = await this.#evaluate(this.#branchStream(allowed.length), tokens);
    return this.#among(allowed, probabilities);
  }

  async sample(tokens: readonly TokenId[], sampling: Sampling, grammar?: GrammarState): Promise<TokenId> {
    checkCall(tokens, this.#tokens.length, this.#parts);
    if (grammar !== undefined && !(grammar instanceof LlamaGrammarState))
      throw tokensInvalid(this.#parts.file, 'a grammar of this model', 'another one');
    const stream = await this.#drawStream(sampling, grammar);
    const { token } = await this.#evaluate(stream, tokens);
    return token;
  }

  async save(file: string): Promise<void> {
    await this.#guarded(async () => this.#sequence.saveStateToFile(file));
  }

  async load(file: string): Promise<void> {
    const { contextTokens } = this.#parts;
    // A load that fails leaves the library believing that it holds nothing, and llama.cpp still holding the old state.
    await this.#empty();
    await this.#guarded(async () => this.#sequence.loadStateFromFile(file, { acceptRisk: true }));
    const tokens = this.#sequence.contextTokens;
    if (tokens.length > contextTokens) {
      await this.#empty();
      throw this.#failed(`the saved state holds ${tokens.length} tokens and ${contextTokens} fit`);
    }
    this.#tokens = tokens;
  }

  /** Lets go of what the library keeps for this session; it must not be used afterwards. */
  async close(): Promise<void> {
    await this.#endDraw();
    for (const stream of [this.#plain, ...this.#branches.values()]) await stream?.close();
    this.#plain = undefined;
    this.#branches.clear();
  }

  async #evaluate(stream: TokenStream, tokens: readonly TokenId[]): Promise<NextToken> {
    const next = await this.#guarded(async () => stream.next(tokens as readonly Token[]));
    if (next === undefined) {
      await this.#empty();
      throw this.#failed('it gave no token');
    }
    this.#tokens = [...this.#tokens, ...tokens];
    return next;
  }

  #branchStream(options: number): TokenStream {
    const topK = TOP.find((top) => top >= options) ?? this.#parts.vocabularySize;
    let stream = this.#branches.get(topK);
    if (stream === undefined) {
      const tokenBias = (): TokenBias => this.#bias;
      const sampling = { temperature: 1, topK, topP: 1, minP: 0, seed: 0, tokenBias };
      stream = new TokenStream(this.#sequence, sampling, true);
      this.#branches.set(topK, stream);
    }
    return stream;
  }

  /** That of the answer being drawn if this goes on with it, so that the random numbers go on too. */
  async #drawStream(sampling: Sampling, grammar: LlamaGrammarState | undefined): Promise<TokenStream> {
    const { temperature, topP, seed } = sampling;
    const draw = this.#draw;
    if (
      draw?.temperature === temperature &&
      draw.topP === topP &&
      draw.seed === seed &&
      draw.grammar === grammar
    )
      return draw.stream;
    await this.#endDraw();
    const stream = new TokenStream(this.#sequence, {
      temperature,
      topP,
      topK: 0,
      minP: 0,
      seed,
      ...(grammar === undefined ? {} : { grammarEvaluationState: grammar.state }),
    });
    this.#draw = { temperature, topP, seed, grammar, stream };
    return stream;
  }

  async #endDraw(): Promise<void> {
    await this.#draw?.stream.close();
    this.#draw = undefined;
  }

  /** Shares of the allowed tokens among themselves. (allowed) */
  #among(allowed: readonly TokenId[], probabilities: ReadonlyMap<Token, number> | undefined): Float64Array {
    // One that is missing was pushed out by a token that is not allowed: its logit is minus infinity or as good as that.
    const shares = Float64Array.from(allowed, (token) => probabilities?.get(token as Token) ?? 0);
    const total = shares.reduce((sum, share) => sum + share, 0);
    if (!(total > 0 && Number.isFinite(total)))
      throw this.#failed('its scores of the allowed tokens are not finite');
    return shares.map((share) => share / total);
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#sequence.disposed) await this.#empty();
      if (error instanceof GanglionError) throw error;
      throw this.#failed(librarySays(error), error);
    }
  }

  /** A new sequence, whatever state the old one is in. */
  async #empty(): Promise<void> {
    this.#tokens = [];
    await this.close();
    await this.#sequence.dispose();
    this.#sequence = this.#parts.newSequence();
  }

  #failed(reason: string, cause?: unknown): GanglionError {
    return new GanglionError('MODEL_ANSWER_FAILED', { file: this.#parts.file, reason }, { cause });
  }
}
