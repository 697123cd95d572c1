/** Rows longer than this are not classes. */
const MAX_CLASSES = 10_000;

/**
 * One row of a classifier's scores as probabilities. What already is a distribution stays as it is; anything else is taken
 * for logits and goes through softmax. A single score is that of the second of two classes.
 * Undefined if there is none, or one that is not finite.
 */
export function toProbabilities(scores: ArrayLike<number>): number[] | undefined {
  const row = Array.from(scores);
  if (row.length === 0 || row.length > MAX_CLASSES || !row.every((score) => Number.isFinite(score)))
    return undefined;
  if (row.length === 1) {
    const score = row[0]!;
    const p = score >= 0 && score <= 1 ? score : 1 / (1 + Math.exp(-score));
    return [1 - p, p];
  }
  const sum = row.reduce((total, score) => total + score, 0);
  if (row.every((score) => score >= 0 && score <= 1) && Math.abs(sum - 1) < 1e-3)
    return row.map((score) => score / sum);
  const largest = row.reduce((most, score) => Math.max(most, score));
  const powers = row.map((score) => Math.exp(score - largest));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / total);
}
