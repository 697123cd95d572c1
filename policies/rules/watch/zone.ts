const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const DAY = 86_400_000;

/** A time zone's offset, local minus UTC in ms, at a wall time. */
export type OffsetAt = (wall: number) => number;

/** The local calendar day of a wall time, as days since 1970-01-01. */
export function localDay(wall: number, offsetAt: OffsetAt): number {
  return Math.floor((wall + offsetAt(wall)) / DAY);
}

/** Maps minutes of one local day to wall times. Zones change their offset at whole quarters of an hour. */
export class LocalDay {
  readonly #midnight: number;
  readonly #before: number;
  readonly #after: number;
  readonly #transition: number;

  constructor(day: number, offsetAt: OffsetAt) {
    this.#midnight = day * DAY;
    // Wide enough for any offset on either side.
    const from = this.#midnight - DAY;
    const to = this.#midnight + 2 * DAY;
    this.#before = offsetAt(from);
    this.#after = offsetAt(to);
    this.#transition = this.#before === this.#after ? Infinity : findTransition(from, to, offsetAt);
  }

  /** Every wall time at which the local clock shows the minute: none where it is skipped, two where it comes twice. */
  all(minute: number): number[] {
    const local = this.#midnight + minute * MINUTE;
    if (this.#transition === Infinity) return [local - this.#before];
    const walls = [local - this.#before].filter((wall) => wall < this.#transition);
    const late = local - this.#after;
    return late >= this.#transition ? [...walls, late] : walls;
  }

  /** The first such time; where the clock skips the minute, the moment it skips it. */
  first(minute: number): number {
    return this.all(minute)[0] ?? this.#transition;
  }
}

function findTransition(from: number, to: number, offsetAt: OffsetAt): number {
  let low = Math.floor(from / QUARTER);
  let high = Math.ceil(to / QUARTER);
  const before = offsetAt(from);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * QUARTER) === before) low = middle;
    else high = middle;
  }
  return high * QUARTER;
}
