import type { LinkableHouse } from '../../devices/index.ts';
import { subjectOf, type Draft, type DraftPart, type Recalled } from '../../policies/index.ts';
import type { RungName } from '../contract/decision.ts';
import type { Entity, House } from '../contract/house.ts';
import type { ClearParts } from './reader/reader.ts';
import { isOrder } from './reader/clauses.ts';
import { sentenceOf } from './reader/sentence.ts';
import { stem, tellingWords } from './reader/subjects.ts';

/** What a model is asked: a sentence, what of it is clear, and what came of sentences like it. */
export interface ModelQuestion {
  readonly sentence: string;
  readonly clear: ClearParts;
  readonly house: LinkableHouse;
  readonly examples: readonly Recalled[];
  /** Further answers wanted besides the best. */
  readonly alternatives: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** A rule that a model makes of a sentence. */
export interface ModelDraft {
  readonly draft: Draft;
  /** 0–1 */
  readonly confidence: number;
}

/**
 * Below this confidence a rule is a guess, 0–1. Not the threshold for acting: a person looks at a draft, and what is installed
 * suggests first.
 */
export const MIN_CONFIDENCE = 0.5;

/** A language model that fills the rule language; it writes nothing of its own. */
export interface AuthorModel {
  readonly rung: RungName;
  /** Likeliest first; none where it finds no rule. Throws MODEL_…, QUEUE_FULL. */
  propose(question: ModelQuestion): Promise<readonly ModelDraft[]>;
}

/** A draft with the parts that words alone make clear in the place of a model's. */
export function withClear(draft: Draft, { when, if: conditions, hold, then, lasts }: ClearParts): Draft {
  const known = new Set(conditions.map(({ value }) => subjectOf(value)));
  const own = draft.if.filter(({ value }) => !known.has(subjectOf(value)));
  return {
    ...draft,
    when: when ?? draft.when,
    if: [...conditions, ...own],
    // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
    then: then ?? draft.then,
    ...(hold === undefined ? {} : { hold }),
    ...(lasts === undefined ? {} : { lasts }),
  };
}

/** The words of a sentence that a part of a rule has to do with: names of its devices and places, and its values. */
export function wordsFor(text: string, sentence: string, house: House): string[] {
  const ids = text.match(/[a-z_]+\.[\p{Ll}\p{Lo}\p{N}_]+/gu) ?? [];
  const entities = ids.flatMap((id) => house.entity(id as Entity['id']) ?? []);
  const names = new Set(entities.flatMap((entity) => namesOf(entity, house)));
  const read = sentenceOf(sentence);
  const numbers = new Set(text.match(/\d+(?:\.\d+)?/g));
  const found: { readonly at: number; readonly text: string }[] = [];
  for (const match of read.text.matchAll(/[\p{L}\d][\p{L}\p{M}\d'’-]*/gu))
    if (names.has(stem(match[0]))) found.push({ at: match.index, text: match[0] });
  for (const { said, start, end } of read.values) {
    const shown =
      'ms' in said ? said.ms / 1000 : 'minutes' in said ? Math.floor(said.minutes / 60) : said.value;
    if (numbers.has(String(shown)) || text.includes(JSON.stringify(shown)))
      found.push({ at: start, text: read.text.slice(start, end) });
  }
  return [...new Set(found.toSorted((a, b) => a.at - b.at).map((one) => one.text))];
}

function namesOf(entity: Entity, house: House): string[] {
  const area = entity.area === undefined ? undefined : house.area(entity.area);
  return [
    entity.name,
    ...entity.aliases,
    ...(area === undefined ? [] : [area.name, ...area.aliases]),
  ].flatMap((name) => tellingWords(name.toLowerCase()).map(stem));
}

/** Whether every device of a rule is spoken of: by its name, its place, or, where it is the one of its kind, that kind. */
export function isGrounded(draft: Draft, sentence: string, house: House): boolean {
  const parts = [draft.when, ...draft.if, ...draft.then].map(({ value }) => value);
  const { text } = sentenceOf(sentence);
  const said = new Set(tellingWords(text).map(stem));
  const ids = new Set(parts.flatMap((part) => part.match(/\b[a-z_]+\.[\p{Ll}\p{Lo}\p{N}_]+(?=\.)/gu) ?? []));
  return [...ids].every((id) => {
    const entity = house.entity(id as Entity['id']);
    return (
      entity === undefined ||
      namesOf(entity, house).some((word) => said.has(word)) ||
      isAlone(entity, said, house)
    );
  });
}

function isAlone(entity: Entity, said: ReadonlySet<string>, house: House): boolean {
  const kind = [...house.entities()].filter((other) => other.kind === entity.kind);
  const words = entity.kind.split('_');
  return kind.length === 1 && words.some((word) => said.has(word));
}

/**
 * Of words that were not understood those that name a thing this house does not have: `the sauna`. A model, which can only
 * point at what is there, would take something else for it.
 */
export function absentThings(sentence: string, unknown: readonly string[], house: LinkableHouse): string[] {
  const here = new Set<string>();
  for (const { name, aliases } of house.floors?.() ?? [])
    for (const word of [name, ...aliases].flatMap((one) => tellingWords(one.toLowerCase())))
      here.add(stem(word));
  for (const { name, aliases } of house.areas())
    for (const word of [name, ...aliases].flatMap((one) => tellingWords(one.toLowerCase())))
      here.add(stem(word));
  for (const entity of house.entities()) for (const name of namesOf(entity, house)) here.add(name);
  const { text } = sentenceOf(sentence);
  return unknown.filter((word) => {
    if (here.has(stem(word)) || isOrder(word) || !/^\p{L}+$/u.test(word)) return false;
    return new RegExp(`\\b(?:the|my|our|a|an|in|of)(?: \\p{L}+)? ${word}`, 'u').test(text);
  });
}

/** Parts without words of their own: what a model chose. */
export function chosen<T>(value: T, words: readonly string[]): DraftPart<T> {
  return { value, words };
}
