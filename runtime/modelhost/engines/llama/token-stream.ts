import type { LlamaContextSequence, SequenceEvaluateOptions, Token } from 'node-llama-cpp';

export interface NextToken {
  readonly token: Token;
  /** Likeliest first; only where asked for. */
  readonly probabilities?: ReadonlyMap<Token, number>;
}

type Generation = ReturnType<LlamaContextSequence['evaluateWithMetadata']>;

/**
 * Decode calls on a sequence that share one sampler. Each evaluation of the library on its own makes a sampler with room
 * for the whole vocabulary, 1.8 MB at 150 000 tokens, that is held until the next garbage collection; a generation that
 * is fed with tokens from outside keeps the one it has.
 */
export class TokenStream {
  readonly #sequence: LlamaContextSequence;
  readonly #options: SequenceEvaluateOptions;
  readonly #probabilities: boolean;
  #generation: Generation | undefined;

  constructor(sequence: LlamaContextSequence, options: SequenceEvaluateOptions, probabilities = false) {
    this.#sequence = sequence;
    this.#options = options;
    this.#probabilities = probabilities;
  }

  /**
   * Evaluates these tokens after all the sequence holds, and draws the one to follow. Undefined: none could be drawn.
   * Rejects with the library's errors.
   */
  async next(tokens: readonly Token[]): Promise<NextToken | undefined> {
    const given = [...tokens];
    let generation = this.#generation;
    const result =
      generation === undefined
        ? await (generation = this.#generation = this.#start(given)).next()
        : await generation.next(given);
    return result.done === true ? undefined : result.value;
  }

  async close(): Promise<void> {
    await this.#generation?.return(undefined);
    this.#generation = undefined;
  }

  #start(tokens: Token[]): Generation {
    return this.#sequence.evaluateWithMetadata(
      tokens,
      { probabilities: this.#probabilities },
      // What ends an answer is for the caller to see.
      { ...this.#options, yieldEogToken: true },
    );
  }
}
