import type { AnswerLanguage } from '../../../runtime/contract/answer.ts';
import type { Decided, LoadedModel } from '../../../runtime/contract/engine.ts';
import { gist } from '../../../devices/index.ts';
import { Lanes } from '../../../runtime/modelhost/lanes.ts';
import { eventLanguage, ruleLanguage } from '../../../runtime/modelhost/synapse/language.ts';
import { hintsFor, listedFor, optionsOf } from '../../../runtime/modelhost/synapse/linking.ts';
import { listingOf, listingParts } from '../../../runtime/modelhost/synapse/listing.ts';
import { LINES, poseEvent, poseRequest, type Posed } from '../../../runtime/modelhost/synapse/pose.ts';
import { authorParts } from '../../../runtime/modelhost/synapse/question.ts';
import { isBarred } from '../../../runtime/modelhost/synapse/reader.ts';
import { readSaid } from '../../../runtime/modelhost/synapse/said.ts';
import { plainText, valuesIn } from '../../../runtime/modelhost/synapse/values.ts';
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
  readonly #model: LoadedModel;
  readonly #options: ModelOptions;
  readonly #lanes = new Lanes(() => performance.now());
  readonly #signal = new AbortController().signal;

  constructor(model: LoadedModel, options: ModelOptions) {
    this.#model = model;
    this.#options = options;
  }

  async answer(question: Asked): Promise<Outcome> {
    const posed = posedOf(question);
    if (posed === undefined) return NOTHING;
    const started = performance.now();
    const { temperature, threshold } = this.#options;
    const decided = await this.#lanes.run(
      { lane: 'interactive', signal: this.#signal, file: this.#model.info.file },
      async (turn) =>
        this.#model.decide!({ prompt: posed.prompt, language: posed.language, temperature }, turn),
    );
    this.#options.onDecided?.(performance.now() - started, decided);
    const outcome = outcomeOfText(decided.text, posed, question);
    const acts = outcome.type === 'rule' || (outcome.type === 'calls' && outcome.calls.length > 0);
    return acts && decided.probability < threshold ? NOTHING : outcome;
  }
}

/** What the model is asked; undefined where the words alone say that nothing is to be done. */
export function posedOf({ task, text: words, home, facts, here }: Asked):
  | (Posed & { readonly language: AnswerLanguage })
  | undefined {
  const { house } = home;
  if (task === 'event') {
    const posed = poseEvent({ guidance: words, house, known: facts });
    return { ...posed, language: eventLanguage(posed.listing, posed.values) };
  }
  if (task === 'rule') {
    const text = plainText(words);
    const listing = listingOf(house, listedFor(text, house, LINES.guidance));
    const found = valuesIn(text, optionsOf(listing));
    const values = found.map(({ said }) => said);
    const question = authorParts(text, found, hintsFor(text, listing, house, undefined));
    return {
      prompt: { system: [], user: [...listingParts(listing), ...question] },
      listing,
      values,
      language: ruleLanguage(listing, values),
    };
  }
  const form = gist(words, house);
  if (isBarred(form)) return undefined;
  return poseRequest({ text: words, house, asks: form === 'question', here: here?.id });
}

/** What a text of the model's language comes to. */
export function outcomeOfText(text: string, { listing, values }: Posed, { state }: Asked): Outcome {
  const said = readSaid(text);
  return said === undefined ? NOTHING : (outcomeOf(said, listing, values, state) ?? NOTHING);
}
