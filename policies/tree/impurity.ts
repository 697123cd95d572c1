/**
 * Impurity of a node times its weight, from the weights of its choices: lower is purer, 0 is pure, and that of two parts
 * adds up. Source: Breiman, Friedman, Olshen, Stone, "Classification and Regression Trees", 1984, chapter 4.
 */
export type Impurity = (counts: Float64Array) => number;

/** W · (1 − Σ p²) */
function gini(counts: Float64Array): number {
  let weight = 0;
  let squares = 0;
  for (let c = 0; c < counts.length; c++) {
    const count = counts[c]!;
    weight += count;
    squares += count * count;
  }
  return weight > 0 ? weight - squares / weight : 0;
}

/** −W · Σ p ln p, in nats */
function entropy(counts: Float64Array): number {
  let weight = 0;
  let sum = 0;
  for (let c = 0; c < counts.length; c++) {
    const count = counts[c]!;
    weight += count;
    if (count > 0) sum += count * Math.log(count);
  }
  return weight > 0 ? weight * Math.log(weight) - sum : 0;
}

export const IMPURITY: Readonly<Record<'gini' | 'entropy', Impurity>> = { gini, entropy };
