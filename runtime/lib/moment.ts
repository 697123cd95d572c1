import { parseDuration } from './units.ts';

/**
 * A moment as people and programs write it: ISO 8601 (a date alone is UTC), milliseconds since 1970,
 * a span back from now (`-1h`, `-1h30m`), or `now`. Milliseconds since 1970; undefined if it is none of these.
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (/^-\d.*[a-z]$/.test(text)) {
    const span = parseDuration(text.slice(1));
    return span === undefined || !Number.isFinite(span) ? undefined : nowMs - span;
  }
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text))
    return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
