import type { LoadedModel } from '../../../runtime/contract/engine.ts';
import { Lanes } from '../../../runtime/modelhost/lanes.ts';
import { eventLanguage, requestLanguage, ruleLanguage } from '../../../runtime/modelhost/synapse/language.ts';
import { listingOf, listingParts, type Listable } from '../../../runtime/modelhost/synapse/listing.ts';
import { readSaid, type Said } from '../../../runtime/modelhost/synapse/said.ts';
import { plainText, valuesIn } from '../../../runtime/modelhost/synapse/values.ts';
import { gist } from '../../../devices/index.ts';
import { hintsFor, listed, optionsOf } from '../corpus/examples.ts';
import { questionParts } from '../train/rows.ts';
import type { Answerer, EvalCase, Outcome } from './case.ts';
import { outcomeOf } from './expected.ts';

/** Lines of the listing: for what people say, and for guidance and rules, which speak of more things. */
const LINES = { request: 8, refusal: 8, question: 8, event: 16, rule: 16 } as const;
const NOTHING: Outcome = { type: 'calls', calls: [] };

export interface ModelOptions {
  /** Below this probability nothing is done. */
  readonly threshold: number;
  /** Asked without knowing the question: milliseconds a decision took. */
  readonly onDecided?: (ms: number, probability: number) => void;
}

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

  async answer(question: Omit<EvalCase, 'expected' | 'meant'>): Promise<Outcome> {
    const { task, home, facts, here, state } = question;
    const text = plainText(question.text);
    const spoken = task !== 'event' && task !== 'rule';
    const form = spoken ? gist(question.text, home.house) : 'request';
    if (form === 'cancel' || form === 'negated' || form === 'later') return NOTHING;
    const sure: Listable[] = [
      ...(here === undefined ? [] : [{ type: 'area' as const, id: here.id }]),
      ...facts.flatMap((fact): Listable[] =>
        fact.type === 'property' ? [{ type: 'entity', id: fact.entity }] : [],
      ),
    ];
    const listing = listingOf(home.house, listed(text, home, LINES[task], sure));
    const found = valuesIn(text, optionsOf(listing));
    const values = found.map(({ said }) => said);
    const hints = hintsFor(text, listing, home, here?.id);
    const language =
      task === 'event'
        ? eventLanguage(listing, values)
        : task === 'rule'
          ? ruleLanguage(listing, values)
          : requestLanguage(listing, values);
    const started = performance.now();
    const decided = await this.#lanes.run(
      { lane: 'interactive', signal: this.#signal, file: this.#model.info.file },
      async (turn) =>
        this.#model.decide!(
          {
            prompt: {
              system: listingParts(listing),
              user: questionParts(task, { text, found, hints }, facts, listing),
            },
            language,
          },
          turn,
        ),
    );
    this.#options.onDecided?.(performance.now() - started, decided.probability);
    const said = decided.probability < this.#options.threshold ? undefined : readSaid(decided.text);
    if (said === undefined || isBarred(said, form === 'question')) return NOTHING;
    return outcomeOf(said, listing, values, state) ?? NOTHING;
  }
}

/** What is asked is never done, whatever the model makes of it. */
function isBarred(said: Said, asks: boolean): boolean {
  return asks && said.type !== 'query';
}
