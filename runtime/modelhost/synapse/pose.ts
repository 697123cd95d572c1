import type { AnswerLanguage } from '../../contract/answer.ts';
import type { Prompt } from '../../contract/engine.ts';
import type { EntityId } from '../../contract/ids.ts';
import type { Value } from '../../contract/reading.ts';
import { isGanglionError } from '../../errors.ts';
import { questionLanguage, requestLanguage } from './language.ts';
import { listedFor, mark } from './linking.ts';
import { listingOf, listingParts, type Listable, type ListedHouse, type Listing } from './listing.ts';
import { eventParts, requestParts, type Fact } from './question.ts';
import { plainText, type SaidValue } from './values.ts';

/** Lines of a listing: for what people say, and for guidance and rules, which speak of more things. */
export const LINES = { request: 8, guidance: 16 } as const;

/** Tokens of a listing, a question and an answer together: it has learned from rows of so many and knows no place beyond. */
export const CONTEXT_TOKENS = 256;

/** A question as the embedded model is asked it, and what its answer is to be read with. */
export interface Posed {
  readonly prompt: Prompt;
  readonly listing: Listing;
  /** What `<v1>`, `<v2>`, … stand for. */
  readonly values: readonly SaidValue[];
}

export interface RequestToPose {
  readonly text: string;
  readonly house: ListedHouse;
  /** It asks and does not order: then no answer that does something is in the language. */
  readonly asks: boolean;
  /** Id of the area the speaker is in. */
  readonly here?: string | undefined;
  /** Of the listing, at most; default 8. */
  readonly lines?: number;
}

/** A request in words, or a question about the state. */
export function poseRequest({
  text: words,
  house,
  asks,
  here,
  lines = LINES.request,
}: RequestToPose): Posed & {
  readonly language: AnswerLanguage;
} {
  const text = plainText(words);
  const sure: Listable[] = here === undefined ? [] : [{ type: 'area', id: here }];
  const listing = listingOf(house, listedFor(text, house, lines, sure));
  const marked = mark(text, listing, house, here);
  const values = marked.found.map(({ said }) => said);
  return {
    prompt: promptOf([...listingParts(listing), ...requestParts(marked)]),
    listing,
    values,
    language: asks ? questionLanguage(listing) : requestLanguage(listing, values),
  };
}

/** What is known when an event is looked at. */
export type Known =
  | { readonly type: 'property'; readonly entity: EntityId; readonly property: string; readonly value: Value }
  | { readonly type: 'clock'; readonly minutes: number; readonly weekend: boolean };

export interface EventToPose {
  readonly guidance: string;
  readonly house: ListedHouse;
  /** What is known, first what changed. */
  readonly known: readonly Known[];
  /** Listed whether the guidance names it or not. */
  readonly about?: readonly EntityId[];
  /** Of the listing, at most, besides what is known and what it is about; default 16. */
  readonly lines?: number;
}

/** An event: the house's guidance and what is known now. Its language is the caller's. */
export function poseEvent({
  guidance,
  house,
  known,
  about = [],
  lines = LINES.guidance,
}: EventToPose): Posed {
  const text = plainText(guidance);
  const sure = [...known.flatMap((one) => (one.type === 'property' ? [one.entity] : [])), ...about];
  const wanted = sure.map((id): Listable => ({ type: 'entity', id }));
  const listing = listingOf(house, listedFor(text, house, lines, wanted));
  const marked = mark(text, listing, house);
  return {
    prompt: promptOf([...listingParts(listing), ...eventParts(marked, factsIn(known, listing), listing)]),
    listing,
    values: marked.found.map(({ said }) => said),
  };
}

/** Facts about what is listed, and the time. */
export function factsIn(known: readonly Known[], listing: Listing): Fact[] {
  return known.flatMap((fact): Fact[] => {
    if (fact.type === 'clock') return [{ minutes: fact.minutes, weekend: fact.weekend }];
    const line = listing.lines.find((one) => one.type === 'entity' && one.entity.id === fact.entity);
    return line === undefined ? [] : [{ pointer: line.pointer, property: fact.property, value: fact.value }];
  });
}

/**
 * All of it is the question's own: a listing is read in a few milliseconds, and keeping what was read of it on the disk takes
 * longer. What the last question shares with this one is still in memory.
 */
function promptOf(parts: Prompt['user']): Prompt {
  return { system: [], user: parts };
}

/** Asks with ever fewer lines until the question fits into the model's context. Throws what `ask` throws. */
export async function asLongAsFits<T>(lines: number, ask: (lines: number) => Promise<T>): Promise<T> {
  try {
    return await ask(lines);
  } catch (error) {
    const tooLong = isGanglionError(error) && error.code === 'MODEL_PROMPT_TOO_LONG';
    if (!tooLong || lines <= 1) throw error;
    return asLongAsFits(lines >> 1, ask);
  }
}
