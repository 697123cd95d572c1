import { labelOf } from '../../devices/index.ts';
import type { Call } from '../contract/action.ts';
import type { RungName } from '../contract/decision.ts';
import type {
  Classified,
  ClassifyRequest,
  Decided,
  DecideRequest,
  Lane,
  Prompt,
} from '../contract/engine.ts';
import type { CallSpace, Rung, RungAnswer, RungRequest } from '../contract/rung.ts';
import { isGanglionError } from '../errors.ts';
import { choiceAnswers, type ChoiceAnswers } from './calls/choices.ts';
import { callLanguage } from './calls/language.ts';
import { readCalls } from './calls/read.ts';
import { pointed, type PointedSpace } from './calls/space.ts';
import type { HousePrompt } from './prompt/house.ts';
import { HousePrompts } from './prompt/house-prompts.ts';
import { callQuestion, choiceQuestion, type Question } from './prompt/question.ts';
import type { Repeats } from './repeats.ts';
import { abstain, answering, doubt, percent, runnerUp } from './wording.ts';

export interface AskerOptions {
  readonly deadlineMs: number;
  readonly lane: Lane;
  readonly signal: AbortSignal;
}

/** Whoever answers closed questions: the model host, or a server elsewhere. */
export interface Asker {
  /** Throws MODEL_…, QUEUE_FULL. */
  decide(file: string, request: DecideRequest, options: AskerOptions): Promise<Decided>;
  /** Throws MODEL_…, QUEUE_FULL. */
  classify(file: string, request: ClassifyRequest, options: AskerOptions): Promise<Classified>;
}

export interface LlmRungOptions {
  readonly host: Pick<Asker, 'decide'>;
  /** The model's file, as it was loaded; whatever names the model to `host`. */
  readonly file: string;
  /** Below it the answer is a guess, and the rung abstains. 0–1 */
  readonly minConfidence: number;
  /** Questions asked before, and loops. Shared by the rungs of a daemon; absent: every question is asked. */
  readonly repeats?: Repeats;
  /** Default `llm`. */
  readonly name?: RungName;
  /** What explanations call it. Default `The language model`. */
  readonly calledAs?: string;
}

/** Waiting for a turn that explains why an answer was late. */
const WORTH_SAYING_MS = 50;

/** What is asked, and what the answer means. */
interface Asked {
  readonly lane: Lane;
  readonly language: DecideRequest['language'];
  readonly exact: boolean;
  readonly question: (house: HousePrompt) => Question;
}

/** A reply with what had to be left out of its prompt. */
interface Reply {
  readonly decided: Decided;
  readonly repeated: boolean;
  readonly notes: readonly string[];
}

/**
 * Rungs `llm` and `remote`: a language model picks among a policy's choices, or answers a request in words with calls
 * of its space. It answers in a closed language and writes nothing of its own.
 */
export class LlmRung implements Rung {
  readonly name: RungName;
  readonly #options: LlmRungOptions;
  readonly #calledAs: string;
  readonly #prompts = new HousePrompts();

  constructor(options: LlmRungOptions) {
    this.#options = options;
    this.name = options.name ?? 'llm';
    this.#calledAs = options.calledAs ?? 'The language model';
  }

  async decide(request: RungRequest, signal: AbortSignal): Promise<RungAnswer> {
    if (!isWorthAsking(request)) return abstain('the house has no devices yet');
    this.#prompts.follow(request.house);
    return answering(() =>
      request.space === undefined
        ? this.#choose(request, signal)
        : this.#call(request, request.space, signal),
    );
  }

  async #choose(request: RungRequest, signal: AbortSignal): Promise<RungAnswer> {
    const { choices } = request;
    const answers = choiceAnswers(choices.map(({ label }) => label));
    if (answers === undefined) return abstain('the policy has no choices');
    const reply = await this.#ask(request, signal, {
      lane: request.lane ?? 'event',
      language: answers.language,
      exact: answers.exact,
      question: (): Question => choiceQuestion(request, answers, this.#prompts.pointers),
    });
    const { decided } = reply;
    const labelled = (text: string): string | undefined => choices[indexOf(answers, text)]?.label;
    const label = labelled(decided.text);
    if (decided.abstained) return abstain(this.#unsure(request, reply, label));
    if (label === undefined) return abstain('the answer was none of the choices');
    const next = decided.alternatives[0];
    return {
      kind: 'choice',
      index: indexOf(answers, decided.text),
      confidence: decided.probability,
      explanation: this.#explain(reply, label, next && labelled(next.text)),
      tokens: decided.tokens,
    };
  }

  async #call(request: RungRequest, callSpace: CallSpace, signal: AbortSignal): Promise<RungAnswer> {
    const space = pointed(callSpace, (id) => this.#prompts.pointers.of(id));
    const language = callLanguage(space);
    if (language === undefined) return abstain('nothing that may be meant takes commands a model can give');
    const reply = await this.#ask(request, signal, {
      lane: 'interactive',
      language,
      exact: false,
      question: (house) => callQuestion(request, space, house),
    });
    const { decided } = reply;
    const calls = readCalls(decided.text, space);
    if (decided.abstained) return abstain(this.#unsure(request, reply, calls && callsText(calls)));
    if (calls === undefined) return abstain('the answer was none of the calls it may make');
    const next = decided.alternatives[0];
    return {
      kind: 'calls',
      calls: once(calls),
      confidence: decided.probability,
      explanation: this.#explain(reply, callsText(calls), next && readText(next.text, space)),
      tokens: decided.tokens,
    };
  }

  /** Tells less of the house where the context is too short for all of it. */
  async #ask(request: RungRequest, signal: AbortSignal, asked: Asked): Promise<Reply> {
    const { host, file, repeats } = this.#options;
    const minProbability = this.#minConfidence(request);
    const { language, exact, lane } = asked;
    const options = { deadlineMs: request.budgetMs, lane, signal };
    let last: unknown;
    for (const house of this.#prompts.for((candidate) => asked.question(candidate).parts)) {
      const question = asked.question(house);
      const prompt: Prompt = { system: house.parts, user: question.parts, opening: 'Answer:' };
      const wanted: DecideRequest = {
        prompt,
        language,
        // Where all answers are scored the next best is known; elsewhere finding it would take as long as the answer did.
        ...(exact ? { alternatives: 1 } : {}),
        ...(minProbability > 0 ? { minProbability } : {}),
        ...(exact ? { exact } : {}),
      };
      const ask = async (): Promise<Decided> => host.decide(file, wanted, options);
      try {
        const answered =
          repeats === undefined
            ? { decided: await ask(), repeated: false }
            : await repeats.answer({ policy: request.policy, file }, wanted, ask);
        return { ...answered, notes: [...this.#prompts.notes(house), ...question.notes] };
      } catch (error) {
        if (!isGanglionError(error) || error.code !== 'MODEL_PROMPT_TOO_LONG') throw error;
        this.#prompts.tooLong(house, question.parts);
        last = error;
      }
    }
    throw last;
  }

  #minConfidence({ minConfidence = 0 }: RungRequest): number {
    return Math.max(this.#options.minConfidence, minConfidence);
  }

  #unsure(request: RungRequest, { decided, repeated, notes }: Reply, label: string | undefined): string {
    const towards = label === undefined ? '' : ` of ${label}`;
    const wanted = percent(this.#minConfidence(request));
    const known = repeated ? '; it was asked the same just before' : '';
    const left = notes.length === 0 ? '' : `; ${notes.join('; ')}`;
    return `the model is ${percent(decided.probability)} sure${towards}, ${wanted} are wanted${known}${left}`;
  }

  #explain({ decided, repeated, notes }: Reply, answer: string, next: string | undefined): string {
    const sure = `${this.#calledAs} chose ${answer} with ${percent(decided.probability)}`;
    const rest = [runnerUp(next, decided.alternatives[0]?.probability), doubt(decided)].join('');
    const left = notes.map((note) => `; ${note}`).join('');
    const waited = !repeated && decided.timings.waitedMs >= WORTH_SAYING_MS;
    const turn = waited ? `; it waited ${Math.round(decided.timings.waitedMs)} ms for its turn` : '';
    const known = repeated ? '; it was asked the same before, and this is the answer it gave then' : '';
    return `${sure}${rest}${left}${turn}${known}.`;
  }
}

/** Without devices only tools can be called, and only policies call them. */
function isWorthAsking({ house, choices }: RungRequest): boolean {
  for (const _ of house.entities()) return true;
  return choices.some(({ calls }) => calls.some((call) => call.entity.startsWith('tool.')));
}

function indexOf({ texts }: ChoiceAnswers, text: string): number {
  return texts.findIndex((one) => one.trim() === text.trim());
}

/** The same call said twice is meant once: two toggles would undo each other. */
function once(calls: readonly Call[]): Call[] {
  const seen = new Map(calls.map((call) => [labelOf([call]), call]));
  return [...seen.values()];
}

function callsText(calls: readonly Call[]): string {
  return calls.length === 0 ? 'none' : labelOf(once(calls));
}

function readText(text: string, space: PointedSpace): string | undefined {
  const calls = readCalls(text, space);
  return calls === undefined ? undefined : callsText(calls);
}

export interface OnnxRungOptions {
  readonly host: Pick<Asker, 'classify'>;
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
      const options: AskerOptions = { deadlineMs: request.budgetMs, lane: request.lane ?? 'event', signal };
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
      const next = probabilities.reduce(
        (best, value, i) => (i !== index && value > (probabilities[best] ?? -1) ? i : best),
        -1,
      );
      return {
        kind: 'choice',
        index,
        confidence: probability,
        explanation: `The classifier chose ${choice.label} with ${percent(probability)}${runnerUp(choices[next]?.label, probabilities[next])}.`,
      };
    });
  }
}
