import type { LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import { GanglionError } from '../../../errors.ts';
import type { GrammarState, Sampling, TokenId, TokenSession } from '../../tokens/token-model.ts';
import { LlamaGrammarState } from './grammar.ts';
import { librarySays } from './library-says.ts';
import { raisedTokens } from './raised-tokens.ts';

export interface SessionParts {
  readonly file: string;
  readonly model: LlamaModel;
  /** Takes a free sequence of the context; a disposed one becomes free. */
  readonly newSequence: () => LlamaContextSequence;
  readonly vocabularySize: number;
  readonly contextTokens: number;
  readonly batchTokens: number;
}

/** One sequence of a llama.cpp context. What fails half-way leaves it empty. */
export class LlamaSession implements TokenSession {
  readonly #parts: SessionParts;
  #sequence: LlamaContextSequence;
  #tokens: TokenId[] = [];

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#sequence = parts.newSequence();
  }

  get tokens(): readonly TokenId[] {
    return this.#tokens;
  }

  async rewind(length: number): Promise<number> {
    const sequence = this.#sequence;
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
    this.#check(tokens);
    await this.#guarded(async () =>
      this.#sequence.evaluateWithoutGeneratingNewTokens([...tokens] as Token[]),
    );
    this.#tokens = [...this.#tokens, ...tokens];
  }

  async branch(tokens: readonly TokenId[], allowed: readonly TokenId[]): Promise<Float64Array> {
    this.#check(tokens);
    this.#checkAllowed(allowed);
    const { model } = this.#parts;
    const options = {
      temperature: 1,
      topK: allowed.length,
      topP: 1,
      minP: 0,
      seed: 0,
      tokenBias: raisedTokens(model, allowed),
    };
    const last = tokens.length - 1;
    const results = await this.#guarded(async () =>
      this.#sequence.controlledEvaluate([
        ...(tokens.slice(0, last) as Token[]),
        [tokens[last] as Token, { generateNext: { probabilities: true, options } }],
      ]),
    );
    this.#tokens = [...this.#tokens, ...tokens];
    return this.#among(allowed, results[last]?.next.probabilities);
  }

  async sample(
    tokens: readonly TokenId[],
    { temperature, topP, seed }: Sampling,
    grammar?: GrammarState,
  ): Promise<TokenId> {
    this.#check(tokens);
    if (grammar !== undefined && !(grammar instanceof LlamaGrammarState))
      throw this.#invalid('a grammar of this model', 'another one');
    const next = await this.#guarded(async () => {
      const iterator = this.#sequence.evaluate([...tokens] as Token[], {
        temperature,
        topP,
        topK: 0,
        minP: 0,
        // The library starts its generator anew at each token: the same seed would draw alike every time.
        seed: seedAt(seed, this.#tokens.length + tokens.length),
        yieldEogToken: true,
        ...(grammar === undefined ? {} : { grammarEvaluationState: grammar.state }),
      });
      const { value } = await iterator.next();
      await iterator.return();
      return value;
    });
    this.#tokens = [...this.#tokens, ...tokens];
    if (next === undefined) throw this.#failed('it gave no token');
    return next;
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
      throw this.#failed(librarySays(error), error);
    }
  }

  /** A new sequence, whatever state the old one is in. */
  async #empty(): Promise<void> {
    this.#tokens = [];
    await this.#sequence.dispose();
    this.#sequence = this.#parts.newSequence();
  }

  #check(tokens: readonly TokenId[]): void {
    const { batchTokens, contextTokens, file } = this.#parts;
    if (tokens.length === 0 || tokens.length > batchTokens)
      throw this.#invalid(`1 to ${batchTokens} tokens in a call`, `${tokens.length}`);
    this.#checkKnown(tokens);
    const total = this.#tokens.length + tokens.length;
    if (total > contextTokens)
      throw new GanglionError('MODEL_PROMPT_TOO_LONG', { file, tokens: total, limit: contextTokens });
  }

  #checkAllowed(allowed: readonly TokenId[]): void {
    if (allowed.length === 0 || new Set(allowed).size !== allowed.length)
      throw this.#invalid(
        'one or more different tokens to choose from',
        `[${allowed.slice(0, 20).join(', ')}]`,
      );
    this.#checkKnown(allowed);
  }

  #checkKnown(tokens: readonly TokenId[]): void {
    const { vocabularySize: size } = this.#parts;
    const strange = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < size));
    if (strange !== undefined) throw this.#invalid(`tokens from 0 to ${size - 1}`, `${strange}`);
  }

  #invalid(expected: string, received: string): GanglionError {
    return new GanglionError('MODEL_QUESTION_INVALID', { file: this.#parts.file, expected, received });
  }

  #failed(reason: string, cause?: unknown): GanglionError {
    return new GanglionError('MODEL_ANSWER_FAILED', { file: this.#parts.file, reason }, { cause });
  }
}

function seedAt(seed: number, position: number): number {
  return (Math.floor(seed) + Math.imul(position, 0x9e37_79b1)) >>> 0;
}
