import type { Chosen } from '../contract/engine.ts';
import type { House } from '../contract/house.ts';
import type { Rung, RungAnswer, RungRequest } from '../contract/rung.ts';
import { isGanglionError } from '../errors.ts';
import type { ModelHost } from './client.ts';
import { LABELS } from './engines/labels.ts';
import { DETAILS, housePrefix, requestSuffix, type Detail } from './prompt.ts';

/** What the rungs need of the model host. */
export type Asker = Pick<ModelHost, 'choose' | 'classify'>;

export interface LlmRungOptions {
  readonly host: Asker;
  /** The model's file, as it was loaded. */
  readonly file: string;
  /** Below it the answer is a guess, and the rung abstains. 0–1 */
  readonly minConfidence: number;
}

/** Rung `llm`: the language model picks among the decision's choices. */
export class LlmRung implements Rung {
  readonly name = 'llm';
  readonly #options: LlmRungOptions;
  #prefix: Prefix | undefined;

  constructor(options: LlmRungOptions) {
    this.#options = options;
  }

  async decide(request: RungRequest, signal: AbortSignal): Promise<RungAnswer> {
    const { minConfidence } = this.#options;
    const { choices } = request;
    if (choices.length > LABELS.length) {
      return abstain(
        `${choices.length} choices are more than the ${LABELS.length} a language model is given`,
      );
    }
    return answering(async () => {
      const chosen = await this.#ask(request, signal);
      const choice = choices[chosen.index];
      if (choice === undefined) return abstain('the model named no choice');
      if (chosen.probability < minConfidence) {
        return abstain(`the model is not sure: ${percent(chosen.probability)} for ${choice.label}`);
      }
      return {
        kind: 'choice',
        index: chosen.index,
        confidence: chosen.probability,
        explanation: `The language model chose ${choice.label} with ${percent(chosen.probability)}${runnerUp(chosen.probabilities, chosen.index, request)}.`,
        tokens: chosen.tokens,
      };
    });
  }

  /** Tells less of the house where the context is too short for all of it. */
  async #ask(request: RungRequest, signal: AbortSignal): Promise<Chosen> {
    const { host, file } = this.#options;
    const suffix = requestSuffix(request);
    const choices = request.choices.map((choice) => choice.label);
    const options = { deadlineMs: request.budgetMs, lane: laneOf(request), signal };
    for (;;) {
      const prefix = this.#prefixOf(request.house);
      try {
        return await host.choose(file, { prefix: prefix.text, suffix, choices }, options);
      } catch (error) {
        const shorter = DETAILS[DETAILS.indexOf(prefix.detail) + 1];
        if (!isGanglionError(error) || error.code !== 'MODEL_PROMPT_TOO_LONG' || shorter === undefined)
          throw error;
        this.#prefix = { ...prefix, detail: shorter, text: housePrefix(request.house, shorter) };
      }
    }
  }

  /** The same text until the house changes, so that its KV state is found again. */
  #prefixOf(house: House): Prefix {
    if (this.#prefix?.house !== house || this.#prefix.version !== house.version) {
      this.#prefix = { house, version: house.version, detail: 'entities', text: housePrefix(house) };
    }
    return this.#prefix;
  }
}

interface Prefix {
  readonly house: House;
  readonly version: number;
  readonly detail: Detail;
  readonly text: string;
}

export interface OnnxRungOptions {
  readonly host: Asker;
  /** The classifier of a policy, by the policy's id; undefined where it has none. */
  readonly fileOf: (policy: string) => string | undefined;
  /** 0–1 */
  readonly minConfidence: number;
}

/** Rung `onnx`: a classifier over the frame; its class numbers are the choices in order. */
export class OnnxRung implements Rung {
  readonly name = 'onnx';
  readonly #options: OnnxRungOptions;

  constructor(options: OnnxRungOptions) {
    this.#options = options;
  }

  async decide(request: RungRequest, signal: AbortSignal): Promise<RungAnswer> {
    const { host, fileOf, minConfidence } = this.#options;
    const file = fileOf(request.policy);
    if (file === undefined) return abstain('this policy has no classifier');
    const { choices, frame } = request;
    const missing = frame.values.findIndex((value) => !Number.isFinite(value));
    if (missing !== -1) return abstain(`${frame.names[missing] ?? 'a feature'} is not known`);
    return answering(async () => {
      const options = { deadlineMs: request.budgetMs, lane: laneOf(request), signal };
      const { index, probability, probabilities } = await host.classify(
        file,
        { features: frame.values },
        options,
      );
      const choice = choices[index];
      if (probabilities.length !== choices.length || choice === undefined) {
        return abstain(
          `the classifier knows ${probabilities.length} classes and the policy has ${choices.length} choices`,
        );
      }
      if (probability < minConfidence)
        return abstain(`the classifier is not sure: ${percent(probability)} for ${choice.label}`);
      return {
        kind: 'choice',
        index,
        confidence: probability,
        explanation: `The classifier chose ${choice.label} with ${percent(probability)}${runnerUp(probabilities, index, request)}.`,
      };
    });
  }
}

/** A model that is not ready, too slow or gone is a reason to try the next rung, not a failure of the decision. */
async function answering(work: () => Promise<RungAnswer>): Promise<RungAnswer> {
  try {
    return await work();
  } catch (error) {
    if (isGanglionError(error)) return abstain(error.message);
    throw error;
  }
}

function abstain(reason: string): RungAnswer {
  return { kind: 'abstain', reason };
}

/** A person waits for the answer to a request in words. */
function laneOf(request: RungRequest): 'interactive' | 'background' {
  return request.policy === 'ask' ? 'interactive' : 'background';
}

function percent(probability: number): string {
  return `${(probability * 100).toFixed(probability > 0.995 || probability < 0.1 ? 1 : 0)} %`;
}

function runnerUp(probabilities: readonly number[], chosen: number, request: RungRequest): string {
  let second = -1;
  for (let i = 0; i < probabilities.length; i++) {
    if (i !== chosen && (second === -1 || probabilities[i]! > probabilities[second]!)) second = i;
  }
  return second === -1
    ? ''
    : `; next was ${request.choices[second]?.label ?? second} with ${percent(probabilities[second]!)}`;
}
