import { allowedTokens, nextState, type TokenAutomaton } from '../automaton/token-automaton.ts';
import type { TokenId } from '../tokens/token-model.ts';
import type { Evaluation } from './evaluation.ts';

/** A choice that was made at a branch: the place is the index of its token in the path. */
export interface Step {
  readonly at: number;
  readonly token: TokenId;
  /** 0–1, among the allowed */
  readonly probability: number;
  readonly options: number;
}

/** A beginning of an answer that ends at a branch or is whole; forced tokens are part of it. */
export interface Place {
  readonly path: readonly TokenId[];
  readonly state: number;
  readonly steps: readonly Step[];
  /** Product of its steps. */
  readonly probability: number;
  readonly whole: boolean;
}

/** One of the tokens allowed at a branch. */
export interface Option {
  readonly token: TokenId;
  readonly probability: number;
  readonly options: number;
}

/** The answers below an automaton's start, one branch after the other. */
export class Walk {
  readonly #automaton: TokenAutomaton;
  readonly #prompt: readonly TokenId[];
  readonly #evaluation: Evaluation;
  readonly #temperature: number;

  /** @param temperature above 0; 1 leaves the probabilities as the model has them */
  constructor(
    automaton: TokenAutomaton,
    prompt: readonly TokenId[],
    evaluation: Evaluation,
    temperature = 1,
  ) {
    this.#automaton = automaton;
    this.#prompt = prompt;
    this.#evaluation = evaluation;
    this.#temperature = temperature;
  }

  start(): Place {
    return this.#forced([], 0, [], 1);
  }

  /** One decode call, or as many as the tokens since the last one need. Options in the order of their tokens. */
  async options(place: Place): Promise<Option[]> {
    const allowed = [...allowedTokens(this.#automaton, place.state)];
    const shares = await this.#evaluation.branch([...this.#prompt, ...place.path], allowed);
    const probabilities = tempered(shares, this.#temperature);
    return allowed.map((token, index) => ({
      token,
      probability: probabilities[index]!,
      options: allowed.length,
    }));
  }

  take(place: Place, option: Option): Place {
    const { token, probability, options } = option;
    return this.#forced(
      [...place.path, token],
      nextState(this.#automaton, place.state, token)!,
      [...place.steps, { at: place.path.length, token, probability, options }],
      place.probability * probability,
    );
  }

  /** Follows the tokens that have no alternative. They cost nothing here: they are evaluated with the next branch, or never. */
  #forced(path: TokenId[], from: number, steps: readonly Step[], probability: number): Place {
    const { edgesFrom, token, target } = this.#automaton;
    let state = from;
    while (edgesFrom[state + 1] === edgesFrom[state]! + 1) {
      path.push(token[edgesFrom[state]!]!);
      state = target[edgesFrom[state]!]!;
    }
    return { path, state, steps, probability, whole: edgesFrom[state] === edgesFrom[state + 1] };
  }
}

/** The likeliest; of equally likely ones that with the lowest token. */
export function likeliest(options: readonly Option[]): Option {
  return options.reduce((best, option) => (option.probability > best.probability ? option : best));
}

/**
 * Probabilities at another temperature: those of the logits divided by it, since shares of a softmax are logits up to a
 * constant. Source: Guo et al., On Calibration of Modern Neural Networks (2017), section 4.2. (shares), sums to 1
 */
export function tempered(shares: Float64Array, temperature: number): Float64Array {
  if (temperature === 1) return shares;
  // Divided by the largest first, so that none of them vanishes.
  const most = shares.reduce((best, share) => Math.max(best, share), 0);
  const raised = shares.map((share) => (share / most) ** (1 / temperature));
  const total = raised.reduce((sum, share) => sum + share, 0);
  return raised.map((share) => share / total);
}
