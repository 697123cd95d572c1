import type { Turn } from '../../contract/engine.ts';
import { GanglionError } from '../../errors.ts';
import { callTokens, sharedLength } from '../tokens/prefill.ts';
import type { TokenId, TokenSession } from '../tokens/token-model.ts';

export interface EvaluationOptions {
  /** The model's file, for error messages. */
  readonly file: string;
  /** Tokens a decode call may take. */
  readonly batchTokens: number;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
}

/** Asks the session how a sequence of tokens goes on, with as few decode calls as what it holds already allows. */
export class Evaluation {
  /** Time the model worked, and time it waited for its turn. */
  workedMs = 0;
  waitedMs = 0;
  /** The first branch: tokens the session held already, length of the sequence, time worked until it was known. */
  first: { readonly kept: number; readonly length: number; readonly workedMs: number } | undefined;
  readonly #session: TokenSession;
  readonly #turn: Turn;
  readonly #options: EvaluationOptions;
  readonly #batchTokens: number;

  constructor(session: TokenSession, turn: Turn, options: EvaluationOptions) {
    this.#session = session;
    this.#turn = turn;
    this.#options = options;
    this.#batchTokens = callTokens(turn.lane, options.batchTokens);
  }

  /**
   * How likely each of `allowed` is to follow `sequence` (1 or more tokens). Whatever the session holds is kept as far as it
   * is the same; the rest is forgotten and evaluated anew, at least the last token. (allowed), sums to 1
   */
  async branch(sequence: readonly TokenId[], allowed: readonly TokenId[]): Promise<Float64Array> {
    const kept = await this.#work(() => this.#keep(sequence));
    let done = kept;
    while (sequence.length - done > this.#batchTokens) {
      const chunk = sequence.slice(done, done + this.#batchTokens);
      await this.#call(() => this.#session.append(chunk));
      done += chunk.length;
    }
    const rest = sequence.slice(done);
    const probabilities = await this.#call(() => this.#session.branch(rest, allowed));
    this.first ??= { kept, length: sequence.length, workedMs: this.workedMs };
    if (probabilities.length !== allowed.length || !probabilities.every(Number.isFinite)) {
      throw new GanglionError('MODEL_ANSWER_FAILED', {
        file: this.#options.file,
        reason: 'it gave no probabilities for its tokens',
      });
    }
    return probabilities;
  }

  async #keep(sequence: readonly TokenId[]): Promise<number> {
    const same = sharedLength(this.#session.tokens, sequence);
    const kept = Math.min(same, sequence.length - 1);
    return kept === this.#session.tokens.length ? kept : await this.#session.rewind(kept);
  }

  /** One decode call, when it is our turn. */
  async #call<T>(call: () => Promise<T>): Promise<T> {
    const from = this.#options.now();
    await this.#turn.pass();
    this.waitedMs += this.#options.now() - from;
    return await this.#work(call);
  }

  async #work<T>(job: () => Promise<T>): Promise<T> {
    const from = this.#options.now();
    const result = await job();
    this.workedMs += this.#options.now() - from;
    return result;
  }
}
