import type { Lane, ModelInfo } from '../../contract/engine.ts';

/** A token's id in its model's vocabulary. */
export type TokenId = number;

/** What automaton, prompt and chat need of a model's vocabulary. */
export interface Vocabulary {
  /** Number of tokens. */
  readonly size: number;
  /**
   * The tokens of a piece of text that follows other text: no leading space is added, nothing in it is taken for a
   * special token. `tokenize('<|im_end|>')` is plain text.
   */
  tokenize(text: string): TokenId[];
  /** The text of tokens; control tokens by their names. Bytes that are no complete character become U+FFFD. */
  detokenize(tokens: readonly TokenId[]): string;
  /**
   * The id of the control or user-defined token of exactly this name: `<|im_end|>`, `[INST]`, `<e3>`. `tokenize` gives
   * none of these. Not for names from data.
   */
  control(name: string): TokenId | undefined;
  /** Put before a prompt, where the model wants that. */
  readonly bos: TokenId | undefined;
  /** What ends an answer when the model goes on freely: end of text, end of turn. The first one ends answers of a closed language. */
  readonly ends: readonly TokenId[];
  /** Jinja source of the chat template. Undefined: the model has none. */
  readonly chatTemplate: string | undefined;
}

export interface Sampling {
  /** 0: the likeliest token. */
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}

/** Keeps generated text within a JSON schema, token by token. One per answer. */
export interface GrammarState {
  readonly schema: object;
}

/**
 * One sequence of tokens with its keys and values. One call at a time.
 *
 *     tokens   ├── kept from before ──┤├── appended now ──┤
 *                                     ▲ rewind(length)
 */
export interface TokenSession {
  /** The tokens whose keys and values are held, in order. */
  readonly tokens: readonly TokenId[];
  /** Forgets everything from `length` on. Returns how many are left: 0 where the model cannot step back. */
  rewind(length: number): Promise<number>;
  /** One decode call: 1 to `batchTokens` tokens. */
  append(tokens: readonly TokenId[]): Promise<void>;
  /**
   * One decode call: appends 1 to `batchTokens` tokens and tells how likely each of `allowed` is to follow, among
   * themselves. (allowed), sums to 1
   */
  branch(tokens: readonly TokenId[], allowed: readonly TokenId[]): Promise<Float64Array>;
  /** One decode call: appends tokens and draws the next from the whole vocabulary, or from what `grammar` allows. */
  sample(tokens: readonly TokenId[], sampling: Sampling, grammar?: GrammarState): Promise<TokenId>;
  /** Writes tokens, keys and values to a file. Absent: this engine cannot. */
  save?(file: string): Promise<void>;
  /** Takes tokens, keys and values from a file that `save` wrote. Throws if it does not fit; the session is empty then. */
  load?(file: string): Promise<void>;
}

/** A language model at the level of tokens: what an engine brings, and all of the deciding is built on. */
export interface TokenModel {
  readonly info: ModelInfo;
  readonly vocabulary: Vocabulary;
  /** Tokens a session can hold. */
  readonly contextTokens: number;
  /** Tokens a decode call may take. */
  readonly batchTokens: number;
  /** What a saved state depends on besides the model's bytes: library, its version, context settings, device. */
  readonly stateKey: string;
  /** The session of a lane; the same one every time. Lanes do not share keys and values. */
  session(lane: Lane): TokenSession;
  /** Checks a JSON schema for `sample`. Absent: schemas are not supported. Throws MODEL_QUESTION_INVALID. */
  grammar?(schema: object): Promise<GrammarState>;
  dispose(): Promise<void>;
}
