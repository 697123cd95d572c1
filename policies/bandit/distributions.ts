/** A number from 0 up to 1. */
export type Random = () => number;

/** A standard normal number. Source: Box and Muller, "A note on the generation of random normal deviates", 1958. */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}
