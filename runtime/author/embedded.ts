import { labelOf } from '../../devices/index.ts';
import { atClock, conjuncts, type Draft, type DraftPart } from '../../policies/index.ts';
import type { AnswerLanguage } from '../contract/answer.ts';
import type { Decided, PromptPart } from '../contract/engine.ts';
import { isGanglionError } from '../errors.ts';
import type { Asker } from '../modelhost/rungs.ts';
import type { SynapseCard } from '../modelhost/synapse/card.ts';
import type { Present } from '../modelhost/synapse/commands.ts';
import { requestLanguage, ruleLanguage } from '../modelhost/synapse/language.ts';
import { listedFor, mark } from '../modelhost/synapse/linking.ts';
import { listingOf, listingParts, type Listing } from '../modelhost/synapse/listing.ts';
import { authorParts, requestParts } from '../modelhost/synapse/question.ts';
import { resolveCalls } from '../modelhost/synapse/resolve.ts';
import { draftRule } from '../modelhost/synapse/rule.ts';
import { readSaid } from '../modelhost/synapse/said.ts';
import { plainText, type SaidValue } from '../modelhost/synapse/values.ts';
import { chosen, wordsFor, type AuthorModel, type ModelDraft, type ModelQuestion } from './model.ts';

export interface EmbeddedAuthorParts {
  readonly host: Pick<Asker, 'decide'>;
  /** The model's file, as `host` knows it. */
  readonly file: string;
  /** What was measured of it: its temperature makes its probabilities what they say. */
  readonly card?: Pick<SynapseCard, 'temperature'>;
}

/** Lines of a listing for a sentence that speaks of several things, and for one that is too long for so many. */
const LINES = [16, 10, 6] as const;
const UNKNOWN: Present = () => undefined;

/** The embedded model as an author: it fills the automaton of its rule language over a listing of what is meant perhaps. */
export class EmbeddedAuthor implements AuthorModel {
  readonly rung = 'llm';
  readonly #parts: EmbeddedAuthorParts;

  constructor(parts: EmbeddedAuthorParts) {
    this.#parts = parts;
  }

  /** With fewer devices listed where its context is too short for all of them. */
  async propose(question: ModelQuestion): Promise<readonly ModelDraft[]> {
    for (const lines of LINES.slice(0, -1)) {
      try {
        return await this.#propose(question, lines);
      } catch (error) {
        if (!isGanglionError(error) || error.code !== 'MODEL_PROMPT_TOO_LONG') throw error;
      }
    }
    return this.#propose(question, LINES.at(-1)!);
  }

  async #propose(question: ModelQuestion, lines: number): Promise<readonly ModelDraft[]> {
    const { clear } = question;
    // What sets it off is clear: the rest is a request like any other.
    if (
      clear.when !== undefined &&
      clear.then === undefined &&
      clear.action !== undefined &&
      clear.action !== ''
    )
      return this.#calls(question, clear.when, clear.action, lines);
    return this.#rule(question, lines);
  }

  async #calls(
    question: ModelQuestion,
    when: DraftPart<string>,
    action: string,
    lines: number,
  ): Promise<readonly ModelDraft[]> {
    const asked = this.#asked(action, question, lines);
    const language = requestLanguage(asked.listing, asked.values);
    const prompt = [...listingParts(asked.listing), ...requestParts(asked.marked)];
    return this.#answers(question, prompt, language, (text) => {
      const said = readSaid(text);
      if (said?.type !== 'calls') return undefined;
      const calls = resolveCalls(said.calls, asked.listing, asked.values, UNKNOWN);
      if (calls.length === 0) return undefined;
      // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
      return {
        when,
        if: [],
        then: callParts(
          calls.map((call) => labelOf([call])),
          question,
        ),
        mode: 'suggest',
      };
    });
  }

  async #rule(question: ModelQuestion, lines: number): Promise<readonly ModelDraft[]> {
    const asked = this.#asked(question.clear.rest, question, lines);
    const language = ruleLanguage(asked.listing, asked.values);
    const prompt = [...listingParts(asked.listing), ...authorParts(asked.marked)];
    return this.#answers(question, prompt, language, (text) =>
      ruleOf(text, asked.listing, asked.values, question),
    );
  }

  #asked(words: string, { house }: ModelQuestion, lines: number) {
    const text = plainText(words);
    const listing = listingOf(house, listedFor(text, house, lines));
    const marked = mark(text, listing, house);
    return { listing, marked, values: marked.found.map(({ said }) => said) };
  }

  async #answers(
    { deadlineMs, signal, alternatives }: ModelQuestion,
    user: readonly PromptPart[],
    language: AnswerLanguage,
    read: (text: string) => Draft | undefined,
  ): Promise<readonly ModelDraft[]> {
    const { host, file, card } = this.#parts;
    const request = {
      prompt: { system: [], user },
      language,
      ...(alternatives === 0 ? {} : { alternatives }),
      ...(card === undefined ? {} : { temperature: card.temperature }),
    };
    const decided: Decided = await host.decide(file, request, { deadlineMs, lane: 'interactive', signal });
    if (decided.abstained) return [];
    return [decided, ...decided.alternatives].flatMap(({ text, probability }) => {
      const draft = read(text);
      return draft === undefined ? [] : [{ draft, confidence: probability }];
    });
  }
}

function ruleOf(
  text: string,
  listing: Listing,
  values: readonly SaidValue[],
  question: ModelQuestion,
): Draft | undefined {
  const said = readSaid(text);
  if (said?.type !== 'rule') return undefined;
  const rule = draftRule(said.rule, listing, values, UNKNOWN);
  if (rule === undefined) return undefined;
  const { sentence, house } = question;
  const conditions = rule.if === undefined ? [] : conjuncts(rule.if);
  const clock = /^now\.time >= "(\d\d):(\d\d)"$/.exec(rule.when);
  const days = conditions.find((one) => one.startsWith('now.weekday'));
  const own = clock === null ? conditions : conditions.filter((one) => one !== days);
  const when =
    clock === null
      ? rule.when
      : atClock(
          Number(clock[1]) * 60 + Number(clock[2]),
          days === undefined ? [] : days.includes('<=') ? [1, 2, 3, 4, 5] : [6, 7],
        );
  // A day, or a time that ends, sets nothing off.
  if (when.startsWith('now.')) return undefined;
  const hold = said.rule.hold === undefined ? undefined : values[said.rule.hold];
  return {
    when: chosen(when, wordsFor(when, sentence, house)),
    if: own.map((one) => chosen(one, wordsFor(one, sentence, house))),
    ...(hold?.type === 'duration'
      ? { hold: chosen(hold.ms, wordsFor(String(hold.ms / 1000), sentence, house)) }
      : {}),
    // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
    then: callParts(
      rule.calls.map((call) => labelOf([call])),
      question,
    ),
    mode: 'suggest',
  };
}

function callParts(calls: readonly string[], { sentence, house }: ModelQuestion): DraftPart<string>[] {
  return [...new Set(calls)].map((call) => chosen(call, wordsFor(call, sentence, house)));
}
