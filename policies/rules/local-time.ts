import type { WallMs } from '../../runtime/contract/time.ts';
import { GanglionError } from '../../runtime/errors.ts';

/** Before this the wall clock has not been set yet: boards without a battery start in 1970 or at their build date. */
export const PLAUSIBLE_FROM_MS = Date.UTC(2025, 0, 1);

const MINUTE = 60_000;
/** Every time zone changes its offset at a whole quarter of an hour UTC. */
const QUARTER = 15 * MINUTE;
const HORIZON = 25 * 60 * MINUTE;

/** Checks a zone's name. Throws TIMEZONE_UNKNOWN. */
export function createLocalTime(timezone: string): LocalTime {
  try {
    return new LocalTime(
      new Intl.DateTimeFormat('en-US', {
        timeZone: timezone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
      }),
    );
  } catch (cause) {
    throw new GanglionError('TIMEZONE_UNKNOWN', { timezone }, { cause });
  }
}

/**
 * What `now` means in conditions: local time of the site, moved by `set`. Compiled conditions read the fields, so
 * setting the same minute again costs nothing. Everything is NaN or undefined while the clock is not plausible.
 */
export class LocalTime {
  hour = Number.NaN;
  minute = Number.NaN;
  /** 1 Monday … 7 Sunday */
  weekday = Number.NaN;
  day = Number.NaN;
  month = Number.NaN;
  /** Whole seconds since 1970-01-01 UTC. */
  epoch = Number.NaN;
  /** `HH:MM` */
  time: string | undefined;
  readonly #format: Intl.DateTimeFormat;
  #minuteIndex = Number.NaN;
  #quarter = Number.NaN;
  #offset = 0;
  #transitionQuarter = Number.NaN;
  #transition = Number.POSITIVE_INFINITY;

  constructor(format: Intl.DateTimeFormat) {
    this.#format = format;
  }

  /** Local minus UTC in ms at a wall time; whole minutes. */
  readonly offsetAt = (wall: number): number => this.#offsetAt(wall);

  get plausible(): boolean {
    return this.time !== undefined;
  }

  set(wall: WallMs): void {
    if (!(wall >= PLAUSIBLE_FROM_MS && wall < 8e15)) {
      this.#forget();
      return;
    }
    this.epoch = Math.floor(wall / 1000);
    const minuteIndex = Math.floor(wall / MINUTE);
    if (minuteIndex === this.#minuteIndex) return;
    this.#minuteIndex = minuteIndex;
    const quarter = Math.floor(wall / QUARTER);
    if (quarter !== this.#quarter) {
      this.#quarter = quarter;
      this.#offset = this.#offsetAt(wall);
    }
    const local = new Date(wall + this.#offset);
    this.hour = local.getUTCHours();
    this.minute = local.getUTCMinutes();
    this.weekday = local.getUTCDay() === 0 ? 7 : local.getUTCDay();
    this.day = local.getUTCDate();
    this.month = local.getUTCMonth() + 1;
    this.time = `${two(this.hour)}:${two(this.minute)}`;
  }

  /** When the zone's offset next changes within 25 hours of the time set, as wall ms; Infinity if it does not. */
  nextTransition(): number {
    const from = this.#quarter * QUARTER;
    if (this.#transitionQuarter === this.#quarter) return this.#transition;
    this.#transitionQuarter = this.#quarter;
    this.#transition = Number.POSITIVE_INFINITY;
    if (this.#offsetAt(from + HORIZON) === this.#offset) return this.#transition;
    let before = this.#quarter;
    let after = Math.ceil((from + HORIZON) / QUARTER);
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#offsetAt(middle * QUARTER) === this.#offset) before = middle;
      else after = middle;
    }
    this.#transition = after * QUARTER;
    return this.#transition;
  }

  #forget(): void {
    this.hour = this.minute = this.weekday = this.day = this.month = this.epoch = Number.NaN;
    this.time = undefined;
    this.#minuteIndex = Number.NaN;
  }

  /** Local minus UTC in ms; whole minutes. */
  #offsetAt(wall: number): number {
    const field = { year: 0, month: 0, day: 0, hour: 0, minute: 0 };
    for (const { type, value } of this.#format.formatToParts(wall)) {
      if (type in field) field[type as keyof typeof field] = Number(value);
    }
    const local = Date.UTC(field.year, field.month - 1, field.day, field.hour, field.minute);
    return local - Math.floor(wall / MINUTE) * MINUTE;
  }
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
