/** CLOCK_MONOTONIC in ms: unlike `performance.now()`, the same in every process of a machine (Linux). */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
