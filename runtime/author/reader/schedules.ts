import { atClock, atSun } from '../../../policies/index.ts';
import { clockOf } from './times.ts';
import { covered, GAP, VALUE, valueAt, wordsAt, type Sentence } from './sentence.ts';

/** A moment of the clock or the sun that sets a rule off. */
export interface Schedule {
  /** In the rule language, for some days (1 Monday … 7 Sunday; empty: every day). */
  readonly at: (days: readonly number[]) => string;
  /** Whether it takes days itself. */
  readonly byDay: boolean;
  readonly words: string;
  readonly mask: string;
  readonly notes: readonly string[];
}

const SET = '(?:sunset|sundown|dusk|nightfall|the sun (?:sets|goes down)|it gets dark|darkness falls)';
const RISE = '(?:sunrise|dawn|daybreak|the sun (?:rises|comes up)|it gets light|daylight comes)';
const WHEN = '(?:when(?:ever)?|as soon as|once|if|every time|the moment)';
const PART = String.raw`(?: (?:in the (morning|afternoon|evening)|at (night)|o'?clock|sharp))?`;

/** `half an hour before sunset`, `when it gets dark`: found before anything that speaks of the sun as a condition. */
export function findSun(sentence: Sentence, mask: string): Schedule | undefined {
  for (const [event, names] of [
    ['sunset', SET],
    ['sunrise', RISE],
  ] as const) {
    const offset = new RegExp(String.raw`(?:\bat )?${VALUE} (before|after) (?:the )?${names}\b`).exec(mask);
    const said = valueAt(sentence, offset?.[1]);
    if (offset !== null && said?.type === 'duration' && said.ms <= 12 * 3_600_000) {
      const minutes = Math.round(said.ms / 60_000) * (offset[2] === 'before' ? -1 : 1);
      return found(sentence, mask, offset, () => atSun(event, minutes), false);
    }
    const plain = new RegExp(String.raw`\bat (?:the )?${names}\b|\b${WHEN} ${names}\b`).exec(mask);
    if (plain !== null) return found(sentence, mask, plain, () => atSun(event), false);
  }
  return undefined;
}

/** `at 22:00`, `every morning at seven`, `when it is noon`. @param loose a bare number may be an hour */
export function findClock(sentence: Sentence, mask: string, evening: boolean): Schedule | undefined {
  const pattern = new RegExp(
    String.raw`(?<![\p{L}])(?:(?:(?:every|each) (morning|evening|night|afternoon|day) )?(?:at|@|by|around) ${VALUE}${PART}|${WHEN} (?:it is|it's|the clock strikes|the time is) ${VALUE}${PART})(?![\p{L}%])`,
    'gu',
  );
  for (const match of mask.matchAll(pattern)) {
    const [all, each, first, part, night, second, part2, night2] = match;
    const sign = first ?? second;
    const said = valueAt(sentence, sign);
    if (said?.type === 'number' && !isHour(mask, match.index, match.index + all.length, each)) continue;
    const clock = clockOf(
      sentence,
      sign,
      part ?? night ?? part2 ?? night2 ?? (each === 'day' ? undefined : each),
    );
    if (clock === undefined) continue;
    const late = clock.vague && evening && clock.minutes >= 300 && clock.minutes < 720;
    const minutes = late ? clock.minutes + 720 : clock.minutes;
    const notes = clock.vague
      ? [
          `“${wordsAt(sentence, match.index, match.index + all.length)}” is taken as ${hours(minutes)}; say ${hours(minutes + 720)} for the other.`,
        ]
      : [];
    return { ...found(sentence, mask, match, (days) => atClock(minutes, days), true), notes };
  }
  return undefined;
}

/** A bare number is an hour where it opens or ends the sentence, and nothing is being set. */
function isHour(mask: string, start: number, end: number, each: string | undefined): boolean {
  if (each !== undefined) return true;
  const before = mask.slice(0, start).replaceAll(GAP, ' ').trim();
  const after = mask.slice(end).replaceAll(GAP, ' ').trim();
  if (before === '' || before.endsWith(',')) return true;
  return after === '' && !/\b(?:set|dim|adjust|put|temperature|volume|brightness)\b/.test(before);
}

function hours(minutes: number): string {
  return `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

function found(
  sentence: Sentence,
  mask: string,
  match: RegExpExecArray | RegExpMatchArray,
  at: Schedule['at'],
  byDay: boolean,
): Schedule {
  const start = match.index ?? 0;
  const end = start + match[0].length;
  return { at, byDay, words: wordsAt(sentence, start, end), mask: covered(mask, start, end), notes: [] };
}
