import type { Sampling, TokenId } from '../../tokens/token-model.ts';

/** Shares of the allowed tokens among themselves. (allowed) Undefined where the scores are not finite. */
export function sharesOf(logits: Float32Array, allowed: readonly TokenId[]): Float64Array | undefined {
  let largest = Number.NEGATIVE_INFINITY;
  for (const token of allowed) largest = Math.max(largest, logits[token]!);
  if (!Number.isFinite(largest)) return undefined;
  const shares = Float64Array.from(allowed, (token) => Math.exp(logits[token]! - largest));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return Number.isFinite(total) ? shares.map((share) => share / total) : undefined;
}

/**
 * Draws a token: of the likeliest ones that together reach `topP`, by their probabilities at this temperature. The same
 * seed and position draw the same. Undefined where the scores are not finite.
 */
export function drawToken(
  logits: Float32Array,
  { temperature, topP, seed }: Sampling,
  position: number,
): TokenId | undefined {
  let best = 0;
  for (let token = 1; token < logits.length; token++) if (logits[token]! > logits[best]!) best = token;
  const largest = logits[best]!;
  if (!Number.isFinite(largest)) return undefined;
  if (temperature <= 0) return best;

  const weights = new Float64Array(logits.length);
  let total = 0;
  for (let token = 0; token < weights.length; token++) {
    const weight = Math.exp((logits[token]! - largest) / temperature);
    weights[token] = weight;
    total += weight;
  }
  if (!Number.isFinite(total)) return undefined;
  const candidates = topP < 1 ? nucleus(weights, total, topP) : [...weights.keys()];
  const mass = candidates.reduce((sum, token) => sum + weights[token]!, 0);
  let left = uniform(seed, position) * mass;
  for (const token of candidates) {
    left -= weights[token]!;
    if (left < 0) return token;
  }
  return best;
}

/** The likeliest tokens that together reach `topP` of the total; at least one. */
function nucleus(weights: Float64Array, total: number, topP: number): TokenId[] {
  // A token below this share cannot be among them: all such together are less than what is left out. Sorting the few others
  // is what makes it fast. Source: sample_topp of llama2.c.
  const least = ((1 - topP) / weights.length) * total;
  const likely: TokenId[] = [];
  for (let token = 0; token < weights.length; token++) if (weights[token]! >= least) likely.push(token);
  likely.sort((a, b) => weights[b]! - weights[a]! || a - b);
  let sum = 0;
  const count = likely.findIndex((token) => {
    sum += weights[token]!;
    return sum >= topP * total;
  });
  return count === -1 ? likely : likely.slice(0, count + 1);
}

/** A number from 0 up to 1 that looks random and depends on nothing else. Source: murmur3's finalizer. */
function uniform(seed: number, position: number): number {
  let x = (Math.floor(seed) ^ Math.imul(position + 1, 0x9e37_79b1)) >>> 0;
  for (let round = 0; round < 2; round++) {
    x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
    x = (x ^ (x >>> 16)) >>> 0;
  }
  return x / 4_294_967_296;
}
