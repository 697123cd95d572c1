import { plainText, valuesIn, type FoundValue, type SaidValue } from '../../modelhost/synapse/values.ts';

/** What stands for the n-th value of a sentence in its mask, repeated over its length. */
const VALUE_BASE = 0xe000;
/** Stands for words that have been understood. A pattern takes it for the end of a phrase. */
export const GAP = '\uE0FF';
/** A value, in a pattern over a mask: `for ${VALUE}`. One group, which tells which. */
export const VALUE = String.raw`([\uE000-\uE00F])[\uE000-\uE00F]*`;

/**
 * A sentence with its values found. Its mask has the same length and the same letters, but a value's letters are replaced
 * by a sign that says which value it is, and what has been understood by gaps: so patterns find values as one thing, and
 * every find is a place in the sentence.
 */
export interface Sentence {
  /** Lower case, one line. */
  readonly text: string;
  readonly values: readonly FoundValue[];
}

/** Times of day that are said otherwise than `valuesIn` knows. */
const HALF_PAST =
  /\b(?:a )?(half past|quarter past|quarter to) (\d{1,2}|[a-z]+)\b(?: (?:in the (morning|afternoon|evening)|at (night)))?/g;
const HOURS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');

export function sentenceOf(given: string): Sentence {
  const text = plainText(given, 2000)
    .replaceAll(/[“”"„]/g, ' ')
    .replace(/[.!]+$/, '')
    .trimEnd();
  const spoken = [...text.matchAll(HALF_PAST)].flatMap((match): FoundValue[] => {
    const [all, form = '', word = '', part, night] = match;
    const hour = /^\d/.test(word) ? Number(word) : HOURS.indexOf(word);
    if (!(hour >= 0 && hour <= 23)) return [];
    const shift = form === 'half past' ? 30 : form === 'quarter past' ? 15 : -15;
    const late = part === 'afternoon' || part === 'evening' || (night !== undefined && hour > 5);
    const minutes = (hour + (late && hour < 12 ? 12 : 0)) * 60 + shift;
    const said: SaidValue = { type: 'time', minutes: (minutes + 1440) % 1440 };
    return [{ said, start: match.index, end: match.index + all.length }];
  });
  const others = valuesIn(text).filter(
    ({ start, end }) => !spoken.some((one) => start < one.end && one.start < end),
  );
  const values = [...spoken, ...others].toSorted((a, b) => a.start - b.start).slice(0, 16);
  return { text, values };
}

export function maskOf({ text, values }: Sentence): string {
  let mask = text;
  values.forEach(({ start, end }, i) => {
    mask = fill(mask, start, end, String.fromCharCode(VALUE_BASE + i));
  });
  return mask;
}

/** The mask with a stretch that has been understood. */
export function covered(mask: string, start: number, end: number): string {
  return fill(mask, start, end, GAP);
}

function fill(mask: string, start: number, end: number, sign: string): string {
  return mask.slice(0, start) + sign.repeat(Math.max(0, end - start)) + mask.slice(end);
}

/** The value that a group of VALUE caught. */
export function valueAt(sentence: Sentence, sign: string | undefined): SaidValue | undefined {
  return sign === undefined ? undefined : sentence.values[sign.charCodeAt(0) - VALUE_BASE]?.said;
}

/** The sentence's own words of a stretch, without what stands at its ends for nothing. */
export function wordsAt({ text }: Sentence, start: number, end: number): string {
  return text
    .slice(start, end)
    .replaceAll(/^[\s,;:.]+|[\s,;:.]+$/g, '')
    .replace(/^(?:and|then|but) /, '');
}

/** Words of a masked stretch, values and gaps left out. */
export function plainWords(mask: string): string[] {
  return mask.match(/[\p{L}\d][\p{L}\p{M}\d'’-]*/gu) ?? [];
}
