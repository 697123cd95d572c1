import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Reading, Value } from '../../runtime/contract/reading.ts';
import type { Clock, WallMs } from '../../runtime/contract/time.ts';

/** A reading as a source would make it now. `ageMs`: how long before now its source says it was measured. */
export function readingNow(
  clock: Clock,
  key: PropertyKey,
  value: Value,
  more: { ageMs?: number; retained?: boolean; unit?: string } = {},
): Reading {
  return {
    key,
    value,
    ...(more.unit === undefined ? {} : { unit: more.unit }),
    at: (clock.wall() - (more.ageMs ?? 0)) as WallMs,
    received: clock.mono(),
    retained: more.retained ?? false,
  };
}
