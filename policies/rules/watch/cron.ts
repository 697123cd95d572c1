import { LocalDay, localDay, type OffsetAt } from './zone.ts';

/** When a schedule is due: five sets as in crontab(5). Plain data, so that equal ones can be told. */
export interface CronTimes {
  /** Minutes of the day, ascending. */
  readonly minutes: readonly number[];
  /** 1–31 */
  readonly days: readonly number[];
  /** 1–12 */
  readonly months: readonly number[];
  /** 1 Monday … 7 Sunday */
  readonly weekdays: readonly number[];
  /** Both days and weekdays are restricted: then either will do, as in crontab(5). */
  readonly either: boolean;
  /** Runs by the hour or more often; such schedules follow real time when the local clock is put forward or back. */
  readonly often: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY = 86_400_000;
/** 29 February comes every 8 years at worst. */
const HORIZON_DAYS = 8 * 366;

/** Reads `minute hour day month weekday`; or says what is wrong, as the second half of a sentence. */
export function parseCron(text: string): CronTimes | string {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5)
    return `Expected five fields (minute hour day month weekday) but received ${fields.length}`;
  const read = [
    readField(fields[0]!, 'minute', 0, 59),
    readField(fields[1]!, 'hour', 0, 23),
    readField(fields[2]!, 'day', 1, 31),
    readField(fields[3]!, 'month', 1, 12, MONTHS, 1),
    readField(fields[4]!, 'weekday', 0, 7, WEEKDAYS, 0),
  ];
  const wrong = read.find((field) => typeof field === 'string');
  if (wrong !== undefined) return wrong;
  const [minutes, hours, days, months, weekdays] = read as number[][];
  return {
    minutes: hours!.flatMap((hour) => minutes!.map((minute) => hour * 60 + minute)),
    days: days!,
    months: months!,
    weekdays: [...new Set(weekdays!.map((day) => (day === 0 ? 7 : day)))].toSorted((a, b) => a - b),
    either: !fields[2]!.startsWith('*') && !fields[4]!.startsWith('*'),
    often: fields[0]!.startsWith('*') || fields[1]!.startsWith('*'),
  };
}

function readField(
  text: string,
  name: string,
  least: number,
  most: number,
  names: readonly string[] = [],
  first = 0,
): number[] | string {
  const found = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const match = /^(?:\*|([a-z]{3}|\d{1,2})(?:-([a-z]{3}|\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    const number = (word: string | undefined): number | undefined => {
      if (word === undefined) return undefined;
      return names.includes(word)
        ? names.indexOf(word) + first
        : /^\d+$/.test(word)
          ? Number(word)
          : Number.NaN;
    };
    const from = number(match?.[1]);
    const to = number(match?.[2]);
    const step = number(match?.[3]);
    const start = from ?? least;
    const end = to ?? (from === undefined || step !== undefined ? most : from);
    if (match === null || !(start >= least && end <= most && start <= end) || step === 0) {
      return `Expected ${least} to ${most}, *, a-b, a,b or */n for the ${name} but received ${part.slice(0, 20)}`;
    }
    for (let i = start; i <= end; i += step ?? 1) found.add(i);
  }
  return [...found].toSorted((a, b) => a - b);
}

/**
 * The first due moment after `wall`; Infinity if there is none. As cron(8) has it: a time of day that summer time skips
 * is due at the moment of skipping, one that comes twice the first time; what runs by the hour follows real time.
 */
export function nextCron(times: CronTimes, wall: number, offsetAt: OffsetAt): number {
  const first = localDay(wall, offsetAt) - 1;
  for (let day = first; day < first + HORIZON_DAYS; day++) {
    if (!dayMatches(times, day)) continue;
    const local = new LocalDay(day, offsetAt);
    let next = Infinity;
    for (const minute of times.minutes) {
      for (const moment of times.often ? local.all(minute) : [local.first(minute)]) {
        if (moment > wall && moment < next) next = moment;
      }
    }
    if (next !== Infinity) return next;
  }
  return Infinity;
}

function dayMatches({ days, months, weekdays, either }: CronTimes, day: number): boolean {
  const date = new Date(day * DAY);
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const byDay = days.includes(date.getUTCDate());
  const byWeekday = weekdays.includes(date.getUTCDay() === 0 ? 7 : date.getUTCDay());
  return either ? byDay || byWeekday : byDay && byWeekday;
}
