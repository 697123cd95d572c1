import { createHash } from 'node:crypto';
import type { AnswerLanguage } from '../../contract/answer.ts';

/** How the choices of a policy are answered. */
export interface ChoiceAnswers {
  readonly language: AnswerLanguage;
  /** What is answered for each choice, in their order. */
  readonly texts: readonly string[];
  /** The letter or number each choice goes by; undefined where they are answered by their own text. */
  readonly letters: readonly string[] | undefined;
  /** Few enough for each to be scored on its own. */
  readonly exact: boolean;
}

const VERSION = 'choices/1';
/** Choices up to so many are all scored; more would cost more forward passes than they tell. */
const MAX_EXACT = 16;
/** Choices between tokens that an answer in words may take. A letter takes one, and says nothing by itself. */
const MAX_BRANCHES = 2;
const MAX_LABEL_CHARS = 120;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * The answers to a policy: the labels themselves where a model comes from the first token to the last with one or two
 * choices, because a label says what it does; else letters, and numbers beyond 26. Undefined without labels.
 */
export function choiceAnswers(labels: readonly string[]): ChoiceAnswers | undefined {
  if (labels.length === 0) return undefined;
  const plain = labels.every(
    (label) => label.length <= MAX_LABEL_CHARS && /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(label),
  );
  const distinct = new Set(labels).size === labels.length;
  const inWords = plain && distinct && branches(labels.map((label) => pieces(label))) <= MAX_BRANCHES;
  const letters = inWords
    ? undefined
    : labels.map((_, i) => (labels.length > LETTERS.length ? String(i + 1) : LETTERS[i]!));
  const texts = (letters ?? labels).map((text) => ` ${text}`);
  const key = createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
  return {
    language: { key: `${VERSION}:${key}`, root: { any: texts.map((text) => ({ text })) } },
    texts,
    letters,
    exact: labels.length <= MAX_EXACT,
  };
}

/** About the tokens of a label, whatever the vocabulary: words, digits, signs. */
function pieces(label: string): readonly string[] {
  return label.match(/ ?[a-z]+|\d| ?[^a-z\d]/gi) ?? [];
}

/** The most choices between pieces on the way to any of these. */
function branches(labels: readonly (readonly string[])[], at = 0): number {
  if (labels.length < 2) return 0;
  const next = new Map<string | undefined, (readonly string[])[]>();
  for (const label of labels) {
    const group = next.get(label[at]);
    if (group === undefined) next.set(label[at], [label]);
    else group.push(label);
  }
  const deepest = Math.max(
    ...[...next].map(([piece, group]) => (piece === undefined ? 0 : branches(group, at + 1))),
  );
  return deepest + (next.size > 1 ? 1 : 0);
}
