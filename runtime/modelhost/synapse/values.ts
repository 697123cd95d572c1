import { COLOR_NAMES } from '../../contract/color.ts';
import { MAX_VALUES } from './tokens.ts';

/** A value that a text names. */
export type SaidValue =
  | { readonly type: 'number' | 'percent' | 'degrees' | 'kelvin'; readonly value: number }
  | { readonly type: 'color'; readonly value: string }
  /** A word of some device's own list. */
  | { readonly type: 'option'; readonly value: string }
  | { readonly type: 'duration'; readonly ms: number }
  /** Of a day. */
  | { readonly type: 'time'; readonly minutes: number };

export interface FoundValue {
  readonly said: SaidValue;
  /** Characters [start, end) of the text. */
  readonly start: number;
  readonly end: number;
}

/** Text as the model reads it: lower case, one line, plain spaces, no control characters. */
export function plainText(text: string, maxChars = 600): string {
  return text
    .slice(0, maxChars * 2)
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\p{Cs}/gu, '\uFFFD')
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .replaceAll(/[’‘]/g, "'")
    .trim()
    .slice(0, maxChars);
}

const SMALL: Readonly<Record<string, number>> = Object.fromEntries(
  `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
   nineteen`
    .split(/\s+/)
    .map((word, value) => [word, value]),
);
const TENS: Readonly<Record<string, number>> = Object.fromEntries(
  'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ').map((word, i) => [word, (i + 2) * 10]),
);
const SMALL_WORDS = Object.keys(SMALL)
  .filter((word) => word !== 'one')
  .join('|');
const WORD_NUMBER = `(?:(?:${Object.keys(TENS).join('|')})(?:[ -](?:one|${SMALL_WORDS})(?![a-z]))?(?![a-z])|(?:a|one) hundred|(?:${SMALL_WORDS}|one)(?! hundred)(?![a-z]))(?: point (?:one|${SMALL_WORDS})(?![a-z]))?`;
const NUMBER = String.raw`(?<![\w.,])(?:half an?(?= (?:degree|percent))|(?:-?\d+(?:[.,]\d+)?|${WORD_NUMBER})(?: and a half\b)?)`;

/** Whites people name, K. Source: colour temperatures that lamp makers print. */
const WHITES: Readonly<Record<string, number>> = {
  candlelight: 2000,
  'warm white': 2700,
  'soft white': 2700,
  'warm light': 2700,
  'cosy white': 2400,
  'neutral white': 4000,
  'natural white': 4000,
  'cool white': 5500,
  'cold white': 6500,
  'cool light': 5500,
  'cold light': 6500,
  daylight: 6000,
};

const COLOR_WORDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(COLOR_NAMES.map((name) => [name, name])),
  crimson: 'red',
  scarlet: 'red',
  amber: 'gold',
  aqua: 'cyan',
  fuchsia: 'magenta',
  purplish: 'purple',
  navy: 'indigo',
  mauve: 'lavender',
};

const PATTERN = new RegExp(
  [
    String.raw`(?<white>\b(?:${Object.keys(WHITES).join('|')})\b)`,
    String.raw`(?<hex>#[0-9a-f]{6}\b)`,
    String.raw`(?<clock>\b(?:[01]?\d|2[0-3])[:.h][0-5]\d(?: ?(?:am|pm|a\.m\.|p\.m\.))?|\b\d{1,2} ?(?:am|pm|a\.m\.|p\.m\.)(?!\w)|\b(?:${SMALL_WORDS}|one|\d{1,2}) o'?clock(?: (?:in the (?:morning|afternoon|evening)|at night))?|\b(?:noon|midday|midnight)\b)`,
    String.raw`(?<half>\bhalf an hour|\ban hour and a half|\ba quarter of an hour|\b(?:an|one) hour\b|\ba minute\b)`,
    String.raw`(?<share>\b(?:(?:a|one|1) quarter|(?:three|3) quarters|(?:two|2) thirds|(?:a|one) third(?=$|\W*$|[,.;]| (?:of|open|closed|brightness|volume|speed|power|brighter|dimmer|louder|quieter|please|and|up|down|less|more|full|in|on|at|now)\b))\b)`,
    String.raw`(?<number>${NUMBER})(?<unit> ?(?:%|°c?\b|°|percent\b|per cent\b|pct\b|degrees?(?: (?:celsius|c|fahrenheit|f)\b)?|celsius\b|fahrenheit\b|kelvins?\b|[kcf]\b|seconds?\b|secs?\b|minutes?\b|mins?\b|hours?\b|hrs?\b|[hs]\b))?`,
    String.raw`(?<color>\b(?:${Object.keys(COLOR_WORDS).join('|')})\b)`,
  ].join('|'),
  'g',
);

/**
 * The values a plain text names, in order, at most `most`. `options`: words of devices' own lists, found where they stand as
 * words of their own. Linear in the length of the text.
 */
export function valuesIn(text: string, options: readonly string[] = [], most = MAX_VALUES): FoundValue[] {
  const found: FoundValue[] = [];
  for (const match of text.matchAll(PATTERN)) {
    const said = saidBy(match.groups ?? {}, text.slice(match.index + match[0].length));
    if (said !== undefined) found.push({ said, start: match.index, end: match.index + match[0].length });
  }
  const taken = (start: number, end: number): boolean =>
    found.some((other) => start < other.end && other.start < end);
  for (const option of options.toSorted((a, b) => b.length - a.length)) {
    const at = wordAt(text, plainText(option));
    if (at === undefined || taken(at.start, at.end)) continue;
    found.push({ said: { type: 'option', value: option }, ...at });
  }
  return found.toSorted((a, b) => a.start - b.start).slice(0, most);
}

function wordAt(text: string, word: string): { start: number; end: number } | undefined {
  if (word === '') return undefined;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const end = at + word.length;
    if (!/[\p{L}\p{N}]/u.test(text[at - 1] ?? ' ') && !/[\p{L}\p{N}]/u.test(text[end] ?? ' '))
      return { start: at, end };
  }
  return undefined;
}

function saidBy(groups: Record<string, string | undefined>, after: string): SaidValue | undefined {
  const { white, hex, clock, half, number, unit, color, share } = groups;
  if (white !== undefined) return { type: 'kelvin', value: WHITES[white]! };
  if (hex !== undefined) return { type: 'color', value: hex };
  if (clock !== undefined) return clockValue(clock);
  if (half !== undefined) return { type: 'duration', ms: LONG[half] ?? 3_600_000 };
  if (color !== undefined) return { type: 'color', value: COLOR_WORDS[color]! };
  if (share !== undefined) return { type: 'percent', value: shareOf(share) };
  // `the one in the kitchen` counts nothing.
  if (number === undefined || (number === 'one' && unit === undefined && !/^ ?$/.test(after)))
    return undefined;
  const value = numberOf(number);
  return Number.isFinite(value) ? withUnit(value, (unit ?? '').trim()) : undefined;
}

const LONG: Readonly<Record<string, number>> = {
  'half an hour': 1_800_000,
  'an hour and a half': 5_400_000,
  'a quarter of an hour': 900_000,
  'a minute': 60_000,
};

function withUnit(value: number, unit: string): SaidValue {
  if (unit === '') return { type: 'number', value };
  if (/^(?:%|per ?cent|pct)/.test(unit)) return { type: 'percent', value };
  if (unit.startsWith('k')) return { type: 'kelvin', value };
  if (/^(?:f|degrees? f)/.test(unit))
    return { type: 'degrees', value: Math.round((((value - 32) * 5) / 9) * 2) / 2 };
  if (/^(?:°|c|degree)/.test(unit)) return { type: 'degrees', value };
  const scale = unit.startsWith('s') ? 1000 : unit.startsWith('m') ? 60_000 : 3_600_000;
  return { type: 'duration', ms: Math.max(0, Math.round(value * scale)) };
}

/** Of a whole, in percent: `two thirds` are 67. */
function shareOf(text: string): number {
  const count = /^(?:two|2)/.test(text) ? 2 : /^(?:three|3)/.test(text) ? 3 : 1;
  return Math.round((100 * count) / (text.includes('third') ? 3 : 4));
}

function numberOf(said: string): number {
  if (said.startsWith('half')) return 0.5;
  const [text = '', half] = said.split(/ and a half/);
  return wholeNumber(text) + (half === undefined ? 0 : 0.5);
}

function wholeNumber(text: string): number {
  if (/^-?\d/.test(text)) return Number(text.replace(',', '.'));
  const [whole = '', fraction] = text.split(' point ');
  const sum = whole
    .split(/[ -]/)
    .reduce((total, word) => (word === 'hundred' ? 100 : total + (TENS[word] ?? SMALL[word] ?? 0)), 0);
  return fraction === undefined ? sum : Number(`${sum}.${SMALL[fraction]}`);
}

function clockValue(clock: string): SaidValue | undefined {
  if (clock === 'midnight') return { type: 'time', minutes: 0 };
  if (clock === 'noon' || clock === 'midday') return { type: 'time', minutes: 720 };
  const match = /^(\d{1,2}|[a-z]+)(?:[:.h](\d\d))?/.exec(clock);
  const word = match?.[1] ?? '';
  let hours = /^\d/.test(word) ? Number(word) : (SMALL[word] ?? 0);
  const late = /p\.?m|afternoon|evening|at night/.test(clock);
  if (late && hours < 12) hours += 12;
  if (/a\.?m|morning/.test(clock) && hours === 12) hours = 0;
  const minutes = hours * 60 + Number(match?.[2] ?? 0);
  return minutes < 1440 ? { type: 'time', minutes } : undefined;
}
