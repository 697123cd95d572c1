import type { Turn } from '../../runtime/contract/engine.ts';
import type {
  Sampling,
  TokenId,
  TokenModel,
  TokenSession,
  Vocabulary,
} from '../../runtime/modelhost/tokens/token-model.ts';

export interface ScriptedModelOptions {
  readonly vocabulary: Vocabulary;
  readonly contextTokens?: number;
  readonly batchTokens?: number;
  /** Another seed, another model. */
  readonly seed?: number;
  /** False: like a model with a recurrent state, which can only start anew. */
  readonly rewinds?: boolean;
}

/** A language model without weights: how likely a token is follows from the tokens before it and the seed alone. */
export class ScriptedModel implements TokenModel {
  readonly vocabulary: Vocabulary;
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly stateKey = 'scripted';
  readonly info;
  readonly seed: number;
  readonly rewinds: boolean;
  readonly #sessions = new Map<string, ScriptedSession>();

  constructor(options: ScriptedModelOptions) {
    this.vocabulary = options.vocabulary;
    this.contextTokens = options.contextTokens ?? 4096;
    this.batchTokens = options.batchTokens ?? 512;
    this.seed = options.seed ?? 1;
    this.rewinds = options.rewinds ?? true;
    this.info = {
      engine: 'scripted',
      file: '/models/scripted.gguf',
      name: 'scripted',
      sizeBytes: 0,
      details: {},
    };
  }

  session(lane: string): ScriptedSession {
    let session = this.#sessions.get(lane);
    if (session === undefined) {
      session = new ScriptedSession(this);
      this.#sessions.set(lane, session);
    }
    return session;
  }

  /** From −4 to 4; the same for the same history. */
  logit(history: readonly TokenId[], token: TokenId): number {
    let hash = Math.imul(this.seed, 0x9e3779b1) | 0;
    for (const value of [...history, token]) {
      hash = Math.imul(hash ^ value, 0x85ebca6b);
      hash ^= hash >>> 13;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
    return ((hash >>> 0) / 2 ** 32 - 0.5) * 8;
  }

  /** Softmax over the allowed tokens. */
  probabilities(history: readonly TokenId[], allowed: readonly TokenId[]): Float64Array {
    const logits = allowed.map((token) => this.logit(history, token));
    const most = Math.max(...logits);
    const weights = Float64Array.from(logits, (logit) => Math.exp(logit - most));
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / sum);
  }

  async dispose(): Promise<void> {
    this.#sessions.clear();
  }
}

/** Counts its decode calls and refuses what the contract forbids. */
export class ScriptedSession implements TokenSession {
  /** Tokens of each decode call. */
  readonly calls: number[] = [];
  rewinds = 0;
  readonly #model: ScriptedModel;
  #tokens: TokenId[] = [];
  #busy = false;

  constructor(model: ScriptedModel) {
    this.#model = model;
  }

  get tokens(): readonly TokenId[] {
    return this.#tokens;
  }

  async rewind(length: number): Promise<number> {
    if (length < 0 || length > this.#tokens.length) {
      throw new Error(`rewind to ${length} of ${this.#tokens.length}`);
    }
    this.rewinds += 1;
    this.#tokens = this.#tokens.slice(0, this.#model.rewinds || length === this.#tokens.length ? length : 0);
    return this.#tokens.length;
  }

  async append(tokens: readonly TokenId[]): Promise<void> {
    await this.#decode(tokens);
  }

  async branch(tokens: readonly TokenId[], allowed: readonly TokenId[]): Promise<Float64Array> {
    await this.#decode(tokens);
    return this.#model.probabilities(this.#tokens, allowed);
  }

  async sample(tokens: readonly TokenId[], _sampling: Sampling): Promise<TokenId> {
    await this.#decode(tokens);
    const all = Array.from({ length: this.#model.vocabulary.size }, (_, token) => token);
    const probabilities = this.#model.probabilities(this.#tokens, all);
    return probabilities.indexOf(Math.max(...probabilities));
  }

  async #decode(tokens: readonly TokenId[]): Promise<void> {
    if (this.#busy) {
      throw new Error('two calls at once');
    }
    if (tokens.length === 0 || tokens.length > this.#model.batchTokens) {
      throw new Error(`${tokens.length} tokens in one decode call`);
    }
    if (this.#tokens.length + tokens.length > this.#model.contextTokens) {
      throw new Error('context overflow');
    }
    this.#busy = true;
    await Promise.resolve();
    this.#busy = false;
    this.calls.push(tokens.length);
    this.#tokens = [...this.#tokens, ...tokens];
  }
}

/** A turn nobody contests. */
export function freeTurn(lane: Turn['lane'] = 'interactive'): Turn {
  return { lane, signal: new AbortController().signal, pass: () => Promise.resolve() };
}
