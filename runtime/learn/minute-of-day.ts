/** Before this the wall clock has not been set yet: boards without a battery start in 1970 or at their build date. */
const PLAUSIBLE_FROM_MS = Date.UTC(2025, 0, 1);

const formats = new Map<string, Intl.DateTimeFormat>();

/** The local minute of the day, 0–1439; undefined while the clock is not set. Throws RangeError for a zone there is not. */
export function minuteOfDay(wallMs: number, timezone: string): number | undefined {
  if (!(wallMs >= PLAUSIBLE_FROM_MS)) return undefined;
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone,
      hourCycle: 'h23',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(timezone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(wallMs).map(({ type, value }) => [type, value]));
  return Number(parts['hour']) * 60 + Number(parts['minute']);
}
