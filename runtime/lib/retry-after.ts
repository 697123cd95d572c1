/**
 * How long a server wants to be left alone: seconds or a date (RFC 9110, 10.2.3). Milliseconds; undefined where it says
 * nothing readable.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
