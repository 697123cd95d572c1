import type { NumberRange } from '../../contract/answer.ts';

/** A range may name this many values. */
export const MAX_NUMBERS = 2000;

/** How many values a range has; 0 if it is none that can be written. */
export function numberCount(range: NumberRange): number {
  const count = Math.floor((range.max - range.min) / range.step + 1e-9) + 1;
  return Number.isFinite(count) && range.step > 0 ? Math.max(0, count) : 0;
}

/** The values as they are written, smallest first: `-0.5`, `0.0`, `0.5`. Only for ranges that `rangeProblem` accepts. */
export function numberTexts(range: NumberRange): string[] {
  const scale = 10 ** range.decimals;
  // Counted in whole units of the last decimal place, so that no sum of steps drifts.
  const first = Math.round(range.min * scale);
  const step = Math.round(range.step * scale);
  return Array.from({ length: numberCount(range) }, (_, index) => {
    const units = first + index * step;
    return (units === 0 ? 0 : units / scale).toFixed(range.decimals);
  });
}

/** What is wrong with a range, in words that follow "received"; undefined: nothing. */
export function rangeProblem(range: NumberRange): string | undefined {
  const { min, max, step, decimals } = range;
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 3) {
    return `${decimals} decimal places`;
  }
  if (![min, max, step].every((value) => Number.isFinite(value) && Math.abs(value) < 1e12)) {
    return `numbers from ${min} to ${max} by ${step}`;
  }
  if (step <= 0 || max < min) {
    return `numbers from ${min} to ${max} by ${step}, which are none`;
  }
  const scale = 10 ** decimals;
  if (!isWhole(min * scale) || !isWhole(step * scale)) {
    return `numbers from ${min} by ${step}, which ${decimals} decimal places cannot write`;
  }
  const count = numberCount(range);
  return count > MAX_NUMBERS ? `${count} numbers` : undefined;
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 1e-6;
}
