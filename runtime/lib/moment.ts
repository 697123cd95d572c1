const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `90s`, `15m`, `1h`, `1.5d`, `2w` in milliseconds; undefined if it is none. */
export function parseSpan(text: string): number | undefined {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(s|m|h|d|w)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MS[match[2]!]!;
}

/**
 * A moment as people and programs write it: ISO 8601 (a date alone is UTC), milliseconds since 1970,
 * a span back from now (`-1h`), or `now`. Milliseconds since 1970; undefined if it is none of these.
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (text.startsWith('-')) {
    const span = parseSpan(text.slice(1));
    return span === undefined ? undefined : nowMs - span;
  }
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text))
    return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
