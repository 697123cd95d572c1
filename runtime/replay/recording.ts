import type { Call } from '../contract/action.ts';
import type { PropertyKey } from '../contract/ids.ts';
import type { Reading } from '../contract/reading.ts';
import type { WallMs } from '../contract/time.ts';

/** A reading as it was kept: what was known of it besides is gone. */
export type KeptReading = Pick<Reading, 'key' | 'value' | 'at'>;

/** A decision that was really made. */
export interface KeptDecision {
  readonly id: string;
  readonly policy: string;
  readonly at: WallMs;
  readonly calls: readonly Call[];
}

/** Readings of the past, wherever they are kept. All times are wall clock, ms. */
export interface Recording {
  /** The latest reading of every property at or before a moment. */
  baseline(atMs: number, wanted: Wanted): Promise<Iterable<KeptReading>>;
  /** Readings after `fromMs` and up to `toMs` in order of time, so many at once as is convenient. */
  chunks(fromMs: number, toMs: number, wanted: Wanted): AsyncIterable<readonly KeptReading[]>;
  /** When the first reading was made; undefined where there is none. Nothing is replayed before it. */
  oldestMs?(): number | undefined;
  /** What was really decided in that time, oldest first; undefined where nobody kept it. */
  decisions?(fromMs: number, toMs: number): Iterable<KeptDecision>;
}

/** Which properties are asked for. */
export type Wanted = (key: PropertyKey) => boolean;
