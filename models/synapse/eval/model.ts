import { MIN_CONFIDENCE } from '../../../runtime/author/model.ts';
import { doubtIn } from '../../../runtime/modelhost/synapse/meaning.ts';
import type { AnswerLanguage } from '../../../runtime/contract/answer.ts';
import type { Decided, LoadedModel } from '../../../runtime/contract/engine.ts';
import { gist } from '../../../devices/index.ts';
import { Lanes } from '../../../runtime/modelhost/lanes.ts';
import { eventLanguage, ruleLanguage } from '../../../runtime/modelhost/synapse/language.ts';
import { listedFor, mark } from '../../../runtime/modelhost/synapse/linking.ts';
import { listingOf, listingParts } from '../../../runtime/modelhost/synapse/listing.ts';
import {
  asLongAsFits,
  LINES,
  poseEvent,
  poseRequest,
  type Posed,
} from '../../../runtime/modelhost/synapse/pose.ts';
import { authorParts } from '../../../runtime/modelhost/synapse/question.ts';
import { isBarred } from '../../../runtime/modelhost/synapse/reader.ts';
import { readSaid } from '../../../runtime/modelhost/synapse/said.ts';
import { plainText } from '../../../runtime/modelhost/synapse/values.ts';
import type { Answerer, EvalCase, Outcome } from './case.ts';
import { outcomeOf } from './expected.ts';

const NOTHING: Outcome = { type: 'calls', calls: [] };

export interface ModelOptions {
  /** Below this probability nothing is done. */
  readonly threshold: number;
  /** As it was fitted for the model; 1 leaves its probabilities as they are. */
  readonly temperature: number;
  /** Told of every decision: milliseconds it took, and what was decided. */
  readonly onDecided?: (ms: number, decided: Decided) => void;
}

/** A question of the set, without what is expected. */
export type Asked = Omit<EvalCase, 'expected' | 'meant'>;

/** Asks the embedded model as the product does: the linker's listing, the deterministic gates, the closed answer. */
export class ModelAnswerer implements Answerer {
  readonly #decide: Decide;
  readonly #options: ModelOptions;

  constructor(model: LoadedModel, options: ModelOptions) {
    this.#decide = deciderOf(model, options.temperature);
    this.#options = options;
  }

  async answer(question: Asked): Promise<Outcome> {
    const started = performance.now();
    const answered = await this.#decide(question);
    if (answered === undefined) return NOTHING;
    const { posed, decided } = answered;
    const { threshold } = this.#options;
    this.#options.onDecided?.(performance.now() - started, decided);
    const outcome = outcomeOfText(decided.text, posed, question);
    const acts = outcome.type === 'rule' || (outcome.type === 'calls' && outcome.calls.length > 0);
    // A rule is a draft for a person to look at, and is not done.
    const least = outcome.type === 'rule' ? MIN_CONFIDENCE : threshold;
    return acts && (decided.probability < least || isAstray(answered, outcome, question)) ? NOTHING : outcome;
  }
}

/** A question as it was asked, and what the model made of it. */
export interface Answered {
  readonly posed: PosedIn;
  readonly decided: Decided;
}

/** Undefined where the words alone say that nothing is to be done. */
export type Decide = (question: Asked) => Promise<Answered | undefined>;

type PosedIn = Posed & { readonly language: AnswerLanguage };

/** Asks a model one question after the other, as a person would. */
export function deciderOf(model: LoadedModel, temperature: number): Decide {
  const lanes = new Lanes(() => performance.now());
  const { signal } = new AbortController();
  const place = { lane: 'interactive', signal, file: model.info.file } as const;
  return async (question) => {
    const spoken = question.task !== 'event' && question.task !== 'rule';
    if (spoken && isBarred(gist(question.text, question.home.house))) return undefined;
    return asLongAsFits(spoken ? LINES.request : LINES.guidance, async (lines) => {
      const posed = posedOf(question, lines);
      const { prompt, language } = posed;
      const decided = await lanes.run(place, async (turn) =>
        model.decide!({ prompt, language, temperature }, turn),
      );
      return { posed, decided };
    });
  };
}

function posedOf({ task, text: words, home, facts, here }: Asked, lines: number): PosedIn {
  const { house } = home;
  if (task === 'event') {
    const posed = poseEvent({ guidance: words, house, known: facts, lines });
    return { ...posed, language: eventLanguage(posed.listing, posed.values) };
  }
  if (task === 'rule') {
    const text = plainText(words);
    const listing = listingOf(house, listedFor(text, house, lines));
    const marked = mark(text, listing, house);
    const values = marked.found.map(({ said }) => said);
    return {
      prompt: { system: [], user: [...listingParts(listing), ...authorParts(marked)] },
      listing,
      values,
      language: ruleLanguage(listing, values),
    };
  }
  const asks = gist(words, house) === 'question';
  return poseRequest({ text: words, house, asks, here: here?.id, lines });
}

/** Whether the words of a request speak against what was chosen: then it is not done, however sure the model is. */
export function isAstray(
  { posed, decided }: Answered,
  outcome: Outcome,
  { task, text, home }: Asked,
): boolean {
  if (task === 'event' || task === 'rule' || outcome.type !== 'calls') return false;
  return doubtIn(decided.text, { text, house: home.house }, posed, outcome.calls) !== undefined;
}

/** What a text of the model's language comes to. */
export function outcomeOfText(text: string, { listing, values }: Posed, { state }: Asked): Outcome {
  const said = readSaid(text);
  return said === undefined ? NOTHING : (outcomeOf(said, listing, values, state) ?? NOTHING);
}
