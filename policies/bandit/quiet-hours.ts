/** Minutes of the local day in which nothing is tried out; `from` later than `to` goes past midnight. */
export interface QuietHours {
  /** 0–1439 */
  readonly from: number;
  /** 0–1439, not part of it any more */
  readonly to: number;
}

export function isQuiet(hours: readonly QuietHours[], minuteOfDay: number): boolean {
  return hours.some(({ from, to }) =>
    from <= to ? minuteOfDay >= from && minuteOfDay < to : minuteOfDay >= from || minuteOfDay < to,
  );
}
