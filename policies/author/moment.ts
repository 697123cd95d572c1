import type { WallMs } from '../../runtime/contract/time.ts';
import type { Expr } from '../rules/expression.ts';
import type { LocalTime } from '../rules/local-time.ts';
import { nextCron } from '../rules/watch/cron.ts';
import { type Site, sunEvent, sunPosition } from '../rules/watch/sun.ts';
import { isTime } from './situation.ts';

/** What a moment is judged by. */
export interface Sky {
  readonly time: LocalTime;
  /** Without it nothing is known of the sun. */
  readonly site: Site | undefined;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Whether the parts of a condition that are about the time allow it to be true; the others count as true. */
export function allows(expr: Expr, wall: number, sky: Sky): boolean {
  switch (expr.op) {
    case 'and':
      return allows(expr.left, wall, sky) && allows(expr.right, wall, sky);
    case 'or':
      return allows(expr.left, wall, sky) || allows(expr.right, wall, sky);
    case 'not':
      return !mentionsTime(expr.of) || !allows(expr.of, wall, sky);
    case 'compare': {
      if (!isTime(expr.left) || expr.right.op !== 'literal') return true;
      const seen = timeValue(expr.left, wall, sky);
      const limit = expr.right.value;
      if (seen === undefined || typeof seen !== typeof limit) return false;
      if (expr.by === '==') return seen === limit;
      if (expr.by === '!=') return seen !== limit;
      const [low, high] = expr.by.startsWith('<') ? [seen, limit] : [limit, seen];
      return expr.by.endsWith('=') ? low <= high : low < high;
    }
    case 'in': {
      if (!isTime(expr.of)) return true;
      const seen = timeValue(expr.of, wall, sky);
      return expr.list.some((one) => one.op === 'literal' && one.value === seen);
    }
    case 'literal':
    case 'property':
    case 'now':
    case 'negate':
    case 'arithmetic':
    case 'choose':
    case 'call':
    case 'watch':
      return true;
  }
}

export function mentionsTime(expr: Expr): boolean {
  switch (expr.op) {
    case 'and':
    case 'or':
      return mentionsTime(expr.left) || mentionsTime(expr.right);
    case 'not':
      return mentionsTime(expr.of);
    case 'compare':
      return isTime(expr.left);
    case 'in':
      return isTime(expr.of);
    case 'literal':
    case 'property':
    case 'now':
    case 'negate':
    case 'arithmetic':
    case 'choose':
    case 'call':
    case 'watch':
      return false;
  }
}

function timeValue(expr: Expr, wall: number, { time, site }: Sky): string | number | undefined {
  if (expr.op === 'now') {
    time.set(wall as WallMs);
    return time[expr.field];
  }
  if (expr.op !== 'watch' || site === undefined) return undefined;
  const { elevation, azimuth } = sunPosition(wall, site);
  return expr.watch.kind === 'elevation' ? elevation : azimuth;
}

/** Every so often within a fortnight. */
const STEP = 10 * MINUTE;
const HORIZON = 14 * DAY;

/** The first moment from `from` on that suits; undefined within a fortnight if there is none. */
export function momentWhere(from: number, suits: (wall: number) => boolean): number | undefined {
  for (let wall = from; wall < from + HORIZON; wall += STEP) if (suits(wall)) return wall;
  return undefined;
}

/** The moments at which a schedule comes in the fortnight from `from` on. */
export function momentsOf(expr: Expr, from: number, { time, site }: Sky): number[] {
  if (expr.op !== 'watch') return [];
  const { watch } = expr;
  const found: number[] = [];
  if (watch.kind === 'cron') {
    for (let at = from; found.length < 32;) {
      const next = nextCron(watch.times, at, time.offsetAt);
      if (!(next > at) || next > from + HORIZON) break;
      found.push(next);
      at = next;
    }
  } else if ((watch.kind === 'sunset' || watch.kind === 'sunrise') && site !== undefined) {
    const day = Math.floor(from / DAY);
    for (let i = 0; i <= HORIZON / DAY; i++) {
      const at = Math.ceil(sunEvent(day + i, watch.kind === 'sunrise', site) / 1000) * 1000 + watch.offsetMs;
      if (at > from) found.push(at);
    }
  }
  return found;
}
