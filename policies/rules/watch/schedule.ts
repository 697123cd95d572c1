import type { Now } from '../firing.ts';
import { PLAUSIBLE_FROM_MS } from '../local-time.ts';
import { nextCron, type CronTimes } from './cron.ts';
import { type Site, sunEvent, sunPosition } from './sun.ts';
import type { Watch } from './watch.ts';
import { localDay, type OffsetAt } from './zone.ts';

/** A clock that moves by more was wrong before; one that moves by less counts as summer time does, see cron(8). */
const CORRECTION_MS = 3 * 3_600_000;
const MINUTE = 60_000;
/** While the clock is not set: looked at again so often. */
const WAIT_MS = 60_000;
/** So many missed moments are remembered. */
const MISSED = 8;

/** The next due moment after a wall time; Infinity if there is none. */
export type NextMoment = (wall: number) => number;

export function cronMoments(times: CronTimes, offsetAt: OffsetAt): NextMoment {
  return (wall) => nextCron(times, wall, offsetAt);
}

/** Sunrise or sunset, so many ms later. Where the sun does not rise for months, the next time it does. */
export function sunMoments(rising: boolean, offsetMs: number, site: Site, offsetAt: OffsetAt): NextMoment {
  return (wall) => {
    const from = localDay(wall - offsetMs, offsetAt) - 1;
    for (let day = from; day < from + 370; day++) {
      const moment = Math.round((sunEvent(day, rising, site) + offsetMs) / 1000) * 1000;
      if (moment > wall) return moment;
    }
    return Infinity;
  };
}

/**
 * True for one moment when a scheduled time comes. While the clock is not set it is unknown and waits. A clock put
 * forward by up to three hours: what was skipped is due at once, one time. Put back by up to three hours: nothing is
 * due twice. Set by more: the new time counts, and what was skipped is told as missed.
 */
export class ScheduleWatch implements Watch {
  readonly slots: readonly number[] = [];
  readonly inner: readonly number[] = [];
  readonly bytes = 160;
  readonly missed: number[] = [];
  value: boolean | undefined;
  due = Infinity;
  readonly #next: NextMoment;
  /** Follows real time whatever the clock does. */
  readonly #often: boolean;
  #moment = Infinity;
  #gap = Number.NaN;

  constructor(next: NextMoment, often: boolean) {
    this.#next = next;
    this.#often = often;
  }

  begin(now: Now): void {
    this.#gap = Number.NaN;
    this.clockSet(now);
  }

  look(): void {}

  clockSet(now: Now): void {
    const { wall, mono } = now;
    if (wall < PLAUSIBLE_FROM_MS) {
      this.value = undefined;
      this.#gap = Number.NaN;
      this.due = mono + WAIT_MS;
      return;
    }
    const jump = wall - mono - this.#gap;
    this.#gap = wall - mono;
    this.value = false;
    if (!(Math.abs(jump) <= CORRECTION_MS)) {
      if (this.#moment <= wall && jump > 0) this.#miss(this.#moment);
      this.#moment = this.#next(wall);
    } else if (this.#often) this.#moment = this.#next(wall - 1);
    this.#wait(now);
  }

  elapse(now: Now): void {
    if (now.wall < PLAUSIBLE_FROM_MS || Number.isNaN(this.#gap)) return this.clockSet(now);
    if (now.wall >= this.#moment) {
      this.value = true;
      this.#moment = this.#next(now.wall);
    }
    this.#wait(now);
  }

  rest(): void {
    if (this.value === true) this.value = false;
  }

  #wait({ wall, mono }: Now): void {
    this.due = this.#moment === Infinity ? Infinity : mono + Math.max(0, this.#moment - wall);
  }

  #miss(moment: number): void {
    this.missed.push(moment);
    if (this.missed.length > MISSED) this.missed.shift();
  }
}

/** The sun's elevation or azimuth in degrees, every full minute; unknown while the clock is not set. */
export class SunWatch implements Watch {
  readonly slots: readonly number[] = [];
  readonly inner: readonly number[] = [];
  readonly bytes = 120;
  value: number | undefined;
  due = Infinity;
  readonly #angle: 'elevation' | 'azimuth';
  readonly #site: Site;

  constructor(angle: 'elevation' | 'azimuth', site: Site) {
    this.#angle = angle;
    this.#site = site;
  }

  begin(now: Now): void {
    this.elapse(now);
  }

  look(): void {}

  clockSet(now: Now): void {
    this.elapse(now);
  }

  elapse({ wall, mono }: Now): void {
    const minute = Math.floor(wall / MINUTE) * MINUTE;
    this.value = wall < PLAUSIBLE_FROM_MS ? undefined : sunPosition(minute, this.#site)[this.#angle];
    this.due = mono + minute + MINUTE - wall;
  }
}

/** Without the site's place nothing about the sun is known. */
export const nowhere: Watch = {
  slots: [],
  inner: [],
  value: undefined,
  due: Infinity,
  bytes: 0,
  begin: () => {},
  look: () => {},
  elapse: () => {},
};
