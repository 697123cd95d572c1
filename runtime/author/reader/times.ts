import { clockText, onDays, timeWindow } from '../../../policies/index.ts';
import type { DraftPart } from '../../../policies/index.ts';
import { covered, VALUE, valueAt, wordsAt, type Sentence } from './sentence.ts';

/** What a sentence says about when, apart from what sets the rule off. */
export interface TimesFound {
  readonly mask: string;
  readonly conditions: readonly DraftPart<string>[];
  /** Days it names, 1 Monday … 7 Sunday, for a trigger by the clock; empty: every day. */
  readonly days: readonly number[];
  /** `after ten`, `after sunset`: where nothing else sets the rule off, the moment at which that begins. */
  readonly begins: Beginning | undefined;
  readonly notes: readonly string[];
}

export interface Beginning {
  readonly minutes?: number;
  readonly sun?: 'sunset' | 'sunrise';
  readonly words: string;
  /** Which of `conditions` it is. */
  readonly condition: number;
}

export interface TimeContext {
  /** What was said elsewhere makes an hour without `am` or `pm` one of the evening. */
  readonly evening: boolean;
}

const ONLY = String.raw`(?:,? ?but )?(?:only )?(?:if |when |while )?(?:it is |it's |the time is )?`;
const PART = String.raw`(?: (?:in the (morning|afternoon|evening)|at (night)|o'?clock))?`;
const DAY_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const DAY = `(?:${DAY_NAMES.join('|')})s?`;
const DAYS_LIST = `${DAY}(?:(?:, | and | or |, and )${DAY})*`;

interface Clock {
  readonly minutes: number;
  /** Said without what tells morning from evening. */
  readonly vague: boolean;
}

/** Finds what a sentence says about hours, days and the sun as conditions, and covers those words in the mask. */
export function findTimes(sentence: Sentence, given: string, context: TimeContext): TimesFound {
  let mask = given;
  const conditions: DraftPart<string>[] = [];
  const notes: string[] = [];
  let days: number[] = [];
  let begins: Beginning | undefined;
  const evening = context.evening || /\b(?:evening|night|bed|sunset|dark|dusk)\b/.test(sentence.text);

  const each = (source: string, take: (match: RegExpExecArray) => string | undefined): void => {
    const pattern = new RegExp(source, 'g');
    for (let match = pattern.exec(mask); match !== null; match = pattern.exec(mask)) {
      const start = match.index + (/^\s*/.exec(match[0])?.[0].length ?? 0);
      const condition = take(match);
      if (condition === undefined) continue;
      const words = wordsAt(sentence, start, match.index + match[0].length);
      if (condition !== '') conditions.push({ value: condition, words: [words] });
      mask = covered(mask, start, match.index + match[0].length);
    }
  };
  const clock = (sign: string | undefined, part: string | undefined, night: string | undefined) =>
    clockOf(sentence, sign, part ?? night);
  const settled = ({ minutes, vague }: Clock, of: string): number => {
    if (!vague) return minutes;
    const taken = evening && minutes >= 300 && minutes < 720 ? minutes + 720 : minutes;
    notes.push(`“${of}” is taken as ${clockText(taken)}; say ${clockText(taken + 720)} for the other.`);
    return taken;
  };

  each(`${ONLY}(?:between|from) ${VALUE}${PART} (?:and|to|until|till) ${VALUE}${PART}`, (match) => {
    const from = clock(match[1], match[2], match[3]);
    const until = clock(match[4], match[5], match[6]);
    if (from === undefined || until === undefined) return undefined;
    const vague = from.vague && until.vague;
    // `from 10 to 6` is the shorter of the ways round, the night's where they are alike.
    const late =
      vague && from.minutes >= until.minutes && from.minutes < 720 ? from.minutes + 720 : from.minutes;
    if (vague)
      notes.push(
        `“${wordsAt(sentence, match.index, match.index + match[0].length)}” is taken as ${span(late, until.minutes)}.`,
      );
    return timeWindow(late, until.minutes);
  });
  each(
    `${ONLY}(?:\\b(?:after|past|later than|from|since|not before|not until)) ${VALUE}${PART}(?: (?:on|onwards|or later))?(?![\\w%])`,
    (match) => {
      const at = clock(match[1], match[2], match[3]);
      if (at === undefined) return undefined;
      const words = wordsAt(sentence, match.index, match.index + match[0].length);
      const minutes = settled(at, words);
      if (!isLimit(match[0])) begins ??= { minutes, words, condition: conditions.length };
      return timeWindow(minutes, undefined);
    },
  );
  each(`${ONLY}(?:\\b(?:before|earlier than|not after|no later than)) ${VALUE}${PART}(?![\\w%])`, (match) => {
    const at = clock(match[1], match[2], match[3]);
    if (at === undefined) return undefined;
    return timeWindow(undefined, settled(at, wordsAt(sentence, match.index, match.index + match[0].length)));
  });

  const setDays = (list: readonly number[]): string => {
    days = [...list];
    return onDays(list);
  };
  const weekdays = [1, 2, 3, 4, 5];
  const weekend = [6, 7];
  const on = "(?:on |at |during |if it is |if it's |when it is |when it's |it is |it's )?(?:a |the |any )?";
  const not = '(?:,? ?but )?(?:not|except|never|unless) ';
  each(`${not}${on}(?:weekends?|weekend days)\\b`, () => setDays(weekdays));
  each(`${not}${on}(?:weekdays?|working days?|workdays?)\\b`, () => setDays(weekend));
  each(`${not}${on}(${DAYS_LIST})\\b`, (match) => {
    const named = dayNumbers(match[1] ?? '');
    return setDays([1, 2, 3, 4, 5, 6, 7].filter((day) => !named.includes(day)));
  });
  const each1 =
    "(?:,? ?but )?(?:only )?(?:if it is |if it's |when it is |when it's )?(?:on |at |during |every |each )?(?:a |the |any )?";
  each(
    `${each1}(?:weekdays?|working days?|workdays?|week days|monday to friday|monday through friday)\\b`,
    () => setDays(weekdays),
  );
  each(`${each1}(?:weekends?|weekend days?|saturdays? (?:and|or) sundays?)\\b`, () => setDays(weekend));
  each(`\\b${each1}(${DAYS_LIST})\\b`, (match) => setDays(dayNumbers(match[1] ?? '')));
  each('\\b(?:every day|daily|each day|every single day)\\b', () => '');

  const sunless =
    "(?:,? ?but )?(?:unless|not if|not when|except when|not while) (?:it is|it's) (?:already |still )?";
  const suns: readonly (readonly [string, string, 'sunset' | 'sunrise' | undefined])[] = [
    [`${sunless}(?:dark|night)(?: outside| out)?\\b`, 'sun.elevation > 0', undefined],
    [`${sunless}(?:light|bright|daylight|day)(?: outside| out)?\\b`, 'sun.elevation < 0', undefined],
    [
      `${ONLY}(?:after|once|from|since) (?:sunset|dark|dusk|nightfall|sundown)\\b`,
      'sun.elevation < 0',
      'sunset',
    ],
    [
      `${ONLY}(?:after|once|while|if|when|and) the sun (?:has set|has gone down|is down)\\b`,
      'sun.elevation < 0',
      'sunset',
    ],
    [
      `(?:,? ?but )?(?:only )?(?:if|while|as long as|when|and|once|as soon as) (?:it is|it's) (?:already |still )?(?:dark|night)(?: outside| out)?\\b`,
      'sun.elevation < 0',
      'sunset',
    ],
    [
      `(?:,? ?but )?(?:only )?(?:late )?(?:at night|in the dark|during the night|by night|before sunrise|before dawn)\\b`,
      'sun.elevation < 0',
      undefined,
    ],
    [`${ONLY}(?:after|once|from|since) (?:sunrise|dawn|daybreak)\\b`, 'sun.elevation > 0', 'sunrise'],
    [
      `(?:,? ?but )?(?:only )?(?:if|while|as long as|when|and) (?:it is|it's) (?:still |already )?(?:light|bright|daylight|day)(?: outside| out)?\\b`,
      'sun.elevation > 0',
      undefined,
    ],
    [
      `(?:,? ?but )?(?:only )?(?:during the day|in (?:the )?daylight|by day|in the daytime|while the sun is up|before sunset|before dark)\\b`,
      'sun.elevation > 0',
      undefined,
    ],
  ];
  for (const [pattern, condition, moment] of suns) {
    each(`(?<![\\w])${pattern}(?! on\\b)`, (match) => {
      const words = wordsAt(sentence, match.index, match.index + match[0].length);
      if (moment !== undefined && !isLimit(match[0]))
        begins ??= { sun: moment, words, condition: conditions.length };
      return condition;
    });
  }
  each('(?<![\\uE000-\\uE00F] )(?:,? ?but )?(?:only )?in the (morning|afternoon|evening)s?\\b', (match) => {
    const [from, until] = PARTS_OF_DAY[match[1] ?? ''] ?? [0, 0];
    notes.push(
      `“${wordsAt(sentence, match.index, match.index + match[0].length)}” is taken as ${span(from, until)}.`,
    );
    return timeWindow(from, until);
  });
  return { mask, conditions, days, begins, notes };
}

/** `only after ten` limits what something else sets off. */
function isLimit(phrase: string): boolean {
  return /\bonly\b|\bbut\b/.test(phrase);
}

const PARTS_OF_DAY: Readonly<Record<string, readonly [number, number]>> = {
  morning: [300, 720],
  afternoon: [720, 1080],
  evening: [1080, 1380],
};

function span(from: number, until: number): string {
  return `${clockText(from)} to ${clockText(until)}`;
}

function dayNumbers(list: string): number[] {
  return DAY_NAMES.flatMap((name, i) => (list.includes(name) ? [i + 1] : []));
}

/** A time of day that a value says: a clock's, or a bare hour's. */
export function clockOf(
  sentence: Sentence,
  sign: string | undefined,
  part: string | undefined,
): Clock | undefined {
  const said = valueAt(sentence, sign);
  if (said === undefined) return undefined;
  const late = part === 'afternoon' || part === 'evening' || part === 'night';
  const shifted = (minutes: number): number =>
    late && minutes < 720 && minutes >= 180 ? minutes + 720 : minutes;
  if (said.type === 'time') {
    const found = sentence.values[sign!.charCodeAt(0) - 0xe000]!;
    const words = sentence.text.slice(found.start, found.end);
    const told =
      /m$|m\.$|morning|afternoon|evening|night|noon|midday|midnight|:|\d\d\.\d\d|h\d\d/.test(words) ||
      said.minutes >= 720;
    return { minutes: shifted(said.minutes), vague: !told && part === undefined };
  }
  if (said.type !== 'number' || !Number.isInteger(said.value) || said.value < 0 || said.value > 24)
    return undefined;
  const minutes = (said.value % 24) * 60;
  return { minutes: shifted(minutes), vague: part === undefined && said.value >= 1 && said.value <= 12 };
}
