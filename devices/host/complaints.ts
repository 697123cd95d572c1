import { formatBytes } from '../../runtime/lib/units.ts';
import type { Vitals } from './vitals.ts';

/** Something about the board that speaks for less work. */
export interface Complaint {
  readonly level: 'careful' | 'minimal';
  /** `the board is throttling (82 °C)`. */
  readonly text: string;
}

/** Where the board does not say itself where it begins to slow down: the Raspberry Pi's soft limit, and most others'. */
const DEFAULT_LIMIT_CELSIUS = 80;
const MIB = 1024 * 1024;

/** From where on something is the matter; `falling` values are those it has to come back over to be well again. */
const THRESHOLDS = {
  rising: {
    /** Degrees below the limit. */
    hot: 2,
    /** Degrees above it. */
    tooHot: 3,
    // The smaller of both: a tenth of a large machine is plenty.
    memoryShort: { share: 0.1, bytes: 400 * MIB },
    memoryOut: { share: 0.04, bytes: 150 * MIB },
    /** Percent of the last 10 s in which somebody, or everybody, waited for memory. */
    waiting: 10,
    stalled: 10,
  },
  falling: {
    hot: 8,
    tooHot: -2,
    memoryShort: { share: 0.14, bytes: 560 * MIB },
    memoryOut: { share: 0.06, bytes: 220 * MIB },
    waiting: 3,
    stalled: 3,
  },
} as const;

/** @param edge which thresholds: `rising` to find out that something is the matter, `falling` whether it still is */
export function complaintsOf(vitals: Vitals, edge: 'rising' | 'falling'): Complaint[] {
  return [...heat(vitals, edge), ...shortage(vitals, edge)];
}

function heat({ thermal }: Vitals, edge: 'rising' | 'falling'): Complaint[] {
  const { hot, tooHot } = THRESHOLDS[edge];
  const { celsius, throttled } = thermal;
  const limit = thermal.limitCelsius ?? DEFAULT_LIMIT_CELSIUS;
  const degrees = celsius === undefined ? '' : ` (${Math.round(celsius)} °C)`;
  // Over the lower threshold and under the higher one, it is not hot any more and not cool yet.
  const still = edge === 'falling' ? 'still ' : '';
  const found: Complaint[] = [];
  if (throttled.includes('under-voltage'))
    found.push({ level: 'careful', text: 'the power supply is too weak, so the board slows itself down' });
  const slowed = throttled.some((why) => why !== 'under-voltage');
  const veryHot = celsius !== undefined && celsius >= limit + tooHot;
  if (veryHot) found.push({ level: 'minimal', text: `the board is ${still}too hot${degrees}` });
  else if (slowed) found.push({ level: 'careful', text: `the board is throttling${degrees}` });
  else if (celsius !== undefined && celsius >= limit - hot)
    found.push({ level: 'careful', text: `the board is ${still}hot${degrees}` });
  return found;
}

function shortage({ memory, pressure }: Vitals, edge: 'rising' | 'falling'): Complaint[] {
  const { memoryShort, memoryOut, waiting, stalled } = THRESHOLDS[edge];
  const { availableBytes, usableBytes } = memory;
  const found: Complaint[] = [];
  const below = ({ share, bytes }: { readonly share: number; readonly bytes: number }): boolean =>
    usableBytes > 0 && availableBytes < Math.min(usableBytes * share, bytes);
  const left = `memory runs short (${formatBytes(availableBytes)} of ${formatBytes(usableBytes)} left)`;
  if (below(memoryOut)) found.push({ level: 'minimal', text: left });
  else if (below(memoryShort)) found.push({ level: 'careful', text: left });
  if (pressure === undefined) return found;
  const percent = (value: number): string => `${Math.round(value)} % of the time`;
  if (pressure.fullPercent >= stalled)
    found.push({ level: 'minimal', text: `everything waits for memory ${percent(pressure.fullPercent)}` });
  else if (pressure.somePercent >= waiting)
    found.push({ level: 'careful', text: `programs wait for memory ${percent(pressure.somePercent)}` });
  return found;
}
