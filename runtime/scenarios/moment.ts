/** Monday, noon: no season's change of the clock is near. */
const DEFAULT = '2026-01-05 12:00';

const LOCAL = /^(?:(\d{4})-(\d{2})-(\d{2})[ T])?(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/** `22:00`, `2026-11-21 22:00`, or ISO 8601 with an offset. */
export function isMoment(text: string): boolean {
  return momentOf(text, 'UTC', 0) !== undefined;
}

/** Where a test begins unless it says otherwise, ms. */
export function defaultMoment(timezone: string): number {
  return momentOf(DEFAULT, timezone, 0)!;
}

/**
 * A moment as tests write it, wall clock ms; a time of day alone is the next one after `nowMs`. undefined if it is none.
 * Of a local time that comes twice the first is meant; one that is skipped is as much later as the clock is
 * put forward.
 */
export function momentOf(text: string, timezone: string, nowMs: number): number | undefined {
  const match = LOCAL.exec(text);
  if (match === null) {
    const ms = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(ms) ? undefined : ms;
  }
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = match;
  const timeMs = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (year !== undefined) {
    const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
    return new Date(midnight).getUTCDate() === Number(day) ? toUtc(midnight + timeMs, timezone) : undefined;
  }
  const today = Math.floor((nowMs + offsetAt(nowMs, timezone)) / DAY_MS) * DAY_MS;
  const next = toUtc(today + timeMs, timezone);
  return next > nowMs ? next : toUtc(today + DAY_MS + timeMs, timezone);
}

const DAY_MS = 86_400_000;

/** @param localMs a local time as if it were UTC */
function toUtc(localMs: number, timezone: string): number {
  const early = localMs - offsetAt(localMs - DAY_MS / 2, timezone);
  if (early + offsetAt(early, timezone) === localMs) return early;
  const late = localMs - offsetAt(early, timezone);
  return late + offsetAt(late, timezone) === localMs ? late : early;
}

/** Local minus UTC, ms. */
function offsetAt(wallMs: number, timezone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(wallMs);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return local - Math.floor(wallMs / 1000) * 1000;
}
