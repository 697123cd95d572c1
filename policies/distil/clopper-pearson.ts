/**
 * One-sided bounds of a share from the exact binomial distribution: Clopper and Pearson, "The use of confidence or
 * fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934.
 */

/** The true share is below it with probability at most `error`. 0 where nothing succeeded. */
export function lowerBound(successes: number, trials: number, error: number): number {
  if (successes <= 0) return 0;
  return betaQuantile(error, successes, trials - successes + 1);
}

/** Probability of at most `k` events in `n` trials of chance `p`. */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return 1 - incompleteBeta(p, k + 1, n - k);
}

/** The share below which a Beta(a, b) variable lies with probability `q`, by bisection: exact to the last bits. */
function betaQuantile(q: number, a: number, b: number): number {
  if (b <= 0) return 1;
  let low = 0;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, a, b) < q) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction with Lentz's method.
 * Source: NIST Digital Library of Mathematical Functions, 8.17.22 and 3.10(iii).
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const TINY = 1e-300;
  let c = 1;
  let d = 1 - ((a + b) * x) / (a + 1);
  d = 1 / (Math.abs(d) < TINY ? TINY : d);
  let fraction = d;
  for (let m = 1; m <= 2000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    c = 1 + even / c;
    d = 1 / (Math.abs(d) < TINY ? TINY : d);
    c = Math.abs(c) < TINY ? TINY : c;
    fraction *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    c = 1 + odd / c;
    d = 1 / (Math.abs(d) < TINY ? TINY : d);
    c = Math.abs(c) < TINY ? TINY : c;
    const step = c * d;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-14) break;
  }
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return (front * fraction) / a;
}

/** ln Γ(x) for x > 0: upwards by the recurrence, then Stirling's series (NIST DLMF 5.11.1). */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 12; z++) shift += Math.log(z);
  const inverse = 1 / (z * z);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / z;
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift;
}
