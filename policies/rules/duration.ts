const PATTERN = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?(?:(\d{1,6})ms)?$/;
const UNIT_MS = [86_400_000, 3_600_000, 60_000, 1000, 1];
const UNITS = ['d', 'h', 'm', 's', 'ms'];

/** The longest duration a policy may name: 31 days in ms. */
export const MAX_DURATION_MS = 31 * 86_400_000;

/** `60s`, `5m`, `1h30m`, `250ms` in milliseconds; undefined if it is not a duration or longer than 31 days. */
export function parseDuration(text: string): number | undefined {
  const match = text === '' ? null : PATTERN.exec(text);
  if (match === null) return undefined;
  let total = 0;
  for (let i = 0; i < UNIT_MS.length; i++) total += Number(match[i + 1] ?? 0) * UNIT_MS[i]!;
  return total <= MAX_DURATION_MS ? total : undefined;
}

/** The inverse of `parseDuration`: 5400000 → `1h30m`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  if (rest <= 0) return '0s';
  let text = '';
  for (let i = 0; i < UNIT_MS.length; i++) {
    const count = Math.floor(rest / UNIT_MS[i]!);
    rest -= count * UNIT_MS[i]!;
    if (count > 0) text += `${count}${UNITS[i]}`;
  }
  return text;
}
