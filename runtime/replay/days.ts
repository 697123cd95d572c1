/** Offsets of all time zones are whole quarters of an hour. */
const QUARTER_MS = 900_000;

/** Names the day of a moment in a time zone: `2026-11-21`. Asking the calendar is slow, so each quarter of an hour is asked once. */
export function dayNames(timezone: string): (wallMs: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' });
  let quarter = Number.NaN;
  let day = '';
  return (wallMs) => {
    const asked = Math.floor(wallMs / QUARTER_MS);
    if (asked !== quarter) {
      quarter = asked;
      day = format.format(wallMs);
    }
    return day;
  };
}
