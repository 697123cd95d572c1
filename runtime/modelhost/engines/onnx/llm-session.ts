import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { GanglionError, messageOf } from '../../../errors.ts';
import { checkAllowed, checkCall, tokensInvalid } from '../../tokens/check.ts';
import type { GrammarState, Sampling, TokenId, TokenSession } from '../../tokens/token-model.ts';
import { keyValues, type KeyValues, type KvLayout, type TensorClass } from './key-values.ts';
import { loadState, saveState } from './kv-file.ts';
import { drawToken, sharesOf } from './sampling.ts';

export interface LlmParts {
  /** For messages. */
  readonly file: string;
  readonly session: InferenceSession;
  readonly Tensor: TensorClass;
  readonly layout: KvLayout;
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly vocabularySize: number;
  /** What else the model asks for: `position_ids`, `num_logits_to_keep`. */
  readonly inputs: ReadonlySet<string>;
}

/** One sequence over a decoder with `past_key_values`. What fails half-way leaves it empty. */
export class OnnxTokenSession implements TokenSession {
  readonly #parts: LlmParts;
  readonly #cache: KeyValues;
  #tokens: TokenId[] = [];
  /** (context) ones: the mask of everything there is. */
  readonly #ones: BigInt64Array;
  /** Reused by every call where the model gives the last position only. */
  readonly #last: Tensor | undefined;

  constructor(parts: LlmParts) {
    this.#parts = parts;
    this.#cache = keyValues(parts.layout, parts.Tensor, parts.contextTokens);
    this.#ones = new BigInt64Array(parts.contextTokens).fill(1n);
    const { Tensor, vocabularySize: width } = parts;
    if (!parts.inputs.has('num_logits_to_keep')) return;
    this.#last = new Tensor('float32', new Float32Array(width), [1, 1, width]);
  }

  get tokens(): readonly TokenId[] {
    return this.#tokens;
  }

  async rewind(length: number): Promise<number> {
    const kept = Math.max(0, Math.floor(length));
    if (kept >= this.#tokens.length) return this.#tokens.length;
    this.#cache.cut(kept);
    this.#tokens = this.#tokens.slice(0, kept);
    return kept;
  }

  async append(tokens: readonly TokenId[]): Promise<void> {
    checkCall(tokens, this.#tokens.length, this.#parts);
    await this.#decode(tokens);
  }

  async branch(tokens: readonly TokenId[], allowed: readonly TokenId[]): Promise<Float64Array> {
    checkCall(tokens, this.#tokens.length, this.#parts);
    checkAllowed(allowed, this.#parts);
    const shares = sharesOf(await this.#decode(tokens), allowed);
    if (shares === undefined) throw this.#failed('its scores of the allowed tokens are not finite');
    return shares;
  }

  async sample(tokens: readonly TokenId[], sampling: Sampling, grammar?: GrammarState): Promise<TokenId> {
    checkCall(tokens, this.#tokens.length, this.#parts);
    if (grammar !== undefined)
      throw tokensInvalid(this.#parts.file, 'no grammar: ONNX models have none', 'one');
    const token = drawToken(await this.#decode(tokens), sampling, this.#tokens.length);
    if (token === undefined) throw this.#failed('its scores are not finite');
    return token;
  }

  async save(file: string): Promise<void> {
    try {
      await saveState(file, this.#parts.layout, this.#tokens, this.#cache);
    } catch (error) {
      throw this.#failed(messageOf(error), error);
    }
  }

  async load(file: string): Promise<void> {
    const { layout, contextTokens, vocabularySize } = this.#parts;
    this.#empty();
    try {
      this.#tokens = await loadState(file, layout, { contextTokens, vocabularySize }, this.#cache);
    } catch (error) {
      this.#empty();
      throw this.#failed(messageOf(error), error);
    }
  }

  /** Runs the model over tokens and keeps them. The scores of the token that follows. (vocabulary) */
  async #decode(tokens: readonly TokenId[]): Promise<Float32Array> {
    const { session, inputs, Tensor } = this.#parts;
    const length = this.#tokens.length;
    const total = length + tokens.length;
    try {
      const { feeds, fetches } = this.#cache.tensors(length, tokens.length);
      const positions = inputs.has('position_ids')
        ? {
            position_ids: new Tensor(
              'int64',
              BigInt64Array.from(tokens, (_, i) => BigInt(length + i)),
              [1, tokens.length],
            ),
          }
        : {};
      const kept = inputs.has('num_logits_to_keep')
        ? { num_logits_to_keep: new Tensor('int64', BigInt64Array.of(1n), []) }
        : {};
      // The call blocks this thread until it is done, which is why it runs in a process of its own.
      const results = await session.run(
        {
          ...feeds,
          ...positions,
          ...kept,
          input_ids: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
          attention_mask: new Tensor('int64', this.#ones.subarray(0, total), [1, total]),
        },
        { ...fetches, logits: this.#last ?? null },
      );
      this.#cache.take(results);
      this.#tokens = [...this.#tokens, ...tokens];
      return this.#lastRow(results['logits']!);
    } catch (error) {
      this.#empty();
      throw this.#failed(messageOf(error).split('\n')[0]!.slice(0, 300), error);
    }
  }

  #lastRow(logits: Tensor): Float32Array {
    const data = (this.#last ?? logits).data as Float32Array;
    return data.subarray(data.length - this.#parts.vocabularySize);
  }

  #empty(): void {
    this.#tokens = [];
    this.#cache.cut(0);
  }

  #failed(reason: string, cause?: unknown): GanglionError {
    return new GanglionError('MODEL_ANSWER_FAILED', { file: this.#parts.file, reason }, { cause });
  }
}
