export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before attempt `attempt` (0, 1, 2, …): doubling from `minMs` to `maxMs`, of which a random half is
 * taken off, so that a hundred clients of a broker that comes back do not all knock at once.
 * @param random uniform in [0, 1)
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const full = Math.min(options.maxMs, options.minMs * 2 ** Math.min(attempt, 30));
  return full * (1 - random() / 2);
}
